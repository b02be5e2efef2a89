"""What was measured on a chip: the codes of known vectors, and the counts that an ideal tile would have given."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nmpu_aimc.tile import currents, pair
from nmpu_model.types import Mask
from nmpu_spec.config import AdcMode, Config
from nmpu_spec.errors import InputError

_REAL = "iuf"
"""The kinds of types of real numbers."""
_LARGEST = 1e30
"""Of any number, and of 1/lsb: products of a few of them then stay finite."""

Arrays = Mapping[str, NDArray[Any]]


@dataclass(frozen=True)
class Measurement:
    """Codes and what they stand for, both (branches, vectors, columns), in the order of ``config.branches``.

    codes    raws of ``adc.code``, int64
    current  of an ideal tile, in units of input times weight; in counts where the nominal counts were given
    lsb      the current of one nominal count; None: not known
    in_use   the columns that have a weight that is not 0, (columns,)
    """

    config: Config
    codes: NDArray[np.int64]
    current: NDArray[np.float64]
    lsb: float | None
    in_use: Mask


def measurement(config: Config, arrays: Arrays) -> Measurement:
    """The measurement that `arrays` hold; numbers of any type.

    p, n  codes (vectors, columns), whole numbers of the format ``adc.code``; no n in single-code mode
    x, w  inputs (vectors, rows) and target weights (rows, columns), in units of the user's choice
    lsb   current (input times weight) of one nominal count; may be absent
    nominal_p, nominal_n  (vectors, columns), in place of x, w and lsb: the nominal counts themselves

    The nominal currents are those of a differential pair, P = x+ w+ + x- w- and N = x+ w- + x- w+ with x = x+ - x- and
    w = w+ - w-; in single-code mode P - N = x w. Raises `InputError` for an array that is missing, unknown or of
    another shape, a number that is not finite or from 1e30 up, a code that is not whole or out of range, less than two
    vectors, or weights that are all 0.
    """
    branches = config.branches
    nominal = tuple(f"nominal_{branch}" for branch in branches)
    given = nominal if any(name in arrays for name in nominal) else ("x", "w")
    lsb = ("lsb",) if given == ("x", "w") else ()
    for name in (*branches, *given):
        if name not in arrays:
            raise InputError(f"{name}: is missing; a measurement has {_wanted(config)}")
    for name in arrays:
        if name not in (*branches, *given, *lsb):
            raise InputError(f"{name}: is not known here; a measurement has {_wanted(config)}")
    for name in (*branches, *given):
        _check_numbers(name, arrays[name])
    vectors = len(arrays[branches[0]])
    if vectors < 2:
        raise InputError(f"{branches[0]}: {vectors} vectors, a line needs at least 2; measure more")
    codes = np.stack([_codes(config, vectors, branch, arrays[branch]) for branch in branches])
    if given == nominal:
        for name in nominal:
            _check_shape(name, arrays[name], (vectors, config.columns), "(vectors, columns)")
        current = np.stack([arrays[name].astype(np.float64) for name in nominal])
        in_use = (current != 0).any(axis=(0, 1))
    else:
        x, w = (arrays[name].astype(np.float64) for name in ("x", "w"))
        _check_shape("x", x, (vectors, x.shape[1]), "(vectors, rows)")
        _check_shape("w", w, (x.shape[1], config.columns), "(rows of x, columns)")
        current = np.moveaxis(currents(x, *pair(w)), 1, 0)
        if config.adc.mode is AdcMode.SINGLE:
            current = current[:1] - current[1:]
        in_use = (w != 0).any(axis=0)
    if not in_use.any():
        raise InputError(f"{given[-1]}: is 0 everywhere, so no column is in use; give the weights that were programmed")
    return Measurement(config, codes, current, _lsb(arrays) if lsb else 1.0, in_use)


def _wanted(config: Config) -> str:
    branches = config.branches
    return f"{', '.join(branches)}, and x, w and perhaps lsb, or {', '.join(f'nominal_{name}' for name in branches)}"


def _check_numbers(name: str, values: NDArray[Any]) -> None:
    if values.ndim != 2:
        raise InputError(f"{name}: has {values.ndim} dimensions, must be a table of rows and columns")
    if values.dtype.kind not in _REAL:
        raise InputError(f"{name}: type {values.dtype}, must be real numbers")
    for row, column in _first(~(np.abs(values.astype(np.float64)) < _LARGEST)):
        raise InputError(f"{name}, row {row}, column {column}: is {values[row, column]}, must be below {_LARGEST:g}")


def _check_shape(name: str, values: NDArray[Any], shape: tuple[int, ...], meaning: str) -> None:
    if values.shape != shape:
        raise InputError(f"{name}: shape {values.shape}, must be {shape}, {meaning}")


def _codes(config: Config, vectors: int, name: str, values: NDArray[Any]) -> NDArray[np.int64]:
    node = config.adc.code
    _check_shape(name, values, (vectors, config.columns), "(vectors, columns)")
    for vector, column in _first((values < node.min_raw) | (values > node.max_raw) | (values % 1 != 0)):
        raise InputError(
            f"{name} of vector {vector}, column {column}: code {values[vector, column]}, must be a whole number from "
            f"{node.min_raw} to {node.max_raw} ({node})"
        )
    return values.astype(np.int64)


def _lsb(arrays: Arrays) -> float | None:
    if "lsb" not in arrays:
        return None
    value = arrays["lsb"]
    if value.size != 1 or value.dtype.kind not in _REAL:
        raise InputError(f"lsb: shape {value.shape} of {value.dtype}, must be one real number")
    lsb = float(value.item())
    if not 1 / _LARGEST < lsb < _LARGEST:
        raise InputError(f"lsb = {lsb:g}: must be positive and below {_LARGEST:g}, the current of one nominal count")
    return lsb


def _first(wrong: NDArray[np.bool_]) -> Iterator[list[int]]:
    """Row and column of the first, if any."""
    yield from np.argwhere(wrong)[:1].tolist()
