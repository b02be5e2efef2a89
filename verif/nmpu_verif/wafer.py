"""Units side by side under one top: many faulty ones are built, and simulated, at once."""

from collections.abc import Sequence

from amaranth.hdl import Module, Value
from amaranth.lib.wiring import Component, In

from nmpu_hw.nmpu import Nmpu


class Wafer(Component):
    """`units` of one configuration's shape with one set of pins, those of `Nmpu`.

    `die` selects the unit that sees valid, ready and PSEL, and that drives what comes out; the others stand still.
    """

    def __init__(self, units: Sequence[Nmpu]) -> None:
        self.units = units
        super().__init__({**units[0].signature.members, "die": In(range(len(units)))})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        for number, unit in enumerate(self.units):
            m.submodules[f"die_{number}"] = unit
            here = self.die == number
            m.d.comb += [
                Value.cast(unit.adc.payload).eq(self.adc.payload),
                Value.cast(unit.rx.payload).eq(self.rx.payload),
                unit.adc.valid.eq(self.adc.valid & here),
                unit.rx.valid.eq(self.rx.valid & here),
                unit.out.ready.eq(self.out.ready & here),
                unit.apb.psel.eq(self.apb.psel & here),
            ]
            for pin in ("penable", "pwrite", "paddr", "pwdata", "pstrb", "pprot"):
                m.d.comb += getattr(unit.apb, pin).eq(getattr(self.apb, pin))
            with m.If(here):
                m.d.comb += [
                    self.adc.ready.eq(unit.adc.ready),
                    self.rx.ready.eq(unit.rx.ready),
                    self.out.valid.eq(unit.out.valid),
                    Value.cast(self.out.payload).eq(unit.out.payload),
                    self.active_bank.eq(unit.active_bank),
                    self.busy.eq(unit.busy),
                ]
                for pin in ("pready", "prdata", "pslverr"):
                    m.d.comb += getattr(self.apb, pin).eq(getattr(unit.apb, pin))
        return m
