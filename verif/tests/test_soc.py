"""The SoC example: it lints, it runs, and it says what is wrong where something is."""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from nmpu_flow.tools import icarus, verilator
from nmpu_flow.verilog_header import VERILOG_HEADER, verilog_header
from nmpu_hw.nmpu import Nmpu
from nmpu_soc import VERILOG
from nmpu_spec.config import Config
from nmpu_spec.implementation import Implementation, Reset
from nmpu_spec.load import load
from nmpu_verif.builds import verilog_of
from nmpu_verif.simulate import BenchError
from nmpu_verif.soc import SocReport, build_host, judge, model, run_host, run_soc
from nmpu_verif.soc_cycles import soc_timing
from nmpu_verif.soc_data import VECTORS, SocData, SocRun, adc_hex, host_source, soc_data

TINY = load("tiny")
IMPLEMENTATIONS = {
    "plain": Implementation(),
    "async_gated": Implementation(reset=Reset.ASYNC, clock_gates=2),
}


def prepare(config: Config, folder: Path, modules: list[Path] | None = None) -> tuple[SocData, Path]:
    """The stimulus in `folder`, and the host program beside a SoC whose own Verilog may be another."""
    data = soc_data(config, seed=1, mvm_clocks=20, pause=3)
    (folder / "adc.hex").write_text(adc_hex(data), "utf-8")
    (folder / "host_data.c").write_text(host_source(data), "utf-8")
    return data, build_host(config, folder, model(config, modules or VERILOG))


def lint_folder(config: Config, folder: Path) -> list[str]:
    """The unit and its header in `folder`; returns all Verilog, the unit first."""
    shutil.copy(verilog_of(config, "nmpu", lambda: Nmpu(config)), folder / "nmpu.v")
    (folder / VERILOG_HEADER).write_text(verilog_header(config), "utf-8")
    return ["nmpu.v", *map(str, VERILOG)]


@pytest.fixture
def configuration(configurations: dict[str, str]) -> Callable[[str, str], Config]:
    return lambda name, kind: replace(load(configurations[name]), implementation=IMPLEMENTATIONS[kind])


@pytest.mark.parametrize(
    ("name", "kind"), [("tiny", "plain"), ("tiny", "async_gated"), ("single12", "plain"), ("user96", "plain")]
)
def test_hand_written_verilog_needs_no_waiver(
    name: str, kind: str, tmp_path: Path, configuration: Callable[[str, str], Config]
) -> None:
    """Verilator -Wall, with nothing waived but the unit's own file; single12 has one group of 12 lanes."""
    sources = lint_folder(configuration(name, kind), tmp_path)
    (tmp_path / "unit.vlt").write_text('`verilator_config\nlint_off -file "nmpu.v"\n', "utf-8")
    program, environment = verilator()
    command = [str(program), "--lint-only", "-Wall", "--top-module", "soc", "-I.", "unit.vlt", *sources]
    done = subprocess.run(command, cwd=tmp_path, env=environment, check=False, capture_output=True, text=True)
    assert not [line for line in done.stderr.splitlines() if line.startswith("%")]
    assert done.returncode == 0


@pytest.mark.skipif(icarus() is None, reason="Icarus is not installed (Debian: apt install iverilog)")
@pytest.mark.parametrize("name", ["tiny", "single12", "user96"])
def test_icarus_takes_it_as_verilog_2005(
    name: str, tmp_path: Path, configuration: Callable[[str, str], Config]
) -> None:
    sources = lint_folder(configuration(name, "plain"), tmp_path)
    command = ["iverilog", "-g2005", "-Wall", "-Wno-timescale", "-I.", "-s", "soc", "-o", "soc.vvp", *sources]
    done = subprocess.run(command, cwd=tmp_path, check=False, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


def test_slang_takes_it(tmp_path: Path) -> None:
    pyslang = pytest.importorskip("pyslang", reason="pyslang is not installed")
    driver = pyslang.driver.Driver()
    driver.addStandardArgs()
    sources = [str(tmp_path / name) if name == "nmpu.v" else name for name in lint_folder(TINY, tmp_path)]
    assert driver.parseCommandLine(" ".join(["slang", "--top", "soc", f"-I{tmp_path}", "-Wextra", *sources]))
    assert driver.processOptions()
    assert driver.parseAllSources()
    assert driver.runFullCompilation()


def check_report(report: SocReport, config: Config) -> None:
    unit, adc, sink, swap = report.runs
    assert report.codes_compared == 4 * VECTORS * config.columns
    assert unit.clocks_per_vector == config.groups
    assert adc.clocks_per_vector == max(130, config.groups)
    assert unit.counters["stall_out"] == adc.counters["stall_out"] == 0
    assert sink.counters["stall_out"] > 0
    assert sink.clocks_per_vector > 2 * config.groups
    assert 0 < swap.of_layer_0 < VECTORS


@pytest.mark.parametrize(
    ("name", "kind"),
    [("tiny", "plain"), ("tiny", "async_gated"), ("single12", "async_gated"), ("user96", "plain"), ("half12", "plain")],
)
def test_runs(name: str, kind: str, configuration: Callable[[str, str], Config]) -> None:
    config = configuration(name, kind)
    check_report(run_soc(config), config)


@pytest.mark.slow
def test_hermes256_as_a_user_runs_it() -> None:
    command = [sys.executable, "-m", "nmpu_cli.main", "soc", "--json"]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert report == json.loads(Path("build/soc.json").read_text("utf-8"))
    assert [run["clocks_per_vector"] for run in report["runs"][:2]] == [4.0, 130.0]
    assert report["load_writes"] == 522


def test_a_wrong_expected_code_is_found_at_its_place(tmp_path: Path) -> None:
    data, _ = prepare(TINY, tmp_path)
    vector, column = 37, 4
    right = int(data.result(0, slice(None)).out[vector, column]) & 0xFF
    source = (tmp_path / "host_data.c").read_text("utf-8")
    head, codes, tail = re.split(r"(expected_0\[\] = \{[^}]*\})", source)
    numbers = list(re.finditer(r"\d+(?=,)", codes))
    at = numbers[vector * TINY.columns + column]
    assert int(at[0]) == right
    (tmp_path / "host_data.c").write_text(f"{head}{codes[: at.start()]}{right ^ 1}{codes[at.end() :]}{tail}", "utf-8")
    program = build_host(TINY, tmp_path, model(TINY, VERILOG))
    place = f"run unit, vector {vector}, column {column}: expected {right ^ 1:02x}, got {right:02x}"
    with pytest.raises(BenchError, match=f"^tiny: {place}$"):
        run_host(TINY, program)


FAULTS = {
    "no decode error": (
        "apb_interconnect.v",
        "pslverr = psel & penable;",
        "pslverr = 1'b0;",
        r"an access to 00fffffc is not refused",
    ),
    "a completer answers beyond its window": (
        "soc.v",
        "32'd24, 32'd4, 32'd`NMPU_ADDRESS_BITS",
        "32'd24, 32'd6, 32'd`NMPU_ADDRESS_BITS",
        r"an access to 01000014 is not refused",
    ),
    "a refusal gets lost": (
        "apb_interconnect.v",
        "pslverr = completer_pslverr[i];",
        "pslverr = 1'b0;",
        r"an access to 00000002 is not refused",
    ),
    "the ADCs offer their codes twice": (
        "adc_array.v",
        "(adc_valid & ~taken);",
        "adc_valid;",
        r"MVMs left: expected 00000000, got ffff....",
    ),
    "the buffer loses what comes while it rests": (
        "output_buffer.v",
        "wire taken = out_valid & out_ready;",
        "wire taken = out_valid & out_ready & (pause == 32'd0 || vector[0]);",
        r"the last code never comes",
    ),
    "groups are put in each other's place": (
        "output_buffer.v",
        "next_group <= group + ONE_GROUP;",
        "next_group <= group;",
        r"run unit, vector 0, column \d: expected ..?, got ..?",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_of_the_soc_is_seen(fault: str, tmp_path: Path) -> None:
    name, right, wrong, message = FAULTS[fault]
    modules = [Path(shutil.copy(path, tmp_path)) for path in VERILOG]
    source = (tmp_path / name).read_text("utf-8")
    assert source.count(right) == 1
    (tmp_path / name).write_text(source.replace(right, wrong), "utf-8")
    data, program = prepare(TINY, tmp_path, modules)
    with pytest.raises(BenchError, match=message):
        judge(TINY, data, run_host(TINY, program))


def test_a_counter_that_the_model_does_not_have(tmp_path: Path) -> None:
    data, program = prepare(TINY, tmp_path)
    output = run_host(TINY, program)
    judge(TINY, data, output)
    with pytest.raises(BenchError, match=r"^run unit: samples is 1, the model says \d+$"):
        judge(TINY, data, re.sub(r"samples=\d+", "samples=1", output))


@pytest.mark.parametrize("pause", [0, 1, 5])
@pytest.mark.parametrize("mvm_clocks", [1, 2, 3, 4, 9])
def test_the_slowest_part_sets_the_pace(mvm_clocks: int, pause: int) -> None:
    """In the long run; the beats that wait in the pipeline make up for at most a few."""
    vectors = 500
    pace = max(mvm_clocks, TINY.groups * (pause + 1))
    timing = soc_timing(TINY, vectors, mvm_clocks, pause)
    most = pace * (vectors - 1)
    assert most - pace * (TINY.pipeline.latency + 1) <= timing.elapsed <= most


def test_runs_differ_in_what_is_slowest() -> None:
    runs = soc_data(TINY, 1, 20, 3).runs
    assert [run.name for run in runs] == ["unit", "adc", "sink", "swap"]
    assert runs[1:3] == (SocRun("adc", 20), SocRun("sink", 1, pause=3))
