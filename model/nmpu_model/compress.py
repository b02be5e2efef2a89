"""Rounding and overflow on arrays of integers: `nmpu_spec.compression`, vectorised."""

from dataclasses import dataclass

import numpy as np

from nmpu_model.types import Integers, Mask
from nmpu_spec.compression import Compression
from nmpu_spec.formats import Format
from nmpu_spec.overflow import Overflow
from nmpu_spec.rounding import Rounding


@dataclass(frozen=True)
class Compressed:
    """Codes in the target format, and how many of the enabled columns lay above and below it."""

    codes: Integers
    high: int
    low: int


def round_shift(x: Integers, bits: int, rounding: Rounding) -> Integers:
    """x / 2**bits rounded to integers, in place; `bits` is below the width of x's type."""
    if bits == 0:
        return x
    if rounding is Rounding.HALF_UP:
        # Bits below the one that decides the tie cannot change the result, so the sum needs no wider type.
        x >>= bits - 1
        x += 1
        x >>= 1
        return x
    half = 1 << (bits - 1)
    if rounding is Rounding.HALF_EVEN:
        x += ((x >> bits) & 1) + (half - 1)
    elif rounding is Rounding.HALF_AWAY:
        x += half - (x < 0)
    x >>= bits
    return x


def rounded(x: Integers, compression: Compression, source: Format, target: Format, shift: int = 0) -> Integers:
    """x (raws of `source`) divided by 2**shift, cut, rounded and cut to the LSB of `target`, in place."""
    if compression.cut_before:
        x >>= compression.cut_before
    x = round_shift(x, compression.rounded_bits(source, target) + shift, compression.rounding)
    if compression.cut_after:
        x >>= compression.cut_after
    return x


def compress(
    x: Integers, compression: Compression, source: Format, target: Format, mask: Mask, shift: int = 0
) -> Compressed:
    """Compress x (raws of `source`, shape (vectors, columns)), in place, to raws of `target`.

    A column that `mask` disables is compressed like any other but not counted.
    """
    x = rounded(x, compression, source, target, shift)
    low, high = target.min_raw, target.max_raw
    # Most blocks lie inside: two reductions then spare the counts and the saturation.
    if x.size == 0 or (x.max() <= high and x.min() >= low):
        return Compressed(x, 0, 0)
    too_high = int(np.count_nonzero((x > high) & mask))
    too_low = int(np.count_nonzero((x < low) & mask))
    if compression.overflow is Overflow.SATURATE:
        np.clip(x, low, high, out=x)
    else:
        x -= low
        x &= (1 << target.width) - 1
        x += low
    return Compressed(x, too_high, too_low)
