"""First part of the multiply-add: the exact product, and the addend shifted to it."""

from amaranth.hdl import Cat, Const, Module, Mux, Signal, signed
from amaranth.lib.wiring import Component, In, Out

from nmpu_hw.half.number import BIAS, EXPONENT, HALF, SIGNIFICAND, exponent, is_infinite, is_nan, is_zero, significand
from nmpu_hw.half.window import Window

PRODUCT = 2 * SIGNIFICAND
ABOVE = 2
"""Bits between the product and an addend above it, so that the product is less than a quarter of its LSB then."""
BELOW = 2
"""Bits below the product that an addend may need exactly; all further ones are sticky.

A product that is not zero is at least 2**10 of its LSBs where an addend reaches below it: one operand is normal then.
An addend with bits under 2**-2 is less than 2**8: the sum is more than 2**9, and its guard bit 2**-2 or above.
"""
WINDOW = SIGNIFICAND + ABOVE + PRODUCT + BELOW
TOP = 1 + ABOVE + SIGNIFICAND - BIAS
"""The biased exponent of the window's highest bit is e_a + e_b + TOP; the product is below 2**2, the addend above."""
MULTIPLY_ADD = Window(first=PRODUCT, below=BELOW, magnitude=WINDOW + 1)
"""The first term is the product, the second the addend with one sticky bit for all that is shifted out below it."""


class HalfAlign(Component):
    """terms = a*b and c over one exponent; combinational.

    The addend starts `ABOVE` bits above the product and is shifted down to its place. An addend that belongs higher is
    not shifted: it is normal then, and the product, though too high, is still less than a quarter of its LSB, as it
    should be. Next to a product of zero, too, the addend stays where it is.
    """

    def __init__(self) -> None:
        super().__init__({"a": In(HALF), "b": In(HALF), "c": In(HALF), "terms": Out(MULTIPLY_ADD.terms)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        a, b, c, terms = self.a, self.b, self.c, self.terms

        zero = is_zero(a) | is_zero(b)
        top = Signal(EXPONENT + 1)
        apart = Signal(signed(EXPONENT + 2))
        distance = Signal(range(WINDOW + 1))
        m.d.comb += [
            top.eq(Mux(zero, 0, exponent(a) + exponent(b) + TOP)),
            apart.eq(top - exponent(c)),
            distance.eq(Mux(apart < 0, 0, Mux(apart > WINDOW, WINDOW, apart))),
        ]
        shifted = Cat(Const(0, WINDOW), significand(c)) >> distance
        below = len(shifted) - WINDOW

        sign = a.sign ^ b.sign
        product_infinite = is_infinite(a) | is_infinite(b)
        m.d.comb += [
            terms.first.eq(significand(a) * significand(b)),
            terms.second.eq(Cat(shifted[:below].any(), shifted[below:])),
            terms.exponent.eq(Mux(apart < 0, exponent(c), top)),
            # An infinite term gives its sign to the other one too: nothing is left to subtract.
            terms.first_sign.eq(Mux(is_infinite(c), c.sign, sign)),
            terms.second_sign.eq(Mux(product_infinite, sign, c.sign)),
            terms.infinite.eq(product_infinite | is_infinite(c)),
            terms.nan.eq(
                (is_nan(a) | is_nan(b) | is_nan(c))
                | (product_infinite & zero)
                | (product_infinite & is_infinite(c) & (sign != c.sign))
            ),
        ]
        return m
