"""IEEE 754 binary16 on arrays, bit for bit: round to nearest even, subnormals, infinities, one NaN.

It is the arithmetic of the baseline that the unit is compared with. All arrays broadcast against each other.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from nmpu_spec.formats import Format

Half = NDArray[np.float16]

NAN = np.array(0x7E00, np.uint16).view(np.float16)
"""The only NaN that an operation delivers: quiet, positive, without a payload."""


def halves(raws: NDArray[np.integer[Any]]) -> Half:
    """The numbers that 16 bits stand for."""
    return raws.astype(np.uint16).view(np.float16)


def bits(values: Half) -> NDArray[np.uint16]:
    """The inverse of `halves`."""
    return values.view(np.uint16)


def multiply_add(a: Half | np.float16, b: Half | np.float16, c: Half | np.float16) -> Half:
    """a*b + c, rounded once; a sum is ``multiply_add(a, 1, c)``, a difference c - a ``multiply_add(a, -1, c)``.

    Through float64, where a rounding on the way changes nothing. The product has 22 bits: it is exact. The sum needs
    more than 53 bits only where the product has bits under 2**-52 of the sum's highest one, so it is less than 2**-30
    of c. (c has no bits that low: below the overflow, 53 bits reach down to 2**-37.) The sum then stays next to c, a
    half itself, and far from the middle between two halves, whether rounded or not.
    """
    with np.errstate(invalid="ignore", over="ignore"):
        exact = a.astype(np.float64) * b.astype(np.float64) + c.astype(np.float64)
        result = exact.astype(np.float16)
    return np.where(np.isnan(result), NAN, result)


def from_code(raw: NDArray[np.integer[Any]], source: Format) -> Half:
    """The half nearest to the value of `raw`; zero is +0, and what rounds beyond 65504 is an infinity."""
    with np.errstate(over="ignore"):
        return (raw * source.resolution).astype(np.float16)


def to_integer(values: Half) -> NDArray[np.float64]:
    """The nearest integers, ties to even, as float64: infinities stay, NaN becomes 0."""
    with np.errstate(invalid="ignore"):
        return np.where(np.isnan(values), 0.0, np.rint(values.astype(np.float64)))


def to_code(values: Half, target: Format) -> NDArray[np.int64]:
    """`to_integer` saturated to an integer format, so infinities are its ends; NaN is code 0, as on Arm."""
    return to_integer(values).clip(target.min_raw, target.max_raw).astype(np.int64)
