"""Second part of the multiply-add, and of the sum: the terms become one number."""

from amaranth.hdl import Cat, Const, Module, Mux, Signal, signed
from amaranth.lib.wiring import Component, In, Out

from nmpu_hw.half.window import Window


class HalfAdd(Component):
    """sum = first + second, exact but for the sticky bit, as sign and magnitude; combinational.

    The magnitude must have room for both terms: no bit is carried out of it.
    """

    def __init__(self, window: Window) -> None:
        self.window = window
        super().__init__({"terms": In(window.terms), "sum": Out(window.sum)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        terms, width = self.terms, self.window.magnitude
        subtract = terms.first_sign ^ terms.second_sign
        first = Cat(Const(0, self.window.below + 1), terms.first)
        second = Cat(terms.second, Const(0, 1)) ^ subtract.replicate(width + 1)
        total = Signal(signed(width + 1))
        # The lowest column carries in the one that completes the negation.
        m.d.comb += total.eq((Cat(subtract, first) + Cat(subtract, second))[1:])
        negative = total[-1]
        m.d.comb += [
            self.sum.magnitude.eq((total[:-1] ^ negative.replicate(width)) + negative),
            # What cancels exactly is +0; a sum of two zeros of the same sign keeps it.
            self.sum.sign.eq(Mux(total.any(), terms.first_sign ^ negative, terms.first_sign & terms.second_sign)),
            self.sum.exponent.eq(terms.exponent),
            self.sum.infinite.eq(terms.infinite),
            self.sum.nan.eq(terms.nan),
        ]
        return m
