"""One file with what a chip answered: hex, CSV or NPZ to beats of 8-bit fields."""

import csv
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nmpu_model.npz import read_npz
from nmpu_model.packing import unpack
from nmpu_spec.config import CODE_BITS, Config
from nmpu_spec.errors import InputError

_BITS = max(CODE_BITS)
_LOW, _HIGH = -(1 << (_BITS - 1)), (1 << _BITS) - 1
"""A code may be given signed or as the raw field; either way it is compared as the field."""

_CONFIGURATION = re.compile(r"configuration (.+?) ([0-9a-f]{16,64})\b")
_PLACE = re.compile(r"suite ([^\s,]+), case ([^\s,]+)")


@dataclass(frozen=True)
class Answer:
    """The beats of one file, in the order in which they came.

    codes    8-bit fields, uint8 of shape (beats, lanes)
    flags    first + 2 * last of each beat, or None where the format has no flags (CSV, NPZ)
    lines    the line of each beat, or None
    config_hash, place   the configuration and the ``suite/case`` that the file says it is of, or None
    """

    path: Path
    codes: NDArray[np.uint8]
    flags: NDArray[np.uint8] | None = None
    lines: Sequence[int] | None = None
    config_hash: str | None = None
    place: str | None = None

    @property
    def beats(self) -> int:
        return len(self.codes)


def read_answer(path: Path, config: Config) -> Answer:
    """Read `path` by its suffix. Raises `InputError`: file, line, and what is wrong with it."""
    if path.suffix not in READERS:
        raise InputError(f"{path}: is not a dump; use a file that ends in {', '.join(READERS)}, or a folder")
    try:
        return READERS[path.suffix](path, config)
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror or error})") from None
    except UnicodeDecodeError:
        raise InputError(f"{path}: is not UTF-8 text") from None


def _hex(path: Path, config: Config) -> Answer:
    """One beat per line, as many digits as the ``out`` payload needs; ``//`` begins a comment."""
    bits = _BITS * config.lanes + 2
    digits = -(-bits // 4)
    comments, words, lines = [], [], []
    for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        text, _, comment = line.partition("//")
        comments.append(comment)
        text = text.strip()
        if not text:
            continue
        if not re.fullmatch("[0-9a-fA-F]+", text):
            bad = next(character for character in text if character not in "0123456789abcdefABCDEF")
            raise InputError(f"{path}: line {number}: {bad!r} is not a hexadecimal digit")
        if len(text) != digits or int(text, 16) >> bits:
            raise InputError(
                f"{path}: line {number}: {len(text)} digits, a beat of {config.lanes} lanes has {bits} bits "
                f"in {digits} digits"
            )
        words.append(int(text, 16))
        lines.append(number)
    top = _BITS * config.lanes
    codes = unpack([word & ((1 << top) - 1) for word in words], _BITS, config.lanes, signed=False).astype(np.uint8)
    flags = np.array([word >> top for word in words], np.uint8)
    return Answer(path, codes, flags, lines, *_said(comments))


def _csv(path: Path, config: Config) -> Answer:
    """Columns ``vector``, ``column``, ``out`` and any others; vector by vector; ``#`` begins a comment line."""
    text = path.read_text("utf-8").splitlines()
    comments = [line for line in text if line.startswith("#")]
    numbered = [(number, line) for number, line in enumerate(text, 1) if line.strip() and not line.startswith("#")]
    # Line by line: a quotation mark that is never closed would make one row of all lines after it.
    rows = ((number, next(csv.reader([line]))) for number, line in numbered)
    _, header = next(rows, (0, []))
    missing = [name for name in ("vector", "column", "out") if name not in header]
    if missing:
        raise InputError(f"{path}: its header has no column {missing[0]!r}; needed: vector, column, out")
    places = [header.index(name) for name in ("vector", "column", "out")]
    codes = []
    for row, (number, cells) in enumerate(rows):
        where = f"{path}: line {number}"
        if len(cells) != len(header):
            raise InputError(f"{where}: {len(cells)} cells, the header has {len(header)}; is the line cut off?")
        try:
            vector, column, code = (int(cells[place]) for place in places)
        except ValueError:
            raise InputError(f"{where}: vector, column and out must be whole numbers") from None
        wanted = divmod(row, config.columns)
        if (vector, column) != wanted:
            told = "comes twice" if (vector, column) < wanted else "is out of order or one before it is missing"
            raise InputError(
                f"{where}: vector {vector}, column {column} {told}; here must stand vector {wanted[0]}, "
                f"column {wanted[1]}"
            )
        if not _LOW <= code <= _HIGH:
            raise InputError(f"{where}: out = {code} must be {_LOW} to {_HIGH}")
        codes.append(code)
    if len(codes) % config.columns:
        raise InputError(
            f"{path}: is truncated, vector {len(codes) // config.columns} ends after "
            f"{len(codes) % config.columns} of {config.columns} columns"
        )
    fields = np.array(codes, np.int64).astype(np.uint8).reshape(-1, config.lanes)
    return Answer(path, fields, None, None, *_said(comments))


def _npz(path: Path, config: Config) -> Answer:
    """Array ``out`` (vectors, columns); ``config_hash``, a string, where the file says what it is of."""
    try:
        arrays = read_npz(path.read_bytes())
    except InputError as error:
        raise InputError(f"{path}: {error}") from None
    if "out" not in arrays:
        raise InputError(f"{path}: has no array out")
    out = arrays["out"]
    if out.ndim != 2 or out.shape[1] != config.columns or not np.issubdtype(out.dtype, np.integer):
        raise InputError(
            f"{path}: out is {out.dtype} of shape {out.shape}, must be integers of shape (vectors, {config.columns})"
        )
    wrong = np.argwhere((out < _LOW) | (out > _HIGH))
    if wrong.size:
        vector, column = wrong[0]
        raise InputError(f"{path}: out[{vector}, {column}] = {out[vector, column]} must be {_LOW} to {_HIGH}")
    said = str(arrays["config_hash"]) if "config_hash" in arrays else None
    return Answer(path, out.astype(np.uint8).reshape(-1, config.lanes), config_hash=said)


READERS: dict[str, Callable[[Path, Config], Answer]] = {".hex": _hex, ".csv": _csv, ".npz": _npz}


def _said(comments: Sequence[str]) -> Iterator[str | None]:
    """The configuration's hash and the ``suite/case`` that comments name."""
    text = "\n".join(comments)
    configuration, place = _CONFIGURATION.search(text), _PLACE.search(text)
    yield configuration[2] if configuration else None
    yield f"{place[1]}/{place[2]}" if place else None
