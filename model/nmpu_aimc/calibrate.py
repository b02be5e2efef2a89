"""Calibration of a tile's ADCs: what turns its counts into the counts of an ideal tile."""

from dataclasses import dataclass

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
    The sums are exact integers and each result is one correctly rounded division, the same on every machine.
    Raises `InputError` for a column whose code does not rise with its current.
    """
    x = known_inputs(tile.seed, len(tile.targets))
    nominal = np.moveaxis(currents(x, *pair(tile.targets)), 1, 0).astype(np.int64)
    channels = nominal.shape[2]
    codes = np.stack(tile.convert(x, "calibrate"))[:, :, :channels].astype(np.int64)
    # Products of the sums exceed 64 bits: Python integers from here on.
    sum_t, sum_c, sum_tt, sum_tc = (
        values.sum(axis=1).astype(object) for values in (nominal, codes, nominal * nominal, nominal * codes)
    )
    rise = VECTORS * sum_tc - sum_t * sum_c
    run = VECTORS * sum_tt - sum_t * sum_t
    for branch, column in np.argwhere(rise <= 0):
        raise InputError(
            f"tile {tile.name}, column {column}, counter {'PN'[branch]}: the codes do not rise with the current; "
            "calibrate with weights that are not all zero"
        )
    scale, offset = np.zeros_like(tile.gain), np.zeros_like(tile.gain)
    scale[:, :channels] = run / (rise * tile.lsb)
    offset[:, :channels] = (rise * sum_t - run * sum_c) / (VECTORS * rise * tile.lsb)
    return Correction(scale, offset)
