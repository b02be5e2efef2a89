"""ReLU, which stands after the BatchNorm (1) and after the residual add (2)."""

from amaranth.hdl import Module, Mux
from amaranth.lib.wiring import Component, In, Out

from nmpu_hw.fixed import shape
from nmpu_spec.formats import Format


class Relu(Component):
    """rectified = max(value, 0) where enabled, otherwise value; combinational."""

    def __init__(self, node: Format) -> None:
        super().__init__({"value": In(shape(node)), "enable": In(1), "rectified": Out(shape(node))})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.d.comb += self.rectified.eq(Mux(self.enable & self.value[-1], 0, self.value))
        return m
