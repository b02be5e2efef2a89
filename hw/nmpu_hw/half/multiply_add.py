"""The fused multiply-add of halves, and what its three parts hand to each other."""

from amaranth.hdl import Module
from amaranth.lib.wiring import Component, In, Out

from nmpu_hw.half.add import HalfAdd
from nmpu_hw.half.align import MULTIPLY_ADD, HalfAlign
from nmpu_hw.half.number import HALF
from nmpu_hw.half.round import HalfRound


class HalfMultiplyAdd(Component):
    """result = a*b + c, rounded once, to nearest even; combinational.

    A pipelined user places the three parts itself, with registers between: their wires are one structure each.
    """

    def __init__(self) -> None:
        super().__init__({"a": In(HALF), "b": In(HALF), "c": In(HALF), "result": Out(HALF)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.align = align = HalfAlign()
        m.submodules.add = add = HalfAdd(MULTIPLY_ADD)
        m.submodules.round = last = HalfRound(MULTIPLY_ADD)
        m.d.comb += [
            align.a.eq(self.a),
            align.b.eq(self.b),
            align.c.eq(self.c),
            add.terms.eq(align.terms),
            last.sum.eq(add.sum),
            self.result.eq(last.result),
        ]
        return m
