"""IEEE 754 binary16 as wires, and what its components share: unpacking, leading zeros, rounding.

value = (-1)**sign * significand * 2**(exponent - 25), where a subnormal has exponent 1 and no hidden one.
"""

from amaranth.hdl import Cat, Const, Mux, Value
from amaranth.lib import data

from nmpu_hw.fixed import increment
from nmpu_spec.rounding import Rounding

FRACTION = 10
EXPONENT = 5
SIGNIFICAND = FRACTION + 1
"""The fraction and the hidden one above it."""
BIAS = 15
SPECIAL = (1 << EXPONENT) - 1
"""The exponent field of infinities and NaN."""
NAN = 0x7E00
"""The only NaN that is delivered: quiet, positive, without a payload."""

HALF = data.StructLayout({"fraction": FRACTION, "exponent": EXPONENT, "sign": 1})


def significand(number: data.View) -> Value:
    return Cat(number.fraction, number.exponent.any())


def exponent(number: data.View) -> Value:
    """The biased exponent; a subnormal has that of the smallest normal number."""
    # Not ~any(), which would be shared with the hidden one: a bit of a wire would then depend on another of that wire,
    # which simulators take for a loop.
    return Cat(number.exponent[0] | (number.exponent == 0), number.exponent[1:])


def is_infinite(number: data.View) -> Value:
    return (number.exponent == SPECIAL) & ~number.fraction.any()


def is_nan(number: data.View) -> Value:
    return (number.exponent == SPECIAL) & number.fraction.any()


def is_zero(number: data.View) -> Value:
    return ~(number.exponent.any() | number.fraction.any())


def leading_zeros(bits: Value) -> Value:
    """How many bits above the highest 1 are 0, as a balanced tree; anything where no bit is 1."""
    if len(bits) == 1:
        return Const(0, 0)
    # The lower part has a power of two of bits, so that skipping the upper one is one more bit of the count.
    below = 1 << ((len(bits) - 1).bit_length() - 1)
    padded = Cat(Const(0, 2 * below - len(bits)), bits)
    high, low = padded[below:], padded[:below]
    return Cat(Mux(high.any(), leading_zeros(high), leading_zeros(low)), ~high.any())


def rounded(normalised: Value, biased: Value) -> Value:
    """Exponent field over fraction as one number, rounded to nearest even; one bit wider than that.

    The highest bit of `normalised` is the hidden one, with the exponent `biased`; where it is 0, the number is
    subnormal or zero and its exponent field is 0. The carry of a fraction that rounds up goes where it belongs: into
    the exponent, from the largest subnormal to the smallest normal number, from the largest number to infinity.
    """
    hidden, fraction = normalised[-1], normalised[-SIGNIFICAND:-1]
    raised = increment(
        Rounding.HALF_EVEN,
        guard=normalised[-SIGNIFICAND - 1],
        sticky=normalised[: -SIGNIFICAND - 1].any(),
        odd=fraction[0],
        negative=Const(0),
    )
    return Cat(fraction, Mux(hidden, biased, 0)) + raised
