"""Dumps in every format that is read, and everything that makes one unfit to be compared."""

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from dumps import SMALL_TOML, beats_of, make_bundle, right, write_csv, write_dump, write_hex

from nmpu_bringup.bundle.golden import GoldenCase
from nmpu_bringup.bundle.read import Bundle, open_bundle
from nmpu_bringup.diagnosis.check import check
from nmpu_bringup.diagnosis.dump import read_dump
from nmpu_spec.errors import InputError
from nmpu_spec.load import parse

PLACE = "corners/corner_1"


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    return open_bundle(make_bundle(parse(SMALL_TOML, "small"), tmp_path_factory.mktemp("dump") / "bundle"))


@pytest.fixture
def golden(bundle: Bundle) -> GoldenCase:
    """The case that the single files are of."""
    return next(case for case in bundle.cases if case.place == PLACE)


def _npz(path: Path, **arrays: object) -> None:
    np.savez(path, **arrays)  # type: ignore[arg-type]


GOOD: dict[str, Callable[[Path, GoldenCase], Path]] = {
    "hex": lambda folder, case: _written(
        folder / "out.hex", lambda path: write_hex(path, case.case.program.config, _beats(case))
    ),
    "hex in capitals, with comments and empty lines": lambda folder, case: _written(
        folder / "a.hex",
        lambda path: path.write_text("\n".join(f"{beat:09X}// beat {n}\n" for n, beat in enumerate(_beats(case)))),
    ),
    "signed CSV": lambda folder, case: _written(folder / "out.csv", lambda path: write_csv(path, case.out)),
    "CSV of raw fields": lambda folder, case: _written(folder / "out.csv", lambda path: write_csv(path, case.fields)),
    "CSV with more columns": lambda folder, case: _written(
        folder / "more.csv",
        lambda path: path.write_text(
            "time,vector,out,column\n"
            + "".join(f"{n},{v},{code},{c}\n" for n, ((v, c), code) in enumerate(np.ndenumerate(case.out)))
        ),
    ),
    "NPZ of int16": lambda folder, case: _written(folder / "out.npz", lambda path: _npz(path, out=case.out)),
    "NPZ of uint64, with its configuration": lambda folder, case: _written(
        folder / "out.npz",
        lambda path: _npz(path, out=case.fields.astype(np.uint64), config_hash=case.case.program.config.hash),
    ),
}


def _beats(case: GoldenCase) -> list[int]:
    return beats_of(case.case.program.config, case.fields)


def _written(path: Path, write: Callable[[Path], object]) -> Path:
    write(path)
    return path


@pytest.mark.parametrize("name", GOOD)
def test_every_format_is_read(name: str, bundle: Bundle, golden: GoldenCase, tmp_path: Path) -> None:
    dump = read_dump(GOOD[name](tmp_path, golden), bundle, PLACE)
    ((case, answer),) = dump.answers
    assert case.place == PLACE
    assert np.array_equal(answer.codes, golden.fields.reshape(-1, bundle.config.lanes))
    assert len(dump.left_out) == len(bundle.cases) - 1


def test_files_of_a_bundle_are_dumps_that_say_their_case(bundle: Bundle, golden: GoldenCase) -> None:
    for name in ("out.hex", "vectors.csv"):
        ((case, answer),) = read_dump(bundle.folder / PLACE / name, bundle).answers
        assert case.place == PLACE
        assert answer.config_hash == bundle.config.hash[:16]
        assert np.array_equal(answer.codes, golden.fields.reshape(-1, bundle.config.lanes))


def test_the_only_case_need_not_be_named(bundle: Bundle, golden: GoldenCase, tmp_path: Path) -> None:
    _npz(tmp_path / "out.npz", out=golden.out)
    single = Bundle(bundle.folder, bundle.config, (golden,))
    assert read_dump(tmp_path / "out.npz", single).answers[0][0].place == PLACE


def test_a_folder_may_have_some_cases_in_any_format(bundle: Bundle, tmp_path: Path) -> None:
    """The order is the bundle's; what is left out is told."""
    chosen = [bundle.cases[12], bundle.cases[3], bundle.cases[4]]
    write_dump(tmp_path / "dump", chosen[:1], right)
    write_csv(tmp_path / "dump" / chosen[1].place / "out.csv", chosen[1].out)
    _npz(tmp_path / "dump" / chosen[1].place / "notes.npz", out=chosen[0].out)
    (tmp_path / "dump" / chosen[2].place).mkdir(parents=True)
    _npz(tmp_path / "dump" / chosen[2].place / "out.npz", out=chosen[2].out)
    dump = read_dump(tmp_path / "dump", bundle)
    assert [case.place for case, _ in dump.answers] == [bundle.cases[number].place for number in (3, 4, 12)]
    assert {case.place for case in dump.left_out} == {case.place for case in bundle.cases} - {
        case.place for case in chosen
    }


# What a file is made of, and what must be said about it. `lines` are those of a right CSV or hex file.
BAD_FILES: dict[str, tuple[str, Callable[[list[str]], list[str]], str]] = {
    "hex digit": ("out.hex", lambda lines: [*lines[:5], lines[5][:-1] + "x"], "line 6: 'x' is not a hexadecimal digit"),
    "hex line cut off": ("out.hex", lambda lines: [*lines[:-1], lines[-1][:-2]], "line 49: 7 digits"),
    "hex of other lanes": (
        "out.hex",
        lambda lines: [lines[0], *(f"00{line}" for line in lines[1:])],
        "line 2: 11 digi",
    ),
    "hex with a bit too many": ("out.hex", lambda lines: [lines[0], "f" + lines[1][1:]], "line 2: 9 digits, a beat of"),
    "hex truncated": ("out.hex", lambda lines: lines[:-1], "is truncated, 47 beats instead of 48"),
    "hex empty": ("out.hex", lambda lines: lines[:1], "is truncated, 0 beats instead of 48"),
    "hex of another case": (
        "out.hex",
        lambda lines: ["// suite ties, case tie_affine", *lines[1:]],
        "says that it is of case ties/tie_affine, but stands for corners/corner_1",
    ),
    "hex of another configuration": (
        "out.hex",
        lambda lines: ["// nmpu 0.1.0, configuration my chip 0123456789abcdef, suite a", *lines[1:]],
        "is of configuration 0123456789abcdef, the bundle is of small",
    ),
    "hex beats exchanged": (
        "out.hex",
        lambda lines: [*lines[:8], lines[9], lines[8], *lines[10:]],
        "line 9: last, first are 10, must be 00; its beats are out of order",
    ),
    "hex of two beats less": (
        "out.hex",
        lambda lines: [*lines[:8], *lines[10:]],
        "46 beats instead of 48, and no single lost or repeated one explains it",
    ),
    "hex of two beats more": ("out.hex", lambda lines: [*lines, *lines[-2:]], "50 beats instead of 48"),
    "CSV without header": ("out.csv", lambda lines: lines[2:], "its header has no column 'vector'"),
    "CSV without out": ("out.csv", lambda lines: ["vector,column,code", *lines[2:]], "no column 'out'"),
    "CSV empty": ("out.csv", lambda _: [], "its header has no column 'vector'"),
    "CSV row cut off": ("out.csv", lambda lines: [*lines[:-1], "15,11"], "line 194: 2 cells, the header has 3"),
    "CSV of words": ("out.csv", lambda lines: [*lines[:3], "0,1,x", *lines[4:]], "line 4: vector, column and out must"),
    "CSV row twice": (
        "out.csv",
        lambda lines: [*lines[:20], lines[19], *lines[20:]],
        "line 21: vector 1, column 5 comes",
    ),
    "CSV rows exchanged": (
        "out.csv",
        lambda lines: [*lines[:20], lines[21], lines[20], *lines[22:]],
        "line 21: vector 1, column 7 is out of order or one before it is missing; here must stand vector 1, column 6",
    ),
    "CSV code too large": (
        "out.csv",
        lambda lines: [*lines[:2], "0,0,256", *lines[3:]],
        "line 3: out = 256 must be -128",
    ),
    "CSV code too small": ("out.csv", lambda lines: [*lines[:2], "0,0,-129", *lines[3:]], "line 3: out = -129 must be"),
    "CSV ends in a vector": ("out.csv", lambda lines: lines[:-5], "is truncated, vector 15 ends after 7 of 12 columns"),
    "CSV truncated": ("out.csv", lambda lines: lines[:-12], "is truncated, 15 vectors instead of 16"),
    "CSV two vectors less": (
        "out.csv",
        lambda lines: [*lines[:2], *(f"{n // 12},{n % 12},{line.split(',')[2]}" for n, line in enumerate(lines[26:]))],
        "14 vectors instead of 16, and no single lost",
    ),
}


@pytest.mark.parametrize("name", BAD_FILES)
def test_a_text_file_that_cannot_be_compared_whole(
    name: str, bundle: Bundle, golden: GoldenCase, tmp_path: Path
) -> None:
    file, change, mentions = BAD_FILES[name]
    path = tmp_path / PLACE / file
    write_hex(path, bundle.config, _beats(golden)) if file == "out.hex" else write_csv(path, golden.out)
    path.write_text("".join(f"{line}\n" for line in change(path.read_text("utf-8").splitlines())), "utf-8")
    _refused(bundle, tmp_path, None, str(path), mentions)


BAD_ARCHIVES: dict[str, tuple[Callable[[Path, GoldenCase], object], str]] = {
    "no out": (lambda path, case: _npz(path, codes=case.out), "has no array out"),
    "another shape": (lambda path, case: _npz(path, out=case.out[:, 1:]), "shape (16, 11), must be integers of shape"),
    "one dimension": (lambda path, case: _npz(path, out=case.out.ravel()), "of shape (192,)"),
    "floats": (lambda path, case: _npz(path, out=case.out.astype(float)), "out is float64"),
    "too large": (lambda path, case: _npz(path, out=case.out.astype(int) + 400), "] = "),
    "negative of unsigned": (lambda path, case: _npz(path, out=case.out.astype(np.uint16)), "must be -128 to 255"),
    "pickled": (lambda path, _: _npz(path, out=np.array([[None]])), "is not an NPZ archive of plain arrays"),
    "cut off": (
        lambda path, case: (_npz(path, out=case.out), path.write_bytes(path.read_bytes()[:-40])),
        "is it truncated?",
    ),
    "not an archive": (lambda path, _: path.write_text("vector,column,out\n"), "is not an NPZ archive"),
    "one plain array": (lambda path, case: path.write_bytes(_npy(case)), "is not an NPZ archive"),
    "another configuration": (
        lambda path, case: _npz(path, out=case.out, config_hash="0" * 64),
        "is of configuration 0000000000000000, the bundle is of small",
    ),
    "a hash of one letter": (
        lambda path, case: _npz(path, out=case.out, config_hash=case.case.program.config.hash[:1]),
        "is of configuration",
    ),
    "a vector missing at the end": (
        lambda path, case: _npz(path, out=case.out[:-1]),
        "is truncated, 15 vectors instead",
    ),
}


def _npy(case: GoldenCase) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, case.out)
    return buffer.getvalue()


@pytest.mark.parametrize("name", BAD_ARCHIVES)
def test_an_archive_that_cannot_be_compared_whole(
    name: str, bundle: Bundle, golden: GoldenCase, tmp_path: Path
) -> None:
    write, mentions = BAD_ARCHIVES[name]
    (tmp_path / PLACE).mkdir(parents=True)
    # A signed 4-bit case has codes below 0, which an unsigned type turns into large ones.
    negative = next(case for case in bundle.cases if case.case.name == "saturation_output_s4")
    write(tmp_path / PLACE / "out.npz", negative if "negative" in name else golden)
    _refused(bundle, tmp_path, None, "out.npz", mentions)


def test_folders_and_names_that_do_not_fit(bundle: Bundle, golden: GoldenCase, tmp_path: Path) -> None:
    _refused(bundle, tmp_path / "missing", None, str(tmp_path / "missing"), "is not a dump")
    _refused(bundle, tmp_path / "missing.hex", PLACE, "missing.hex", "cannot be read (No such file or directory)")
    _refused(bundle, tmp_path, None, str(tmp_path), "holds no <suite>/<case>/ with out.hex, out.csv, out.npz")
    _npz(tmp_path / "out.npz", out=golden.out)
    _refused(bundle, tmp_path / "out.npz", None, "out.npz", "does not say of which case it is; add --case")
    _refused(bundle, tmp_path / "out.npz", "corners/corner_9", "out.npz", "case 'corners/corner_9' is not in")
    _refused(bundle, tmp_path, None, str(tmp_path / "out.npz"), "the bundle has no case '.'")
    (tmp_path / "out.npz").unlink()
    write_dump(tmp_path, [golden], right)
    _refused(bundle, tmp_path, PLACE, "--case corners/corner_1", "is a folder")
    _npz(tmp_path / PLACE / "out.npz", out=golden.out)
    _refused(bundle, tmp_path, None, "out.npz", "out.hex is there too; keep one of them")
    (tmp_path / "binary.csv").write_bytes(b"\xff\xfe\x00")
    _refused(bundle, tmp_path / "binary.csv", PLACE, "binary.csv", "is not UTF-8 text")


def test_one_bad_file_among_good_ones_is_refused(bundle: Bundle, tmp_path: Path) -> None:
    """Also where the others differ from what they should be: never a partial comparison."""
    write_dump(tmp_path, bundle.cases, lambda _, case: case.fields ^ 1)
    path = tmp_path / bundle.cases[5].place / "out.hex"
    path.write_text("".join(path.read_text("utf-8").splitlines(keepends=True)[:-3]), "utf-8")
    _refused(bundle, tmp_path, None, str(path), "45 beats instead of 48, and no single lost or repeated one")


def _refused(bundle: Bundle, dump: Path, place: str | None, *mentions: str) -> None:
    with pytest.raises(InputError) as raised:
        check(bundle.folder, dump, place)
    for mention in mentions:
        assert mention in str(raised.value), raised.value
    assert "\n" not in str(raised.value)
