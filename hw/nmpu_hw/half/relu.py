"""ReLU of a half."""

from amaranth.hdl import Cat, Module, Mux
from amaranth.lib.wiring import Component, In, Out

from nmpu_hw.half.number import HALF


class HalfRelu(Component):
    """rectified = +0 for a negative value (also -0 and -infinity) where enabled, otherwise value; combinational.

    NaN stays: the one that these units deliver has no sign.
    """

    def __init__(self) -> None:
        super().__init__({"value": In(HALF), "enable": In(1), "rectified": Out(HALF)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.d.comb += self.rectified.eq(Mux(self.enable & self.value.sign, 0, Cat(self.value)))
        return m
