"""Stage output: the run-time shift and the second compression make the code that leaves the unit."""

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value, signed
from amaranth.lib.wiring import Component, In, Out

from nmpu_hw.fixed import fit, increment, shape
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
                "code": Out(max(CODE_BITS)),
                "high": Out(1),
                "low": Out(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        compression = self.config.output.compression
        target = self.config.code_format(max(CODE_BITS), signed=True)
        bits = compression.rounded_bits(self.config.total_format, target)

        # `halves` keeps one bit, the guard, below the integer; at least one must exist for the shifter to round on.
        kept: Value = self.total[compression.cut_before :]
        if bits == 0:
            kept, bits = Cat(Const(0, 1), kept), 1
        sticky: Value = kept[: bits - 1].any()
        halves: Value = kept[bits - 1 :].as_signed()
        for place in range(len(self.shift)):
            distance = 1 << place
            # Where the distance is more than the width, copies of the sign fall out too, and only the sign is left.
            sticky = sticky | (self.shift[place] & halves[: min(distance, len(halves))].any())
            far = halves[min(distance, len(halves) - 1) :].as_signed()
            shifted = Signal(signed(len(halves)), name=f"shifted_{place}")
            m.d.comb += shifted.eq(Mux(self.shift[place], far, halves))
            halves = shifted
        truncated = halves[1:].as_signed()
        rounded = Signal(signed(len(truncated) + 1))
        m.d.comb += rounded.eq(
            truncated
            + increment(compression.rounding, guard=halves[0], sticky=sticky, odd=truncated[0], negative=halves[-1])
        )
        value = rounded[compression.cut_after :].as_signed()
        with m.Switch(Cat(self.is_signed, self.width)):
            for choice, width in [*enumerate(CODE_BITS), (len(CODE_BITS), max(CODE_BITS))]:
                for negatives in (False, True):
                    raw, high, low = fit(value, width, negatives, compression.overflow)
                    with m.Case(choice << 1 | negatives), m.If(self.enable):
                        m.d.comb += [
                            self.code.eq(raw.as_signed() if negatives else raw),
                            self.high.eq(high),
                            self.low.eq(low),
                        ]
        return m
