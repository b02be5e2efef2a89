"""The sum of halves."""

from amaranth.hdl import Module
from amaranth.lib.wiring import Component, In, Out

from nmpu_hw.half.add import HalfAdd
from nmpu_hw.half.number import HALF
from nmpu_hw.half.order import SUM, HalfOrder
from nmpu_hw.half.round import HalfRound


class HalfSum(Component):
    """result = a + b, rounded to nearest even; combinational. Parts as in `HalfMultiplyAdd`, in a narrower window."""

    def __init__(self) -> None:
        super().__init__({"a": In(HALF), "b": In(HALF), "result": Out(HALF)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.order = order = HalfOrder()
        m.submodules.add = add = HalfAdd(SUM)
        m.submodules.round = last = HalfRound(SUM)
        m.d.comb += [
            order.a.eq(self.a),
            order.b.eq(self.b),
            add.terms.eq(order.terms),
            last.sum.eq(add.sum),
            self.result.eq(last.result),
        ]
        return m
