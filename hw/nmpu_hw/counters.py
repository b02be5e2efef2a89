"""The counters that the register map shows."""

from amaranth.hdl import Module, Signal
from amaranth.lib.wiring import Component, In, Out

from nmpu_hw.fixed import popcount
from nmpu_hw.sequencer import COUNTED
from nmpu_spec.config import Config

SATURATIONS = ("affine_high", "affine_low", "output_high", "output_low")
_BITS = 32


class Counters(Component):
    """Each counts modulo 2**32; `clear` zeroes all of them and loses what happens in that clock.

    The saturations and `enabled` are one bit per lane. ``cycles`` is the number of clocks in which any bit of
    `counted` was set.
    """

    def __init__(self, config: Config) -> None:
        self.config = config
        names = ("cycles", *COUNTED, "vectors", "samples", *SATURATIONS)
        super().__init__(
            {
                "clear": In(1),
                "counted": In(len(COUNTED)),
                "affine_leaves": In(1),
                "output_leaves": In(1),
                "last": In(1),
                "enabled": In(config.lanes),
                **{f"{name}_flags": In(config.lanes) for name in SATURATIONS},
                **{name: Out(_BITS) for name in names},
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.d.sync += self.cycles.eq(self.cycles + self.counted.any())
        for place, name in enumerate(COUNTED):
            counter = getattr(self, name)
            m.d.sync += counter.eq(counter + self.counted[place])
        with m.If(self.output_leaves):
            m.d.sync += [self.vectors.eq(self.vectors + self.last), self._add(m, "samples", self.enabled)]
            for name in SATURATIONS[2:]:
                m.d.sync += self._add(m, name, getattr(self, f"{name}_flags"))
        with m.If(self.affine_leaves):
            for name in SATURATIONS[:2]:
                m.d.sync += self._add(m, name, getattr(self, f"{name}_flags"))
        with m.If(self.clear):
            for name in ("cycles", *COUNTED, "vectors", "samples", *SATURATIONS):
                m.d.sync += getattr(self, name).eq(0)
        return m

    def _add(self, m: Module, name: str, flags: Signal) -> object:
        counter = getattr(self, name)
        return counter.eq(counter + popcount(list(flags)))
