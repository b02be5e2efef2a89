"""From a measurement to the affine parameters of every column, in the formats of the registers."""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nmpu_aimc.calibrate import Lines, fit_lines
from nmpu_bringup.calibration.affine_fit import fit_affine
from nmpu_bringup.calibration.measurement import Measurement
from nmpu_bringup.calibration.residuals import Residual, residual
from nmpu_model.program import Program
from nmpu_model.types import Mask

MIN_CORRELATION = 0.5
"""The squared correlation of codes and nominal counts from which a counter is taken to be alive."""
_GRID_BITS = 40
"""Nominal currents are fitted as integers below 2**40: exactly where they are integers, else rounded to that."""


@dataclass(frozen=True)
class Calibration:
    """What the columns need so that scale * code + offset is the nominal count; arrays (branches, columns).

    loaded          what was in the registers, or None
    lsb             current of one nominal count, given or fitted; NaN where no counter is alive to fit it to
    used            (branches, vectors, columns): the points of the fits, whose codes are inside their range
    correlation     squared correlation of code and nominal count; NaN where one of them is constant
    scale, offset   as fitted, before any rounding; NaN where there is no line
    scale_raw, offset_raw   for the registers; 0 and 0 in every column that is not corrected
    judged          (columns,): in use, and not masked off by `loaded`
    problems        why a judged column cannot be corrected
    """

    measured: Measurement
    loaded: Program | None
    lsb: float
    used: NDArray[np.bool_]
    correlation: NDArray[np.float64]
    scale: NDArray[np.float64]
    offset: NDArray[np.float64]
    scale_raw: NDArray[np.int64]
    offset_raw: NDArray[np.int64]
    judged: Mask
    problems: Mapping[int, str]

    @cached_property
    def corrected(self) -> Mask:
        """The columns that have a correction, (columns,)."""
        return self.judged & ~np.isin(np.arange(len(self.judged)), list(self.problems))

    @cached_property
    def parameters(self) -> dict[str, NDArray[np.int64]]:
        """Raws by name: scale_p, offset_p, ..."""
        rows = zip(self.measured.config.branches, self.scale_raw, self.offset_raw, strict=True)
        return {f"{name}_{branch}": raws for branch, *pair in rows for name, raws in zip(_NAMES, pair, strict=True)}

    @cached_property
    def codes(self) -> NDArray[np.float64]:
        """The codes' values, (branches, vectors, columns)."""
        return np.asarray(self.measured.codes * self.measured.config.adc.code.resolution, np.float64)

    @cached_property
    def nominal(self) -> NDArray[np.float64]:
        """The counts of an ideal tile, (branches, vectors, columns)."""
        return self.measured.current / self.lsb

    @cached_property
    def before(self) -> Residual:
        """Of what was loaded; without that, of the bare codes: scale 1, offset 0."""
        if self.loaded is None:
            return self._residual(np.ones_like(self.scale), np.zeros_like(self.scale), self.judged)
        loaded, branches = self.loaded.parameters, self.measured.config.branches
        scale, offset = (np.stack([loaded[f"{name}_{branch}"] for branch in branches]) for name in _NAMES)
        return self._residual_of_raws(scale, offset, self.judged)

    @cached_property
    def fitted(self) -> Residual:
        """Of the fit itself: the noise of the codes and what is not a straight line."""
        return self._residual(self.scale, self.offset, self.corrected)

    @cached_property
    def after(self) -> Residual:
        """Of the correction that the registers hold."""
        return self._residual_of_raws(self.scale_raw, self.offset_raw, self.corrected)

    @cached_property
    def rounding(self) -> NDArray[np.float64]:
        """The most by which a point's error in `after` differs from that in `fitted`, (branches, columns), in counts:

        half an LSB of the scale times the largest distance of a code from the mean code, and half an LSB of the offset.
        NaN in columns that are not corrected.
        """
        affine, used = self.measured.config.affine, self.used & self.corrected
        points = np.where(used.any(axis=1), used.sum(axis=1), np.nan)
        mean = np.where(used, self.codes, 0).sum(axis=1) / points
        farthest = np.where(used, np.abs(self.codes - mean[:, np.newaxis]), 0).max(axis=1) + 0 * points
        return np.asarray(affine.scale.resolution / 2 * farthest + affine.offset.resolution / 2)

    def _residual(self, scale: NDArray[np.float64], offset: NDArray[np.float64], columns: Mask) -> Residual:
        return residual(self.codes, self.nominal, scale, offset, self.used & columns)

    def _residual_of_raws(self, scale: NDArray[np.int64], offset: NDArray[np.int64], columns: Mask) -> Residual:
        affine = self.measured.config.affine
        scales, offsets = scale * np.float64(affine.scale.resolution), offset * np.float64(affine.offset.resolution)
        return self._residual(scales, offsets, columns)


_NAMES = ("scale", "offset")


def calibrate(measured: Measurement, loaded: Program | None = None) -> Calibration:
    """Fit code = g * nominal + b to each counter of each column, invert it, and round the two numbers jointly.

    The nominal counts are known and the codes carry the noise: `nmpu_aimc.calibrate.fit_lines`. A code at either end
    of its format may have been clipped there, and is left out. Rounding: `nmpu_bringup.calibration.affine_fit`.

    Without an lsb that is fitted too: the one that makes the median scale 1. `loaded` is what was in the registers
    when the codes were measured, for the residual before; columns that it masks off are left alone. A column is
    corrected when all its counters can be; `problems` tells of the others.
    """
    config, codes = measured.config, measured.codes
    judged = measured.in_use if loaded is None else measured.in_use & loaded.mask
    used = (codes > config.adc.code.min_raw) & (codes < config.adc.code.max_raw)
    grid, exponent = _on_grid(measured.current)
    lines = fit_lines(grid, codes, used)
    correlation = _correlation(lines)
    alive = judged & (lines.rise > 0).astype(bool) & (correlation >= MIN_CORRELATION)
    lsb = measured.lsb or _fitted_lsb(lines[alive], exponent)
    fit = fit_affine(config, lines[alive], Fraction(lsb) * Fraction(2) ** exponent if alive.any() else Fraction(1))

    found = {place: _no_line(measured, lines, correlation, place) for place in _places(judged & ~alive)}
    found |= {place: problem for place, problem in zip(_places(alive), fit.problems, strict=True) if problem}
    problems: dict[int, str] = {}
    for branch, column in sorted(found, key=lambda place: place[::-1]):
        told = f"{config.branches[branch]}: {found[branch, column]}"
        problems[column] = f"{problems[column]}; {told}" if column in problems else told
    kept = alive & ~np.isin(np.arange(config.columns), list(problems))

    def everywhere(values: NDArray[Any], fill: float) -> NDArray[Any]:
        full = np.full(alive.shape, fill, values.dtype)
        full[alive] = values
        return full

    return Calibration(
        measured,
        loaded,
        lsb,
        used,
        correlation,
        everywhere(fit.scale, np.nan),
        everywhere(fit.offset, np.nan),
        np.where(kept, everywhere(fit.scale_raw, 0), 0),
        np.where(kept, everywhere(fit.offset_raw, 0), 0),
        judged,
        problems,
    )


def _on_grid(current: NDArray[np.float64]) -> tuple[NDArray[np.int64], int]:
    """Integers, and the power of two that they were multiplied with."""
    exponent = _GRID_BITS - int(np.frexp(np.abs(current).max())[1])
    return np.rint(np.ldexp(current, exponent)).astype(np.int64), exponent


def _correlation(lines: Lines) -> NDArray[np.float64]:
    product = lines.run * lines.spread
    product[product == 0] = np.nan
    return (lines.rise * lines.rise / product).astype(np.float64)


def _fitted_lsb(lines: Lines, exponent: int) -> float:
    """Current per code at the median counter."""
    return float(np.median((lines.run / lines.rise).astype(np.float64))) * 2.0**-exponent if len(lines.run) else np.nan


def _places(where: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Branch and column of the true entries, in the order in which a mask picks them."""
    return [(branch, column) for branch, column in np.argwhere(where).tolist()]


def _no_line(measured: Measurement, lines: Lines, correlation: NDArray[np.float64], place: tuple[int, int]) -> str:
    """Why these points have no line that rises."""
    branch, column = place
    codes, node = measured.codes[branch, :, column], measured.config.adc.code
    if (codes == codes[0]).all():
        return f"dead, every code is {codes[0]}"
    if lines.count[place] < 2:
        ends = f"{(codes == node.min_raw).sum()} at {node.min_raw}, {(codes == node.max_raw).sum()} at {node.max_raw}"
        return f"too few points, {lines.count[place]} of {len(codes)} codes are inside {node} ({ends})"
    if not lines.run[place]:
        return "too few points, every nominal count is the same"
    if not lines.spread[place]:
        return f"dead, every code inside {node} is {lines.sum_c[place] // lines.count[place]}"
    verb = "fall" if lines.rise[place] < 0 else "hardly rise"
    return f"dead, the codes {verb} with the nominal counts (squared correlation {correlation[place]:.2f})"
