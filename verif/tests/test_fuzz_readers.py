"""Files that came to harm: every reader gives a result or one line that names the file, and never anything else.

The environment's NMPU_FUZZ = n asks for n times as many examples.
"""

import hashlib
import io
import json
import zipfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest
from dumps import SMALL_TOML, beats_of, write_csv, write_hex
from hypothesis import example, given
from hypothesis import strategies as st
from measured import CONFIG, make_tile, measure

from nmpu_bringup.bundle.golden import GoldenCase, answer
from nmpu_bringup.bundle.read import open_bundle
from nmpu_bringup.bundle.write import heading, model_files, write_bundle
from nmpu_bringup.calibration.measurement_files import read_measurement
from nmpu_bringup.calibration.reload import read_loaded
from nmpu_bringup.diagnosis.dump_files import read_answer
from nmpu_model.suites import Case
from nmpu_model.traffic import random_program, random_traffic
from nmpu_spec.errors import InputError
from nmpu_spec.load import parse
from nmpu_verif.fuzz.damage import altered, archives, damaged
from nmpu_verif.fuzz.effort import examples

SMALL = parse(SMALL_TOML, "small")
PROGRAM, VECTORS = "fuzz/1/program.txt", "fuzz/1/vectors.npz"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where every example writes the same files again."""
    return tmp_path_factory.mktemp("fuzz")


def read(path: Path, data: bytes, reader: Callable[[Path], object]) -> None:
    """Whatever `reader` makes of `data` in the file `path`, but for what a user must never see."""
    path.write_bytes(data)
    try:
        reader(path)
    except InputError as error:
        assert str(path) in str(error), error
        assert str(error).isprintable(), error


# --- what our own writers wrote --------------------------------------------------------------------------------------


@cache
def cases() -> list[GoldenCase]:
    programs = [random_program(SMALL, 1, str(number), rx_on=bool(number)) for number in range(2)]
    vectors = [random_traffic(program, 4, 1, str(number)) for number, program in enumerate(programs)]
    return answer(
        {"fuzz": [Case(str(number), *pair) for number, pair in enumerate(zip(programs, vectors, strict=True))]}
    )


@cache
def bundle() -> dict[str, bytes]:
    with TemporaryDirectory(prefix="nmpu-fuzz-") as scratch:
        write_bundle(SMALL, cases(), 1, model_files(SMALL, cases()), Path(scratch))
        files = (path for path in Path(scratch).rglob("*") if path.is_file())
        return {path.relative_to(scratch).as_posix(): path.read_bytes() for path in files}


@cache
def manifest() -> dict[str, Any]:
    return json.loads(bundle()["manifest.json"])


@cache
def written(name: str) -> bytes:
    """A dump as a hex or a CSV file."""
    with TemporaryDirectory(prefix="nmpu-fuzz-") as scratch:
        path = Path(scratch) / name
        if name == "out.hex":
            write_hex(path, SMALL, beats_of(SMALL, cases()[0].fields), heading(SMALL, cases()[0]))
        else:
            write_csv(path, cases()[0].out)
        return path.read_bytes()


@cache
def measured() -> dict[str, np.ndarray]:
    """Three vectors of four rows."""
    arrays = measure(make_tile())
    return {
        **{name: arrays[name][:3] for name in "pn"},
        "x": arrays["x"][:3, :4],
        "w": arrays["w"][:4],
        "lsb": arrays["lsb"],
    }


@cache
def table() -> bytes:
    """The codes of `measured` as CSV."""
    arrays = measured()
    rows = [f"{v},{c},{p},{arrays['n'][v, c]}\n" for (v, c), p in np.ndenumerate(arrays["p"])]
    return "".join(["vector,column,p,n\n", *rows]).encode()


def matrix(name: str) -> bytes:
    return "".join(",".join(map(str, row)) + "\n" for row in measured()[name].tolist()).encode()


def npz(**entries: object) -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, **entries)  # type: ignore[arg-type]
    return buffer.getvalue()


def entry(name: str, data: bytes) -> bytes:
    """An archive with one entry, of any content."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(f"{name}.npy", data)
    return buffer.getvalue()


def header(text: str) -> bytes:
    """A NumPy file that says `text` of itself, without any numbers."""
    return b"\x93NUMPY\1\0" + len(text).to_bytes(2, "little") + text.encode()


NO_ARRAY = entry("out", b"no array")
HUGE = entry("out", header("{'descr': '<i8', 'fortran_order': False, 'shape': (1000000000000, 12), }\n"))
OPEN_BRACKET = entry("out", header("{'descr': '<i8', 'fortran_order': False, 'shape': (4, 12, \n"))
LONGER_THAN_ANY = entry("out", header("{'descr': '<i8', 'fortran_order': False, 'shape': (" + "9" * 30 + ",), }\n"))


# --- dumps -----------------------------------------------------------------------------------------------------------


@examples(80)
@given(st.deferred(lambda: damaged(written("out.hex"))))
def test_dump_in_hex(folder: Path, data: bytes) -> None:
    read(folder / "out.hex", data, lambda path: read_answer(path, SMALL))


@examples(80)
@given(st.deferred(lambda: damaged(written("out.csv"))))
@example(b'vector,column,out,note\n0,0,1,"never closed\n0,1,1,\n')
def test_dump_in_csv(folder: Path, data: bytes) -> None:
    read(folder / "out.csv", data, lambda path: read_answer(path, SMALL))


@examples(80)
@given(st.deferred(lambda: archives({"out": cases()[0].out, "config_hash": np.array(SMALL.hash)})))
@example(NO_ARRAY)
@example(HUGE)
@example(OPEN_BRACKET)
@example(LONGER_THAN_ANY)
@example(npz(out=np.zeros((4, 12), "m8[s]")))
def test_dump_in_npz(folder: Path, data: bytes) -> None:
    read(folder / "out.npz", data, lambda path: read_answer(path, SMALL))


def test_a_shape_of_a_trillion_is_refused(folder: Path) -> None:
    (folder / "out.npz").write_bytes(HUGE)
    with pytest.raises(InputError, match=r"out\.npz: is not an NPZ archive of plain arrays"):
        read_answer(folder / "out.npz", SMALL)


# --- bundles ---------------------------------------------------------------------------------------------------------


def put_bundle(folder: Path, changed: str, data: bytes) -> None:
    """The bundle with another file in it, which its manifest lists with the right SHA-256."""
    listed = {name: dict(entry) for name, entry in manifest()["files"].items()}
    if changed in listed:
        listed[changed]["sha256"] = hashlib.sha256(data).hexdigest()
    files = bundle() | {"manifest.json": json.dumps(manifest() | {"files": listed}).encode()} | {changed: data}
    for name, content in files.items():
        path = folder / name
        if not path.is_file() or path.read_bytes() != content:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)


def refused_or_opened(folder: Path, changed: str, data: bytes) -> None:
    put_bundle(folder, changed, data)
    read(folder / changed, data, lambda _: open_bundle(folder))


@examples(80)
@given(st.deferred(lambda: damaged(bundle()[PROGRAM])))
@example(b"# \xff\n")
def test_program_of_a_bundle(folder: Path, data: bytes) -> None:
    refused_or_opened(folder, PROGRAM, data)


@examples(80)
@given(st.deferred(lambda: archives(dict(np.load(io.BytesIO(bundle()[VECTORS]))))))
@example(NO_ARRAY)
@example(OPEN_BRACKET)
def test_vectors_of_a_bundle(folder: Path, data: bytes) -> None:
    refused_or_opened(folder, VECTORS, data)


@examples(80)
@given(st.deferred(lambda: damaged(bundle()["manifest.json"])))
@example(b"[" * 100_000)
def test_manifest_of_a_bundle(folder: Path, data: bytes) -> None:
    put_bundle(folder, "manifest.json", data)
    _manifest_is_read(folder, data)


@examples(80)
@given(st.deferred(lambda: altered(manifest())))
@example({"files": {"a\0": {"sha256": ""}}})
@example({"files": {"../out.hex": {"sha256": ""}}})
@example({"cases": [{"suite": "a\nb", "case": "1"}]})
@example({"configuration": "a\nb", "files": {}})
@example({"config_hash": "a\nb"})
def test_manifest_that_says_something_else(folder: Path, content: dict[str, Any]) -> None:
    put_bundle(folder, "manifest.json", b"")
    _manifest_is_read(folder, json.dumps(manifest() | content if len(content) < 3 else content).encode())


def _manifest_is_read(folder: Path, data: bytes) -> None:
    (folder / "manifest.json").write_bytes(data)
    try:
        open_bundle(folder)
    except InputError as error:
        assert str(error).startswith(f"{folder}/"), error
        assert str(error).isprintable(), error


# --- measurements and register scripts -------------------------------------------------------------------------------


@examples(80)
@given(st.deferred(lambda: archives(measured())))
@example(NO_ARRAY)
@example(OPEN_BRACKET)
@example(npz(p=np.zeros((2, 12)), n=np.zeros((2, 12)), x=np.ones((2, 1)), w=np.ones((1, 12)), lsb=1 + 0j))
@example(npz(**{"a\nb": 1}))
def test_measurement_in_npz(folder: Path, data: bytes) -> None:
    read(folder / "measured.npz", data, lambda path: read_measurement(CONFIG, path))


@examples(80)
@given(st.deferred(lambda: damaged(table())))
@example(b"vector,column,p,n\n1e308,1,1,1\n1e308,1,1,1\n")  # one place twice, and none that a double can count
def test_measurement_in_csv(folder: Path, data: bytes) -> None:
    tables = [folder / f"{name}.csv" for name in "xw"]
    for path in tables:
        path.write_bytes(matrix(path.stem))
    read(folder / "measured.csv", data, lambda path: read_measurement(CONFIG, path, *tables, 8000.0))


@examples(80)
@given(st.deferred(lambda: damaged(matrix("w"))))
def test_weights_of_a_measurement(folder: Path, data: bytes) -> None:
    measurement, inputs = folder / "measured.csv", folder / "x.csv"
    measurement.write_bytes(table())
    inputs.write_bytes(matrix("x"))
    (folder / "w.csv").write_bytes(data)
    read(measurement, table(), lambda path: read_measurement(CONFIG, path, inputs, folder / "w.csv", 8000.0))


@examples(80)
@given(st.deferred(lambda: damaged(bundle()[PROGRAM])))
def test_loaded_program_of_a_calibration(folder: Path, data: bytes) -> None:
    read(folder / "program.txt", data, lambda path: read_loaded(SMALL, path))
