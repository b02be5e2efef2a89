"""Compression to a fixed format: cut, round, cut, saturate or wrap."""

from amaranth.hdl import Module, Signal, signed
from amaranth.lib.wiring import Component, In, Out

from nmpu_hw.fixed import fit, increment, shape
from nmpu_spec.compression import Compression
from nmpu_spec.formats import Format


class Compress(Component):
    """code = compression(value); high, low: the rounded number lay above, below the target; combinational.

    Rounding looks at guard (the half), sticky (below it), the lowest bit that stays and the sign, and adds at most one.
    """

    def __init__(self, compression: Compression, source: Format, target: Format) -> None:
        self.compression = compression
        self.target = target
        self.bits = compression.rounded_bits(source, target)
        super().__init__({"value": In(shape(source)), "code": Out(shape(target)), "high": Out(1), "low": Out(1)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        compression, bits = self.compression, self.bits
        kept = self.value[compression.cut_before :].as_signed()
        truncated = kept[bits:].as_signed()
        rounded = Signal(signed(len(truncated) + 1))
        m.d.comb += rounded.eq(truncated)
        if bits:
            raised = increment(
                compression.rounding,
                guard=kept[bits - 1],
                sticky=kept[: bits - 1].any(),
                odd=truncated[0],
                negative=kept[-1],
            )
            m.d.comb += rounded.eq(truncated + raised)
        value = rounded[compression.cut_after :].as_signed()
        code, high, low = fit(value, self.target.width, self.target.signed, compression.overflow)
        m.d.comb += [self.code.eq(code), self.high.eq(high), self.low.eq(low)]
        return m
