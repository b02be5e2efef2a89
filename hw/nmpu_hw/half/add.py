"""Second part of the multiply-add: the sum of product and addend."""

from amaranth.hdl import Cat, Const, Module, Mux, Signal, signed
from amaranth.lib import data
from amaranth.lib.wiring import Component, In, Out

from nmpu_hw.half.align import BELOW, MAGNITUDE, TERMS
from nmpu_hw.half.number import EXPONENT

SUM = data.StructLayout(
    {"magnitude": MAGNITUDE, "sign": 1, "exponent": EXPONENT + 1, "infinite": 1, "nan": 1},
)
"""The sum before rounding; `exponent` is the biased one of the highest bit of `magnitude`."""


class HalfAdd(Component):
    """sum = product + addend, exact but for the sticky bit, as sign and magnitude; combinational.

    No bit above the addend is needed: where it stands highest, the product is far below.
    """

    def __init__(self) -> None:
        super().__init__({"terms": In(TERMS), "sum": Out(SUM)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        terms = self.terms
        subtract = terms.product_sign ^ terms.addend_sign
        product = Cat(Const(0, BELOW + 1), terms.product)
        addend = Cat(terms.addend, Const(0, 1)) ^ subtract.replicate(MAGNITUDE + 1)
        total = Signal(signed(MAGNITUDE + 1))
        # The lowest column carries in the one that completes the negation.
        m.d.comb += total.eq((Cat(subtract, product) + Cat(subtract, addend))[1:])
        negative = total[-1]
        m.d.comb += [
            self.sum.magnitude.eq((total[:-1] ^ negative.replicate(MAGNITUDE)) + negative),
            # What cancels exactly is +0; a sum of two zeros of the same sign keeps it.
            self.sum.sign.eq(Mux(total.any(), terms.product_sign ^ negative, terms.product_sign & terms.addend_sign)),
            self.sum.exponent.eq(terms.exponent),
            self.sum.infinite.eq(terms.infinite),
            self.sum.nan.eq(terms.nan),
        ]
        return m
