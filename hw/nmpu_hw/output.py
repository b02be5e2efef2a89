"""Stage output: the run-time shift and the second compression make the code that leaves the unit."""

from amaranth.hdl import Cat, Const, Module, Signal, Value, signed
from amaranth.lib.wiring import Component, In, Out

from nmpu_hw.code import WIDEST, fit_code
from nmpu_hw.fixed import increment, shape
from nmpu_spec.config import CODE_BITS, Config


class Output(Component):
    """code = compression(total / 2**shift) in the run-time format, sign- or zero-extended to 8 bits; combinational.

    `width` is the register field ``out_width``. The shifter remembers the bits that fall out (sticky), so the number
    is rounded once and exactly, whatever the shift.
    """

    def __init__(self, config: Config) -> None:
        self.config = config
        super().__init__(
            {
                "total": In(shape(config.total_format)),
                "shift": In(config.output.shift_bits),
                "width": In(range(len(CODE_BITS) + 1)),
                "is_signed": In(1),
                "enable": In(1),
                "code": Out(WIDEST),
                "high": Out(1),
                "low": Out(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        compression = self.config.output.compression
        target = self.config.code_format(WIDEST, signed=True)
        bits = compression.rounded_bits(self.config.total_format, target)

        # `halves` keeps one bit, the guard, below the integer; at least one must exist for the shifter to round on.
        kept: Value = self.total[compression.cut_before :]
        if bits == 0:
            kept, bits = Cat(Const(0, 1), kept), 1
        halves = Signal(signed(len(kept) - bits + 1))
        shifted = Signal.like(halves)
        # Where the shift is more than the width, copies of the sign fall out too, and only the sign is left.
        fallen = halves & ((1 << self.shift) - 1)
        m.d.comb += [halves.eq(kept[bits - 1 :]), shifted.eq(halves >> self.shift)]
        sticky = kept[: bits - 1].any() | fallen.any()
        truncated = shifted[1:].as_signed()
        rounded = Signal(signed(len(truncated) + 1))
        m.d.comb += rounded.eq(
            truncated
            + increment(compression.rounding, guard=shifted[0], sticky=sticky, odd=truncated[0], negative=shifted[-1])
        )
        value = rounded[compression.cut_after :].as_signed()
        code, high, low = fit_code(value, self.width, self.is_signed, compression.overflow)
        with m.If(self.enable):
            m.d.comb += [self.code.eq(code), self.high.eq(high), self.low.eq(low)]
        return m
