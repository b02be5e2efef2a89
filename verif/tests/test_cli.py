"""The command as a user meets it: results, JSON, and one line with exit code 2 for whatever is wrong."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from nmpu_flow.tools import versions


def nmpu(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "nmpu_cli.main", *words]
    return subprocess.run(command, capture_output=True, text=True, env={**os.environ, **environment}, check=False)


def test_help_names_every_verb() -> None:
    said = nmpu("--help")
    assert said.returncode == 0
    for verb in ("sim", "verilog", "vectors", "check", "calibrate", "bench", "tapeout-check", "layout", "soc", "sweep"):
        assert verb in said.stdout
        assert nmpu(verb, "--help").returncode == 0


def test_sim_reports() -> None:
    said = nmpu("sim", "--images", "3", "--json")
    assert said.returncode == 0, said.stderr
    report = json.loads(said.stdout)
    assert report == json.loads(Path("build/sim/report.json").read_text("utf-8"))
    assert report["preset"] == "hermes256"
    assert report["mismatches"] == 0
    assert report["samples"] == report["vectors"] * 256 == 3 * 101 * 256
    assert report["cycles_per_vector"] == 4.0
    assert report["latency_cycles"] == 5
    assert set(report["accuracy"]) == {"float", "fp16", "nmpu"}


def test_verilog_is_written_whole_and_twice_the_same(tmp_path: Path) -> None:
    for name in ("one", "two"):
        assert (
            nmpu(
                "verilog", "-c", "tiny", "-o", str(tmp_path / name), PYTHONHASHSEED=str(len(name) + ord(name[0]))
            ).returncode
            == 0
        )
    one = tmp_path / "one"
    files = sorted(path.relative_to(one) for path in one.rglob("*") if path.is_file())
    assert {"nmpu.v", "nmpu.f", "nmpu.json", "nmpu_registers.h", "nmpu_registers.md"} <= {str(name) for name in files}
    for name in files:
        assert (one / name).read_bytes() == (tmp_path / "two" / name).read_bytes(), name
    text = (one / "nmpu.v").read_text("utf-8")
    description = json.loads((one / "nmpu.json").read_text("utf-8"))
    assert description["config_hash"][:16] in text
    assert versions()["amaranth"] in text.split("module", 1)[0]
    assert str(tmp_path) not in text


def test_vectors_without_the_workload_where_it_does_not_fit(tmp_path: Path) -> None:
    said = nmpu("vectors", "-c", "tiny", "-o", str(tmp_path / "v"), "--json")
    assert said.returncode == 0, said.stderr
    assert {case["suite"] for case in json.loads(said.stdout)["cases"]} == {"corners", "ties", "saturation"}


@pytest.mark.parametrize(
    ("words", "mentions"),
    [
        (("sim", "-c", "hermes"), "'hermes'"),
        (("sim", "-c", "tiny"), "columns = 6"),
        (("sim", "--images", "0"), "images = 0"),
        (("verilog", "-c", "missing.toml"), "missing.toml"),
        (("verilog", "-c", "tiny", "-o", "/proc/nmpu"), "/proc/nmpu"),
        (("vectors", "-c", "tiny", "-o", "/proc/nmpu"), "/proc/nmpu"),
        (("vectors", "--suite", "nonsense"), "'nonsense'"),
        (("vectors", "-c", "tiny", "--suite", "workload"), "columns = 6"),
        (("vectors", "-c", "tiny", "-o", "verif"), "verif"),
        (("bench", "-c", "tiny"), "columns = 6"),
    ],
)
def test_wrong_input_is_one_line_and_exit_2(words: tuple[str, ...], mentions: str) -> None:
    said = nmpu(*words)
    assert said.returncode == 2, said.stdout + said.stderr
    lines = [line for line in said.stderr.splitlines() if line.strip()]
    assert len(lines) == 1, said.stderr
    assert lines[0].startswith("nmpu: ")
    assert mentions in lines[0]


def test_unknown_option_is_exit_2() -> None:
    assert nmpu("sim", "--nonsense").returncode == 2


def test_missing_compiler_is_one_line(tmp_path: Path) -> None:
    """A path without any tool, and no cached simulator to fall back on."""
    said = subprocess.run(
        [sys.executable, "-m", "nmpu_cli.main", "sim", "--images", "1"],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={**os.environ, "PATH": str(tmp_path)},
        check=False,
    )
    assert said.returncode == 2, said.stderr
    assert "C++17" in said.stderr
    assert len([line for line in said.stderr.splitlines() if line.strip()]) == 1
