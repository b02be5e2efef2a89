"""Fixed-point pieces that several stages share: shapes, alignment, rounding, overflow."""

from collections.abc import Sequence

from amaranth.hdl import Cat, Const, Mux, Shape, Value, signed, unsigned

from nmpu_spec.formats import Format
from nmpu_spec.overflow import Overflow
from nmpu_spec.rounding import Rounding


def shape(node: Format) -> Shape:
    """The Amaranth shape of a raw."""
    return signed(node.width) if node.signed else unsigned(node.width)


def align(raw: Value, bits: int) -> Value:
    """`raw` with `bits` more fraction bits."""
    return raw << bits if bits else raw


def increment(rounding: Rounding, *, guard: Value, sticky: Value, odd: Value, negative: Value) -> Value:
    """Whether the truncated number must be raised by one.

    guard     the highest bit that was cut: the half
    sticky    any lower bit that was cut
    odd       the lowest bit that stays
    negative  the sign
    """
    match rounding:
        case Rounding.FLOOR:
            return Const(0, 1)
        case Rounding.HALF_UP:
            return guard
        case Rounding.HALF_EVEN:
            return guard & (sticky | odd)
        case Rounding.HALF_AWAY:
            return guard & (sticky | ~negative)


def fit(value: Value, width: int, is_signed: bool, overflow: Overflow) -> tuple[Value, Value, Value]:
    """(raw, high, low): the signed `value` in `width` bits, and whether it lies above or below them.

    The test looks at the bits that must all equal the sign, instead of comparing with the bounds.
    """
    negative = value[-1]
    value = Cat(value, negative.replicate(max(width - len(value), 0)))
    beyond = value[width - 1 if is_signed else width :]
    high = ~negative & beyond.any()
    low = negative & ~beyond.all() if is_signed else negative
    raw = value[:width]
    if overflow is Overflow.SATURATE:
        top = Const((1 << (width - is_signed)) - 1, width)
        bottom = Const(1 << (width - 1) if is_signed else 0, width)
        raw = Mux(high, top, Mux(low, bottom, raw))
    return raw, high, low


def popcount(bits: Sequence[Value]) -> Value:
    """How many of `bits` are 1, as a balanced tree of adders."""
    if len(bits) == 1:
        return Cat(bits[0])
    half = len(bits) // 2
    return popcount(bits[:half]) + popcount(bits[half:])
