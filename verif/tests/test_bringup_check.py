"""`nmpu check` as a user meets it: what it prints, writes and returns, and one line for whatever cannot be compared."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from dumps import SMALL_TOML, beats_of, bundle_cases, make_bundle, right, write_csv, write_dump, write_hex
from matplotlib.image import imread

from nmpu_spec.load import parse

CONFIG = parse(SMALL_TOML, "small")
CASES = bundle_cases(CONFIG)


def nmpu_check(*words: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "nmpu_cli.main", "check", *map(str, words)]
    wide = {**os.environ, "COLUMNS": "200", "NO_COLOR": "1"}
    return subprocess.run(command, capture_output=True, text=True, env=wide, check=False)


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_bundle(CONFIG, tmp_path_factory.mktemp("check") / "bundle")


def test_an_equal_dump(bundle: Path, tmp_path: Path) -> None:
    """Exit code 0, a report, and no picture: an older one is taken away."""
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "errors.png").write_bytes(b"old")
    dump = write_dump(tmp_path / "dump", CASES, right)
    said = nmpu_check(dump, "--bundle", bundle, "--out", tmp_path / "out")
    assert said.returncode == 0, said.stderr
    assert "equal: every code that was compared is right" in said.stdout
    assert "not compared" not in said.stdout
    report = json.loads((tmp_path / "out" / "report.json").read_text("utf-8"))
    assert (report["verdict"], report["differing"], report["explanations"]) == ("equal", 0, [])
    assert report["compared"] == [golden.place for golden in CASES]
    assert not (tmp_path / "out" / "errors.png").exists()


def test_a_wrong_dump(bundle: Path, tmp_path: Path) -> None:
    """Exit code 1, the cause on the screen and in the report, and a picture."""
    lane = np.array([0, 0, 8, 0] * 3, np.uint8)
    dump = write_dump(tmp_path / "dump", CASES, lambda _, golden: golden.fields | lane)
    said = nmpu_check(dump, "--bundle", bundle, "--out", tmp_path / "out")
    assert said.returncode == 1, said.stderr
    for words in (
        "output bit 3 is stuck at 1; lane 2",
        "one cause explains every code",
        "3 (1 instead of 0)",
        "test.corrected[2]",
        "test.inject0[2]",
    ):
        assert words in said.stdout, said.stdout
    report = json.loads((tmp_path / "out" / "report.json").read_text("utf-8"))
    assert report["verdict"] == "different"
    first = report["explanations"][0]
    assert (first["exact"], first["cause"], first["where"]) == (True, "stuck output bit", "lane 2")
    assert first["explained"] == report["differing"] == sum(report["cases"].values())
    assert report["config_hash"] == CONFIG.hash
    assert report["first"]["stages"].keys() >= {"p", "n", "sum", "corrected", "norm", "total", "out"}


def test_the_picture_shows_every_wrong_code(bundle: Path, tmp_path: Path) -> None:
    """A single code is some pixels of its bit's colour; without it there are none."""
    sizes = []
    for vectors in (1, 9):

        def corrupt(number: int, golden: object, vectors: int = vectors) -> np.ndarray:
            fields = CASES[number].fields.copy()
            fields[:vectors, 5] ^= 128 if number == 10 else 0
            return fields

        dump = write_dump(tmp_path / "dump", CASES, corrupt)
        assert nmpu_check(dump, "--bundle", bundle, "--out", tmp_path / "out").returncode == 1
        pixels = imread(tmp_path / "out" / "errors.png")[..., :3]
        map_part = pixels[: pixels.shape[0] * 2 // 3, : pixels.shape[1] * 9 // 10]
        highest_bit = np.array([0x2A, 0x04, 0x92]) / 255
        sizes.append(int((np.abs(map_part - highest_bit) < 0.12).all(-1).sum()))
    assert 20 < sizes[0] < sizes[1], sizes


def test_json_is_the_report(bundle: Path, tmp_path: Path) -> None:
    dump = write_dump(tmp_path / "dump", CASES, lambda _, golden: golden.fields ^ 1)
    said = nmpu_check(dump, "-b", bundle, "-o", tmp_path / "out", "--json")
    assert said.returncode == 1
    assert json.loads(said.stdout) == json.loads((tmp_path / "out" / "report.json").read_text("utf-8"))


def test_some_cases_are_told_to_be_some(bundle: Path, tmp_path: Path) -> None:
    dump = write_dump(tmp_path / "dump", CASES[:3], right)
    said = nmpu_check(dump, "-b", bundle, "-o", tmp_path / "out")
    assert said.returncode == 0, said.stderr
    assert "3 of 21" in said.stdout
    assert "not compared, the dump has no file of them: corners/corner_3, corners/corner_4" in said.stdout
    report = json.loads((tmp_path / "out" / "report.json").read_text("utf-8"))
    assert report["compared"] == [golden.place for golden in CASES[:3]]
    assert report["not_compared"] == [golden.place for golden in CASES[3:]]


def test_a_single_file_of_a_named_case(bundle: Path, tmp_path: Path) -> None:
    write_csv(tmp_path / "mine.csv", CASES[2].out)
    said = nmpu_check(tmp_path / "mine.csv", "-b", bundle, "--case", CASES[2].place, "-o", tmp_path / "out")
    assert said.returncode == 0, said.stdout + said.stderr
    assert nmpu_check(bundle / CASES[2].place / "out.hex", "-b", bundle, "-o", tmp_path / "out").returncode == 0


def test_lost_beats_and_causes_that_cannot_be_told_apart(bundle: Path, tmp_path: Path) -> None:
    for golden in CASES:
        beats = beats_of(CONFIG, golden.fields)
        write_hex(tmp_path / "dump" / golden.place / "out.hex", CONFIG, [*beats[:8], *beats[11:]])
    said = nmpu_check(tmp_path / "dump", "-b", bundle, "-o", tmp_path / "out")
    assert said.returncode == 2, said.stdout
    ties = [golden for golden in CASES if golden.suite == "ties"]
    for golden in ties:
        write_csv(tmp_path / "ties" / golden.place / "out.csv", np.delete(golden.out, 9, axis=0))
    said = nmpu_check(tmp_path / "ties", "-b", bundle, "-o", tmp_path / "out")
    assert said.returncode == 1, said.stderr
    assert "codes that did not come" in said.stdout
    assert "2 causes explain every code: these vectors cannot tell them apart" in said.stdout
    assert "a vector of adc is lost" in said.stdout
    assert "a vector of out is lost" in said.stdout


def _short(folder: Path, bundle: Path) -> tuple[object, ...]:
    write_hex(folder / CASES[0].place / "out.hex", CONFIG, beats_of(CONFIG, CASES[0].fields)[:-1])
    return (folder, "-b", bundle)


def _disordered(folder: Path, bundle: Path) -> tuple[object, ...]:
    beats = beats_of(CONFIG, CASES[0].fields)
    write_hex(folder / CASES[0].place / "out.hex", CONFIG, [*beats[:6], beats[7], beats[6], *beats[8:]])
    return (folder, "-b", bundle)


def _of_another_configuration(folder: Path, bundle: Path) -> tuple[object, ...]:
    beats = beats_of(CONFIG, CASES[0].fields)
    write_hex(folder / CASES[0].place / "out.hex", CONFIG, beats, f"nmpu 0.1.0, configuration other {'0' * 16}")
    return (folder, "-b", bundle)


def _touched(folder: Path, bundle: Path) -> tuple[object, ...]:
    copy = make_bundle(CONFIG, folder / "copy")
    (copy / CASES[0].place / "adc.hex").write_text("// nothing\n")
    return (write_dump(folder / "dump", CASES, right), "-b", copy)


WRONG: dict[str, tuple[Callable[[Path, Path], tuple[object, ...]], str]] = {
    "truncated": (_short, "out.hex: is truncated, 47 beats instead of 48"),
    "reordered": (_disordered, "out.hex: line 8: last, first are 00, must be 01; its beats are out of order"),
    "another configuration": (
        _of_another_configuration,
        "out.hex: is of configuration 0000000000000000, the bundle is",
    ),
    "a bundle that was changed": (_touched, "adc.hex: its SHA-256 is not the one in manifest.json"),
    "no bundle": (lambda folder, bundle: (bundle, "-b", folder), "manifest.json: cannot be read"),
    "no dump": (lambda folder, bundle: (folder, "-b", bundle), "holds no <suite>/<case>/"),
    "a case that is not there": (
        lambda _, bundle: (bundle / CASES[0].place / "out.hex", "-b", bundle, "--case", "a/b"),
        "case 'a/b' is not in",
    ),
    "a folder that cannot be written": (
        lambda folder, bundle: (write_dump(folder, CASES, right), "-b", bundle, "-o", "/proc/nmpu"),
        "/proc/nmpu: cannot be written",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_input_is_one_line_and_exit_2(name: str, bundle: Path, tmp_path: Path) -> None:
    arrange, mentions = WRONG[name]
    said = nmpu_check(*arrange(tmp_path, bundle))
    assert said.returncode == 2, said.stdout + said.stderr
    lines = [line for line in said.stderr.splitlines() if line.strip()]
    assert len(lines) == 1, said.stderr
    assert lines[0].startswith("nmpu: ")
    assert mentions in lines[0]
    assert said.stdout == ""


def test_no_bundle_named_is_exit_2() -> None:
    assert nmpu_check("dump").returncode == 2
