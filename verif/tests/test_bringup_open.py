"""A bundle read back: what was written comes out, and whatever was touched is named in one line."""

import io
import json
import shutil
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from dumps import SMALL_TOML, bundle_cases, make_bundle

from nmpu_bringup.bundle.read import open_bundle
from nmpu_model.script import as_text, control, load_program, read_program
from nmpu_model.traffic import random_program
from nmpu_spec.errors import InputError
from nmpu_spec.load import load, parse


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_bundle(parse(SMALL_TOML, "small"), tmp_path_factory.mktemp("open") / "bundle")


@pytest.mark.parametrize("name", ["tiny", "user96", "single12", "deep8"])
def test_what_was_written_comes_back(name: str, tmp_path: Path, configurations: dict[str, str]) -> None:
    config = load(configurations[name])
    opened = open_bundle(make_bundle(config, tmp_path / "bundle"))
    assert (opened.config, opened.config.name) == (config, config.name)
    for golden, read in zip(bundle_cases(config), opened.cases, strict=True):
        assert (read.suite, read.case.name, read.counters) == (golden.suite, golden.case.name, golden.counters)
        assert np.array_equal(read.out, golden.out)
        for code in ("p", "n", "rx"):
            wanted, got = (getattr(case.case.traffic, code) for case in (golden, read))
            assert (got is None and wanted is None) or np.array_equal(got, wanted)
        wanted, program = golden.case.program, read.case.program
        assert (program.layer, program.mask.tolist()) == (wanted.layer, wanted.mask.tolist())
        assert program.parameters.keys() == wanted.parameters.keys()
        for parameter, raws in wanted.parameters.items():
            assert np.array_equal(program.parameters[parameter], raws), parameter


@pytest.mark.parametrize("bank", [0, 1])
def test_a_script_gives_back_its_program(bank: int) -> None:
    """Of both banks, comments and other registers between, and a later write replaces an earlier one."""
    config = load("tiny")
    old, new = (random_program(config, 0, name) for name in ("old", "new"))
    other = random_program(config, 0, "other bank")
    lines = ["# a comment", "", *as_text([*load_program(old, bank), *load_program(other, 1 - bank)])]
    lines += [*as_text(load_program(new, bank)), str(control(config, enable=True, bank=bank))]
    read = read_program(config, lines, bank)
    assert list(as_text(load_program(read, 0))) == list(as_text(load_program(new, 0)))


@pytest.mark.parametrize(
    ("line", "mentions"),
    [
        ("x 00000 00000000", "line 1: 'x 00000 00000000' is not `w <address> <data>`"),
        ("w 00000", "line 1: 'w 00000' is not"),
        ("w 00000 0000000g", "is not `w <address> <data>`"),
        ("w 00000 0 0", "is not `w <address> <data>`"),
        ("w 00001 00000000", "address or data that no register takes"),
        ("w 00000 100000000", "address or data that no register takes"),
        ("w 00000 -1", "address or data that no register takes"),
        ("# nothing", "register bank[0].word0[0]: is never written"),
    ],
)
def test_a_wrong_script_is_refused(line: str, mentions: str) -> None:
    with pytest.raises(InputError) as raised:
        read_program(load("tiny"), [line], 0)
    assert mentions in str(raised.value)


def _edited(path: Path, edit: Callable[[Any], None]) -> None:
    manifest = json.loads(path.read_text("utf-8"))
    edit(manifest)
    path.write_text(json.dumps(manifest), "utf-8")


def _other_answers(bundle: Path) -> None:
    """Codes that no model of this version gives, with a manifest that vouches for them."""
    name = "ties/tie_affine/vectors.npz"
    with np.load(bundle / name) as archive:
        arrays = dict(archive)
    arrays["out"][3, 2] ^= 1
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    (bundle / name).write_bytes(buffer.getvalue())
    digest = sha256(buffer.getvalue()).hexdigest()
    _edited(bundle / "manifest.json", lambda manifest: manifest["files"][name].update(sha256=digest))


BROKEN: dict[str, tuple[Callable[[Path], object], str]] = {
    "no manifest": (lambda bundle: (bundle / "manifest.json").unlink(), "manifest.json: cannot be read"),
    "manifest cut off": (
        lambda bundle: (bundle / "manifest.json").write_text((bundle / "manifest.json").read_text("utf-8")[:500]),
        "manifest.json: is not JSON",
    ),
    "manifest of something else": (
        lambda bundle: (bundle / "manifest.json").write_text("[]"),
        "manifest.json: is not the manifest of a bundle",
    ),
    "manifest without cases": (
        lambda bundle: _edited(bundle / "manifest.json", lambda manifest: manifest.pop("cases")),
        "manifest.json: is not the manifest of a bundle (KeyError: 'cases')",
    ),
    "another configuration": (
        lambda bundle: _edited(bundle / "manifest.json", lambda manifest: manifest["config"].update(lanes=6)),
        "manifest.json: config_hash is",
    ),
    "an impossible configuration": (
        lambda bundle: _edited(bundle / "manifest.json", lambda manifest: manifest["config"].update(lanes=5)),
        "manifest.json: config: lanes = 5",
    ),
    "a changed bit": (
        lambda bundle: (bundle / "corners/corner_2/vectors.npz").write_bytes(
            (bundle / "corners/corner_2/vectors.npz").read_bytes()[:-1] + b"\1"
        ),
        "corners/corner_2/vectors.npz: its SHA-256 is not the one in manifest.json",
    ),
    "a changed file that is not used": (
        lambda bundle: (bundle / "corners/corner_2/vectors.csv").write_text("vector\n"),
        "corners/corner_2/vectors.csv: its SHA-256",
    ),
    "a missing file": (
        lambda bundle: (bundle / "saturation/saturation_output_s4/program.txt").unlink(),
        "saturation/saturation_output_s4/program.txt: is listed in manifest.json, but cannot be read",
    ),
    "a file that is not listed": (
        lambda bundle: _edited(
            bundle / "manifest.json", lambda manifest: manifest["files"].pop("ties/tie_affine/program.txt")
        ),
        "manifest.json: lists case ties/tie_affine, but not its program.txt",
    ),
    "answers of another version": (_other_answers, "its out is not what this version's golden model answers"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_touched_bundle_is_refused(name: str, small: Path, tmp_path: Path) -> None:
    broken, mentions = BROKEN[name]
    shutil.copytree(small, tmp_path / "bundle")
    broken(tmp_path / "bundle")
    with pytest.raises(InputError) as raised:
        open_bundle(tmp_path / "bundle")
    assert mentions in str(raised.value)
    assert str(tmp_path / "bundle") in str(raised.value)
    assert "\n" not in str(raised.value)
