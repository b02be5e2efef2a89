"""How far corrected codes are from the ideal counts."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Residual:
    """corrected - nominal, in counts, of the points that are used.

    errors        (branches, vectors, columns); NaN at the other points
    rms, largest  (branches, columns): root of the mean square, and the largest magnitude; NaN without points
    """

    errors: NDArray[np.float64]
    rms: NDArray[np.float64]
    largest: NDArray[np.float64]


def residual(
    codes: NDArray[np.float64],
    nominal: NDArray[np.float64],
    scale: NDArray[np.float64],
    offset: NDArray[np.float64],
    used: NDArray[np.bool_],
) -> Residual:
    """Of scale * code + offset: scale and offset are (branches, columns), the others (branches, vectors, columns)."""
    errors = scale[:, np.newaxis] * codes + offset[:, np.newaxis] - nominal
    known = np.where(used, errors, 0)
    points = used.sum(axis=1)
    squares = np.where(points > 0, (known * known).sum(axis=1), np.nan)
    return Residual(
        np.where(used, errors, np.nan),
        np.sqrt(squares / np.maximum(points, 1)),
        np.where(points > 0, np.abs(known).max(axis=1), np.nan),
    )


def overall(residual: Residual, columns: NDArray[np.bool_]) -> tuple[float, float]:
    """Root mean square and largest magnitude over all points of the given columns; NaN without points."""
    errors = residual.errors[:, :, columns]
    errors = errors[~np.isnan(errors)]
    if not errors.size:
        return float("nan"), float("nan")
    return float(np.sqrt((errors * errors).mean())), float(np.abs(errors).max())
