"""Calibration of a tile's ADCs: what turns its counts into the counts of an ideal tile."""

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from nmpu_aimc.tile import MAX_PULSE, Tile, currents, pair
from nmpu_model.stimulus import integers
from nmpu_spec.errors import InputError

VECTORS = 256
"""Known inputs for each tile (ours)."""


@dataclass(frozen=True)
class Correction:
    """corrected = scale * code + offset, in nominal counts; (2, columns), P and N. Unused columns have 0 and 0."""

    scale: NDArray[np.float64]
    offset: NDArray[np.float64]


@dataclass(frozen=True)
class Lines:
    """Least-squares lines code = g * t + b over `count` points each, with g = rise / run; arrays of Python integers.

    The sums are exact, so that what is made of them is the same on every machine:
    sum_t, sum_c  of the abscissas and of the codes
    run, rise     count * sum(t * t) - sum_t**2 (0 where all t are equal) and count * sum(t * c) - sum_t * sum_c
    spread        count * sum(c * c) - sum_c**2; rise**2 / (run * spread) is the squared correlation
    """

    count: NDArray[np.object_]
    sum_t: NDArray[np.object_]
    sum_c: NDArray[np.object_]
    run: NDArray[np.object_]
    rise: NDArray[np.object_]
    spread: NDArray[np.object_]

    def inverse(self, lsb: int | Fraction) -> Correction:
        """t / lsb = scale * code + offset on the line: scale = 1/(g * lsb), offset = -b/(g * lsb), for rise > 0.

        Each result is one correctly rounded division.
        """
        scale = self.run / (self.rise * lsb)
        offset = (self.rise * self.sum_t - self.run * self.sum_c) / (self.count * self.rise * lsb)
        return Correction(scale.astype(np.float64), offset.astype(np.float64))

    def __getitem__(self, lines: NDArray[np.bool_]) -> "Lines":
        return Lines(*(values[lines] for values in vars(self).values()))


def fit_lines(nominal: NDArray[np.int64], codes: NDArray[np.int64], used: NDArray[np.bool_] | None = None) -> Lines:
    """The line code = g * t + b of each column, t = `nominal`; arrays (..., vectors, columns); `used`: points to take.

    The codes are regressed on t, not t on the codes: t is known exactly, the codes carry the noise, and noise in the
    abscissa would flatten the line.
    """
    points = np.ones(codes.shape, bool) if used is None else used
    # Products of the sums exceed 64 bits: Python integers from here on.
    count = points.sum(axis=-2).astype(object)
    t, c = (np.where(points, values, 0).astype(object) for values in (nominal, codes))
    sum_t, sum_c, sum_tt, sum_tc, sum_cc = (values.sum(axis=-2) for values in (t, c, t * t, t * c, c * c))
    return Lines(
        count,
        sum_t,
        sum_c,
        run=count * sum_tt - sum_t * sum_t,
        rise=count * sum_tc - sum_t * sum_c,
        spread=count * sum_cc - sum_c * sum_c,
    )


def known_inputs(seed: int, rows: int) -> NDArray[np.int64]:
    """Signed random pulse widths (256, rows) whose largest magnitude rises from vector to vector, up to 127.

    Random rows alone would give every vector about the same current, and a line through one point has no slope.
    """
    reach = 1 + np.arange(VECTORS) * (MAX_PULSE - 1) // (VECTORS - 1)
    fraction = integers(seed, "calibrate/inputs", -(1 << 16), 1 << 16, (VECTORS, rows))
    # Truncation of the magnitude keeps the inputs symmetric.
    return np.asarray(np.sign(fraction) * (np.abs(fraction) * reach[:, np.newaxis] >> 16))


def calibrate(tile: Tile) -> Correction:
    """Fit code = g * t + b by least squares for each column and branch, and invert it: scale = 1/g, offset = -b/g.

    t is the nominal count: the current of the known inputs through the weights *as targeted*, over lsb. What was
    really programmed is not known, so the mean effect of the programming errors is corrected along with the gain.
    Raises `InputError` for a column whose code does not rise with its current.
    """
    x = known_inputs(tile.seed, len(tile.targets))
    nominal = np.moveaxis(currents(x, *pair(tile.targets)), 1, 0).astype(np.int64)
    channels = nominal.shape[2]
    codes = np.stack(tile.convert(x, "calibrate"))[:, :, :channels].astype(np.int64)
    lines = fit_lines(nominal, codes)
    for branch, column in np.argwhere(lines.rise <= 0):
        raise InputError(
            f"tile {tile.name}, column {column}, counter {'PN'[branch]}: the codes do not rise with the current; "
            "calibrate with weights that are not all zero"
        )
    fitted = lines.inverse(tile.lsb)
    scale, offset = np.zeros_like(tile.gain), np.zeros_like(tile.gain)
    scale[:, :channels], offset[:, :channels] = fitted.scale, fitted.offset
    return Correction(scale, offset)
