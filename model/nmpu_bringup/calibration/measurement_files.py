"""Measurements as files: one NPZ, or a CSV table with the inputs and weights beside it."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nmpu_bringup.calibration.measurement import Measurement, measurement
from nmpu_model.npz import read_npz
from nmpu_spec.config import Config
from nmpu_spec.errors import InputError

_INDEX = ("vector", "column")
_MOST_VECTORS = 1 << 40
"""Doubles then count every place exactly."""


def read_measurement(
    config: Config,
    path: Path,
    inputs: Path | None = None,
    weights: Path | None = None,
    lsb: float | None = None,
) -> Measurement:
    """Read `path`.

    .npz  the arrays of `measurement`
    .csv  a header ``vector,column`` and p, n, nominal_p, nominal_n as far as used, then one line for each vector and
          column, in any order; x and w come from the CSV files `inputs` (a line for each vector) and `weights` (a line
          for each row), numbers only. In all of them empty lines and lines that begin with # are skipped.

    `lsb` is the one that the file does not hold. Raises `InputError`, with the file's name, for a file that cannot be
    read, a table with lines that are missing, there twice or not numbers, and all that `measurement` refuses.
    """
    try:
        if path.suffix == ".npz":
            if inputs or weights:
                raise InputError("holds x and w itself; leave --inputs and --weights out, or measure into a .csv")
            arrays = _npz(path)
        elif path.suffix == ".csv":
            arrays = _table(config, path)
            for name, file in (("x", inputs), ("w", weights)):
                if file:
                    arrays[name] = _matrix(file)
        else:
            raise InputError("must be a .npz or a .csv file")
        if lsb is not None:
            if "lsb" in arrays:
                raise InputError("holds an lsb of its own; leave --lsb out")
            arrays["lsb"] = np.array(lsb)
        return measurement(config, arrays)
    except InputError as error:
        raise InputError(f"{path}: {error}") from None


def _npz(path: Path) -> dict[str, NDArray[np.generic]]:
    try:
        return read_npz(path.read_bytes())
    except OSError as error:
        raise InputError(f"cannot be read ({error.strerror})") from None


def _table(config: Config, path: Path) -> dict[str, NDArray[np.generic]]:
    """The long table as arrays (vectors, columns)."""
    lines = _lines(path)
    _, header = next(lines, (0, []))
    if header[:2] != list(_INDEX) or len(header) < 3 or len(set(header)) < len(header):
        raise InputError(f"header {','.join(header)!r}: must be vector,column and then p, n, ... once each")
    numbers = _numbers(lines, len(header), "the header")
    if not len(numbers):
        raise InputError("holds no measured codes")
    index = numbers[:, :2]
    misplaced = ((index != np.floor(index)) | (index < 0) | (index >= [_MOST_VECTORS, config.columns])).any(axis=1)
    for vector, column in index[misplaced][:1]:
        raise InputError(
            f"vector {vector:g}, column {column:g}: must be whole numbers from 0, columns to {config.columns - 1}"
        )
    place = index[:, 0] * config.columns + index[:, 1]
    order = np.argsort(place, kind="stable")
    place = place[order]
    for twice in np.flatnonzero(place[1:] == place[:-1])[:1]:
        raise InputError(f"{_place(config, place[twice])} is there twice")
    vectors = int(index[:, 0].max()) + 1
    missing = vectors * config.columns - len(place)
    if missing:
        gaps = np.flatnonzero(place != np.arange(len(place)))
        first = gaps[0] if len(gaps) else len(place)
        raise InputError(f"{_place(config, first)} is missing, and {missing - 1} more; is the file truncated?")
    values = numbers[order, 2:].reshape(vectors, config.columns, -1)
    return {name: values[:, :, number] for number, name in enumerate(header[2:])}


def _matrix(path: Path) -> NDArray[np.float64]:
    try:
        return _numbers(_lines(path), None, "the first line")
    except InputError as error:
        raise InputError(f"{path}: {error}") from None


def _place(config: Config, place: float) -> str:
    vector, column = divmod(int(place), config.columns)
    return f"vector {vector}, column {column}"


def _lines(path: Path) -> Iterator[tuple[int, list[str]]]:
    """The cells of each line, and its number."""
    try:
        text = path.read_text("utf-8-sig")
    except OSError as error:
        raise InputError(f"cannot be read ({error.strerror})") from None
    except UnicodeDecodeError:
        raise InputError("is not text; a CSV file is wanted") from None
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip() and not line.startswith("#"):
            yield number, [cell.strip() for cell in line.split(",")]


def _numbers(lines: Iterator[tuple[int, list[str]]], width: int | None, rule: str) -> NDArray[np.float64]:
    """(lines, width); `width` None: that of the first line."""
    rows = []
    for number, cells in lines:
        width = width or len(cells)
        if len(cells) != width:
            raise InputError(f"line {number}: {len(cells)} numbers, must be {width}, as many as {rule}")
        try:
            rows.append([float(cell) for cell in cells])
        except ValueError:
            raise InputError(f"line {number}: {','.join(cells)[:40]!r} is not numbers only") from None
    return np.array(rows, np.float64).reshape(len(rows), width or 0)
