"""First part of the sum: the operand with the smaller exponent is shifted to the other one."""

from amaranth.hdl import Cat, Const, Module, Mux, Signal
from amaranth.lib.wiring import Component, In, Out

from nmpu_hw.half.number import EXPONENT, HALF, SIGNIFICAND, exponent, is_infinite, is_nan, significand
from nmpu_hw.half.window import Window

BELOW = 2
"""Bits below the larger operand that are kept exactly; all further ones are sticky.

An operand that is shifted by more than one place takes at most one leading bit from the other: the guard is among the
two bits then.
"""
SUM = Window(first=SIGNIFICAND, below=BELOW, magnitude=1 + SIGNIFICAND + BELOW + 1)
"""One bit for the carry, the significand, two bits below it, one sticky bit."""
_LONGEST = SIGNIFICAND + BELOW


class HalfOrder(Component):
    """terms = a and b over the larger one's exponent; combinational."""

    def __init__(self) -> None:
        super().__init__({"a": In(HALF), "b": In(HALF), "terms": Out(SUM.terms)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        a, b, terms = self.a, self.b, self.terms
        swap = Signal()
        large, small = Signal(HALF), Signal(HALF)
        top, bottom, apart = (Signal(EXPONENT, name=name) for name in ("top", "bottom", "apart"))
        m.d.comb += [
            # Of equal exponents either may be the larger number: the sum is negative then, which the adder expects.
            swap.eq(a.exponent < b.exponent),
            large.eq(Mux(swap, Cat(b), Cat(a))),
            small.eq(Mux(swap, Cat(a), Cat(b))),
            top.eq(exponent(large)),
            bottom.eq(exponent(small)),
            apart.eq(top - bottom),
        ]
        distance = Mux(apart > _LONGEST, _LONGEST, apart)
        shifted = Cat(Const(0, _LONGEST + BELOW), significand(small)) >> distance
        m.d.comb += [
            terms.first.eq(significand(large)),
            terms.second.eq(Cat(shifted[:_LONGEST].any(), shifted[_LONGEST:])),
            terms.exponent.eq(top + 1),
            terms.first_sign.eq(large.sign),
            terms.second_sign.eq(small.sign),
            # An infinity is the larger one, whatever the other: its sign is that of the result.
            terms.infinite.eq(is_infinite(a) | is_infinite(b)),
            terms.nan.eq(is_nan(a) | is_nan(b) | (is_infinite(a) & is_infinite(b) & (a.sign != b.sign))),
        ]
        return m
