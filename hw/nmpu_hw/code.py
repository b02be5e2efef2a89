"""The overflow of a code whose format is chosen at run time."""

from amaranth.hdl import Array, Cat, Const, Mux, Value

from nmpu_spec.config import CODE_BITS
from nmpu_spec.overflow import Overflow

WIDEST = max(CODE_BITS)


def fit_code(value: Value, width: Value, is_signed: Value, overflow: Overflow) -> tuple[Value, Value, Value]:
    """(code, high, low): the signed `value` in the code format, extended to `WIDEST` bits, and whether it lies above or
    below that format.

    `width` is the register field ``out_width``; its last value means the widest too. `nmpu_hw.fixed.fit` does the
    same for a fixed format; here one comparison serves all, for a format is no more than its largest code.
    """
    negative = value[-1]
    value = Cat(value, negative.replicate(max(WIDEST - len(value), 0)))
    largest = (Array((1 << bits) - 1 for bits in (*CODE_BITS, WIDEST))[width] >> is_signed)[:WIDEST]
    # The bits above those of the largest code equal the sign where the number fits.
    above = Cat(~largest, Const(1).replicate(len(value) - WIDEST))
    high = ~negative & (value & above).any()
    low = negative & ((~value & above).any() | ~is_signed)
    # The smallest code is the complement of the largest one, or 0.
    if overflow is Overflow.SATURATE:
        code = Mux(high, largest, Mux(low, ~largest & is_signed.replicate(WIDEST), value[:WIDEST]))
    else:
        lowest_above = ~largest & Cat(1, largest)
        extension = is_signed & (value[:WIDEST] & lowest_above).any()
        code = (value[:WIDEST] & largest) | (extension.replicate(WIDEST) & ~largest)
    return code[:WIDEST], high, low
