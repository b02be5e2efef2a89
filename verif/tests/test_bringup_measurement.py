"""Measurements as files: NPZ and CSV say the same, and whatever is wrong is one line that names file and place."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from measured import CONFIG, make_tile, measure
from numpy.typing import NDArray

from nmpu_bringup.calibration.calibrate import calibrate
from nmpu_bringup.calibration.measurement_files import read_measurement
from nmpu_spec.config import Config
from nmpu_spec.errors import InputError
from nmpu_spec.load import load

Arrays = dict[str, NDArray[Any]]


@pytest.fixture
def arrays() -> Arrays:
    return measure(make_tile())


def save_npz(arrays: Arrays, folder: Path) -> Path:
    path = folder / "measured.npz"
    np.savez(path, **arrays)
    return path


def save_csv(arrays: Arrays, folder: Path) -> tuple[Path, Path, Path]:
    """Measured codes, inputs, weights; with the comments, spaces and empty lines that are allowed."""
    names = [name for name in arrays if name not in ("x", "w", "lsb")]
    vectors, columns = arrays["p"].shape
    lines = ["# measured on a Friday", ",".join(("vector", "column", *names)), ""]
    lines += [
        f"{vector}, {column}, {','.join(str(arrays[name][vector, column]) for name in names)}"
        for vector in range(vectors)
        for column in range(columns)
    ]
    (folder / "measured.csv").write_text("\n".join(lines) + "\n", "utf-8")
    for name in ("x", "w"):
        if name in arrays:
            np.savetxt(folder / f"{name}.csv", arrays[name], fmt="%d", delimiter=",", header="a table")
    return folder / "measured.csv", folder / "x.csv", folder / "w.csv"


def test_npz_and_csv_say_the_same(arrays: Arrays, tmp_path: Path) -> None:
    one = read_measurement(CONFIG, save_npz(arrays, tmp_path))
    other = read_measurement(CONFIG, *save_csv(arrays, tmp_path), lsb=float(arrays["lsb"]))
    assert (one.codes == other.codes).all()
    assert (one.codes == np.stack((arrays["p"], arrays["n"]))).all()
    assert (one.current == other.current).all()
    assert one.lsb == other.lsb == 8000
    assert (one.in_use == other.in_use).all()
    for name, raws in calibrate(one).parameters.items():
        assert (raws == calibrate(other).parameters[name]).all()


def test_the_order_of_the_lines_is_free(arrays: Arrays, tmp_path: Path) -> None:
    path, *tables = save_csv(arrays, tmp_path)
    one = read_measurement(CONFIG, path, *tables)
    header, *lines = path.read_text("utf-8").splitlines()[1:]
    path.write_text("\n".join([header, *reversed(lines)]), "utf-8")
    assert (read_measurement(CONFIG, path, *tables).codes == one.codes).all()


def test_nominal_counts_in_the_table(arrays: Arrays, tmp_path: Path) -> None:
    nominal = {f"nominal_{name}": arrays[name] * 0.75 + 1 for name in "pn"}
    table = {"p": arrays["p"], "n": arrays["n"], **nominal}
    path, *_ = save_csv(table, tmp_path)
    measured = read_measurement(CONFIG, path)
    assert (measured.current == np.stack(list(nominal.values()))).all()
    assert measured.lsb == 1
    assert (calibrate(measured).parameters["scale_n"] == 96).all()


def test_floats_that_are_whole_are_codes(arrays: Arrays, tmp_path: Path) -> None:
    one = read_measurement(CONFIG, save_npz(arrays, tmp_path))
    other = read_measurement(CONFIG, save_npz({**arrays, "p": arrays["p"].astype(np.float32)}, tmp_path))
    assert (one.codes == other.codes).all()


def but(name: str, value: object) -> Callable[[Arrays], Arrays]:
    """The arrays with one of them replaced."""
    return lambda arrays: {**arrays, name: np.asarray(value)}


def without(*names: str) -> Callable[[Arrays], Arrays]:
    return lambda arrays: {name: values for name, values in arrays.items() if name not in names}


def cut(name: str, *index: slice) -> Callable[[Arrays], Arrays]:
    return lambda arrays: {**arrays, name: arrays[name][index]}


def with_cell(name: str, value: float) -> Callable[[Arrays], Arrays]:
    def change(arrays: Arrays) -> Arrays:
        values = arrays[name].astype(float)
        values[3, 5] = value
        return {**arrays, name: values}

    return change


def with_nominal(arrays: Arrays) -> Arrays:
    return {**arrays, "nominal_p": arrays["p"], "nominal_n": arrays["n"]}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (without("p"), "p: is missing"),
        (without("n"), "n: is missing"),
        (without("w"), "w: is missing"),
        (without("x", "w"), "x: is missing; a measurement has p, n, and x, w and perhaps lsb, or nominal_p, nominal_n"),
        (but("P", 0), "P: is not known here"),
        (with_nominal, "x: is not known here"),
        (lambda arrays: without("x", "w")(with_nominal(arrays)), "lsb: is not known here"),
        (cut("p", slice(None), slice(11)), "p: shape (256, 11), must be (256, 12), (vectors, columns)"),
        (cut("n", slice(255)), "n: shape (255, 12), must be (256, 12)"),
        (cut("x", slice(255)), "x: shape (255, 256), must be (256, 256), (vectors, rows)"),
        (cut("w", slice(255)), "w: shape (255, 12), must be (256, 12), (rows of x, columns)"),
        (cut("w", slice(None), slice(11)), "w: shape (256, 11)"),
        (but("p", [1, 2, 3]), "p: has 1 dimensions"),
        (but("p", np.full((256, 12), "a")), "p: type <U1, must be real numbers"),
        (but("w", np.full((256, 12), 1j)), "w: type complex128, must be real numbers"),
        (with_cell("p", np.nan), "p, row 3, column 5: is nan"),
        (with_cell("x", np.inf), "x, row 3, column 5: is inf"),
        (with_cell("w", -np.inf), "w, row 3, column 5: is -inf"),
        (with_cell("w", 1e200), "w, row 3, column 5: is 1e+200, must be below 1e+30"),
        (with_cell("n", 4096), "n of vector 3, column 5: code 4096.0, must be a whole number from 0 to 4095 (U12.0)"),
        (with_cell("n", -1), "n of vector 3, column 5: code -1.0"),
        (with_cell("p", 12.5), "p of vector 3, column 5: code 12.5"),
        (
            lambda arrays: {name: values[:1] if name in "pnx" else values for name, values in arrays.items()},
            "at least 2",
        ),
        (but("w", np.zeros((256, 12))), "w: is 0 everywhere"),
        (but("lsb", 0), "lsb = 0: must be positive and below 1e+30"),
        (but("lsb", np.nan), "lsb = nan: must be"),
        (but("lsb", 1e-40), "lsb = 1e-40: must be"),
        (but("lsb", [1, 2]), "lsb: shape (2,)"),
        (but("lsb", "a"), "lsb: shape () of <U1"),
    ],
)
def test_wrong_arrays_are_one_line(
    change: Callable[[Arrays], Arrays], message: str, arrays: Arrays, tmp_path: Path
) -> None:
    path = save_npz(change(arrays), tmp_path)
    refused(message, CONFIG, path)


def refused(message: str, config: Config, path: Path, *tables: Path, lsb: float | None = None) -> None:
    with pytest.raises(InputError) as error:
        read_measurement(config, path, *tables, lsb=lsb)
    assert message in str(error.value)
    assert "\n" not in str(error.value)
    assert str(error.value).startswith(f"{path}: ")


def test_single_code_mode_has_no_n(arrays: Arrays, configurations: dict[str, str], tmp_path: Path) -> None:
    single = load(configurations["single12"])
    refused("n: is not known here; a measurement has p, and x, w", single, save_npz(arrays, tmp_path))
    refused("must be a whole number from -128 to 127 (S8.0)", single, save_npz(without("n")(arrays), tmp_path))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda lines: lines.pop(), "vector 255, column 11 is missing, and 0 more; is the file truncated?"),
        (lambda lines: lines.pop(40), "vector 3, column 1 is missing, and 0 more"),
        (lambda lines: lines.append(lines[40]), "vector 3, column 1 is there twice"),
        (lambda lines: lines.__setitem__(40, "3,1,77"), "line 41: 3 numbers, must be 4, as many as the header"),
        (lambda lines: lines.__setitem__(40, "3,1,77,x"), "line 41: '3,1,77,x' is not numbers only"),
        (lambda lines: lines.__setitem__(40, "3,1,77,nan"), "n, row 3, column 1: is nan"),
        (
            lambda lines: lines.__setitem__(40, "3,12,77,8"),
            "vector 3, column 12: must be whole numbers from 0, columns",
        ),
        (lambda lines: lines.__setitem__(40, "-3,1,77,8"), "vector -3, column 1: must be"),
        (lambda lines: lines.__setitem__(40, "3.5,1,77,8"), "vector 3.5, column 1: must be"),
        (lambda lines: lines.__setitem__(40, "inf,1,77,8"), "vector inf, column 1: must be"),
        (lambda lines: lines.__setitem__(40, "999999999,1,77,8"), "vector 3, column 1 is missing"),
        (lambda lines: lines.__setitem__(1, "column,vector,p,n"), "header 'column,vector,p,n': must be vector,column"),
        (lambda lines: lines.__setitem__(1, "vector,column,p,p"), "header 'vector,column,p,p': must be"),
        (lambda lines: lines.__setitem__(1, "vector,column,p,q"), "n: is missing"),
        (lambda lines: lines.__delitem__(slice(2, None)), "holds no measured codes"),
        (lambda lines: lines.clear(), "header '': must be"),
    ],
)
def test_wrong_tables_are_one_line(
    change: Callable[[list[str]], object], message: str, arrays: Arrays, tmp_path: Path
) -> None:
    path, *tables = save_csv(arrays, tmp_path)
    lines = path.read_text("utf-8").splitlines()
    assert lines[40].startswith("3, 1,")
    change(lines)
    path.write_text("\n".join(lines), "utf-8")
    refused(message, CONFIG, path, *tables)


def test_wrong_companions_are_one_line(arrays: Arrays, tmp_path: Path) -> None:
    path, x, w = save_csv(arrays, tmp_path)
    refused("x: is missing", CONFIG, path)
    refused(f"{tmp_path / 'none.csv'}: cannot be read", CONFIG, path, x, tmp_path / "none.csv")
    weights = w.read_text("utf-8")
    w.write_text("1,2,3\n4,5\n", "utf-8")
    refused(f"{w}: line 2: 2 numbers, must be 3, as many as the first line", CONFIG, path, x, w)
    w.write_text("", "utf-8")
    refused("w: shape (0, 0), must be (256, 12), (rows of x, columns)", CONFIG, path, x, w)
    w.write_text(weights, "utf-8")
    x.write_text("\n".join(x.read_text("utf-8").splitlines()[:-1]), "utf-8")
    refused("x: shape (255, 256), must be (256, 256)", CONFIG, path, x, w)


def test_wrong_files_are_one_line(arrays: Arrays, tmp_path: Path) -> None:
    path = save_npz(arrays, tmp_path)
    refused("leave --inputs and --weights out", CONFIG, path, tmp_path / "x.csv")
    refused("holds an lsb of its own", CONFIG, path, lsb=3.0)
    refused("cannot be read (No such file", CONFIG, tmp_path / "none.npz")
    refused("cannot be read (No such file", CONFIG, tmp_path / "none.csv")
    refused("must be a .npz or a .csv file", CONFIG, tmp_path / "measured.txt")
    data = path.read_bytes()
    for wrong in (data[:-100], data[:100], b"", b"text", data.replace(b"\x93NUMPY", b"\x93NUMPX")):
        path.write_bytes(wrong)
        refused("is not an NPZ archive of plain arrays", CONFIG, path)
    np.save(tmp_path / "alone.npy", arrays["p"])
    (tmp_path / "alone.npy").rename(path)
    refused("is not an NPZ archive of plain arrays", CONFIG, path)
    np.savez(path, **{**arrays, "p": np.array([object()])})
    refused("is not an NPZ archive of plain arrays", CONFIG, path)
    table = tmp_path / "measured.csv"
    table.write_bytes(b"\xff\xfe\x00")
    refused("is not text", CONFIG, table)
