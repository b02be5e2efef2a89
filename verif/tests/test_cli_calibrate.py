"""`nmpu calibrate` as a lab meets it: the files, exit code 0 or 1, and one line with exit code 2 for wrong input."""

import hashlib
import json
import re
from importlib import resources
from pathlib import Path

import numpy as np
import pytest
from measured import CONFIG, make_tile, measure
from test_cli import nmpu

from nmpu_bringup.calibration.calibrate import calibrate
from nmpu_bringup.calibration.files import KINDS
from nmpu_bringup.calibration.measurement import measurement
from nmpu_bringup.calibration.reload import calibrated_program, script_text, scripts
from nmpu_model.script import load_program
from nmpu_model.traffic import random_program

WITHOUT_PROGRAM = {name for name in KINDS if not name.startswith("full")}


@pytest.fixture
def lab(tmp_path: Path) -> Path:
    """A folder with a configuration, a measurement, and a script of what was loaded."""
    preset = (resources.files("nmpu_spec") / "presets" / "hermes256.toml").read_text("utf-8")
    small = preset.replace("columns = 256", f"columns = {CONFIG.columns}").replace(
        "lanes = 64", f"lanes = {CONFIG.lanes}"
    )
    (tmp_path / "mine.toml").write_text(small, "utf-8")
    np.savez(tmp_path / "measured.npz", **measure(make_tile()))
    program = random_program(CONFIG, 1, "test")
    (tmp_path / "program.txt").write_text("\n".join(map(str, load_program(program, 0))), "utf-8")
    return tmp_path


def call(lab: Path, *words: str) -> tuple[str, ...]:
    return ("calibrate", str(lab / "measured.npz"), "-c", str(lab / "mine.toml"), "-o", str(lab / "out"), *words)


def test_every_column_corrected(lab: Path) -> None:
    said = nmpu(*call(lab))
    assert said.returncode == 0, said.stderr
    found = calibrate(measurement(CONFIG, measure(make_tile())))
    out = lab / "out"
    assert {path.name for path in out.iterdir()} == WITHOUT_PROGRAM
    report = json.loads((out / "calibration.json").read_text("utf-8"))
    assert report["sources"] == {"measured.npz": hashlib.sha256((lab / "measured.npz").read_bytes()).hexdigest()}
    assert report["config_hash"] == CONFIG.hash
    assert report["columns_corrected"] == CONFIG.columns
    assert report["columns_not_corrected"] == []
    assert report["lsb"] == {"value": 8000.0, "fitted": False}
    assert report["scripts"] == {
        name: {"writes": 12, "clocks": 24} for name in ("reload_bank0.txt", "reload_bank1.txt")
    }
    column = report["columns"][7]["n"]
    assert column["scale_raw"] == found.scale_raw[1, 7]
    assert column["after"] == {"rms": found.after.rms[1, 7], "max": found.after.largest[1, 7]}
    assert column["before"]["rms"] > column["after"]["rms"]
    counters = [entry[name] for entry in report["columns"] for name in report["counters"]]
    sums = {entry["points"] + entry["codes_at_low_end"] + entry["codes_at_high_end"] for entry in counters}
    assert sums == {report["vectors"]} == {256}
    assert report["codes_left_out"] == sum(256 - entry["points"] for entry in counters) > 0
    with np.load(out / "parameters.npz") as parameters:
        assert set(parameters) == {*found.parameters, "mask"}
        assert all((parameters[name] == raws).all() for name, raws in found.parameters.items())
        assert parameters["mask"].all()
    for name, writes in scripts(found).items():
        lines = (out / name).read_text("utf-8").splitlines()
        assert lines[1:] == script_text(found, writes).splitlines()[1:]
        assert lines[0].startswith("# nmpu")
    for name in ("residuals.png", "histogram.png", "worst.png"):
        assert (out / name).read_bytes().startswith(b"\x89PNG")
    assert re.search(r"columns corrected +│ +12 ", said.stdout)
    assert "12 writes, 24 clocks" in said.stdout


def test_a_column_that_cannot_be_corrected_is_exit_1(lab: Path) -> None:
    """With the rest written, as JSON on request; and an earlier calibration's files are gone, others stay."""
    arrays = measure(make_tile())
    arrays["p"][:, 2] = 7
    np.savez(lab / "measured.npz", **arrays)
    (lab / "out").mkdir()
    (lab / "out" / "notes.txt").write_text("mine", "utf-8")
    (lab / "out" / "full_bank0.txt").write_text("of another calibration", "utf-8")
    said = nmpu(*call(lab, "--json"))
    assert said.returncode == 1, said.stderr
    report = json.loads(said.stdout)
    assert report == json.loads((lab / "out" / "calibration.json").read_text("utf-8"))
    assert report["columns_not_corrected"] == [{"column": 2, "reason": "p: dead, every code is 7"}]
    assert report["columns"][2]["state"] == "not corrected"
    assert report["columns"][2]["p"]["scale"] is None
    assert {path.name for path in (lab / "out").iterdir()} == WITHOUT_PROGRAM | {"notes.txt"}
    table = nmpu(*call(lab))
    assert table.returncode == 1
    assert "column 2 cannot be corrected: p: dead, every code is 7" in table.stdout


def test_with_the_loaded_program(lab: Path) -> None:
    said = nmpu(*call(lab, "--program", str(lab / "program.txt"), "--json"))
    loaded = random_program(CONFIG, 1, "test")
    found = calibrate(measurement(CONFIG, measure(make_tile())), loaded)
    assert said.returncode == (1 if found.problems else 0), said.stderr
    assert {path.name for path in (lab / "out").iterdir()} == set(KINDS)
    lines = (lab / "out" / "full_bank1.txt").read_text("utf-8").splitlines()
    assert lines[1:] == [str(write) for write in load_program(calibrated_program(found), 1)]
    assert json.loads(said.stdout)["before"] == "the loaded program"


def test_tables_and_pictures_of_nothing(lab: Path) -> None:
    arrays = measure(make_tile())
    arrays["p"][:] = 7
    del arrays["lsb"]
    np.savez(lab / "measured.npz", **arrays)
    said = nmpu(*call(lab))
    assert said.returncode == 1, said.stderr
    assert {path.name for path in (lab / "out").iterdir()} == WITHOUT_PROGRAM - {"histogram.png", "worst.png"}
    assert "Warning" not in said.stderr


@pytest.mark.parametrize(
    ("words", "mentions"),
    [
        (("--inputs", "x.csv"), "measured.npz: holds x and w itself"),
        (("--lsb", "3"), "measured.npz: holds an lsb of its own"),
        (("--program", "/proc/nmpu.txt"), "/proc/nmpu.txt: cannot be read"),
        (("-o", "/proc/nmpu"), "/proc/nmpu: cannot be written"),
        (("-c", "hermes256"), "measured.npz: p: shape (256, 12), must be (256, 256)"),
    ],
)
def test_wrong_input_is_one_line_and_exit_2(words: tuple[str, ...], mentions: str, lab: Path) -> None:
    said = nmpu(*call(lab, *words))
    assert said.returncode == 2, said.stdout + said.stderr
    lines = [line for line in said.stderr.splitlines() if line.strip()]
    assert len(lines) == 1, said.stderr
    assert lines[0].startswith("nmpu: ")
    assert mentions in lines[0]


def test_the_page_is_true(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The Python of docs/calibration.md makes a measurement, and the command prints what the page says."""
    page = Path("docs/calibration.md").read_text("utf-8")
    code, printed = (re.search(rf"```{kind}\n(.*?)```", page, re.DOTALL)[1] for kind in ("python", "text"))
    with monkeypatch.context() as patch:
        patch.chdir(tmp_path)
        exec(code, {})
    said = nmpu("calibrate", str(tmp_path / "measured.npz"), "-o", str(tmp_path / "out"))
    assert said.returncode == 0, said.stderr
    assert len(printed.splitlines()) == 9
    assert printed in said.stdout
    assert "256 writes, 512 clocks" in said.stdout
