"""A clock gate, whose place a library's integrated clock-gating cell takes."""

from amaranth.hdl import ClockSignal, Module
from amaranth.lib.wiring import Component, In, Out


class ClockGate(Component):
    """`clock` follows the clock while `enable` or `scan_enable` was high when the clock rose.

    Amaranth has no latch, so this is the gate without the one that holds the enable while the clock is high;
    `nmpu_flow.verilog.emit` puts the whole gate in its place.
    """

    def __init__(self) -> None:
        super().__init__({"enable": In(1), "scan_enable": In(1), "clock": Out(1)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.d.comb += self.clock.eq(ClockSignal() & (self.enable | self.scan_enable))
        return m
