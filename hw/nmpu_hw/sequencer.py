"""The sequencer: which group is where, when it moves, and which bank it uses."""

from amaranth.hdl import Cat, Module, Mux, Signal
from amaranth.lib import data
from amaranth.lib.wiring import Component, In, Out

from nmpu_spec.config import Config
from nmpu_spec.registers import BANKS

COUNTED = ("busy", "wait_adc", "wait_rx", "stall_out")
"""What the unit does in a clock cycle, one of these."""


def group_layout(config: Config) -> data.StructLayout:
    """What travels with a group through the pipeline."""
    return data.StructLayout({"valid": 1, "index": range(max(config.groups, 2)), "last": 1, "bank": 1})


class Sequencer(Component):
    """Control of the rigid pipeline: `nmpu_spec.cycles.CycleModel` tells what it does.

    A group enters in every clock in which the pipeline can move and a vector is there; the vector is taken with its
    last group. Registers up to ``norm`` move together; the two after the rx join move even while rx is missing.

    index, bank        the group that enters, and its bank
    slot_<register>    the group in that pipeline register
    load_<register>    a group moves into it with this clock
    rx_wanted          a group waits for rx, or has it
    in_flight          a group is in the pipeline
    in_use             bit b: a vector uses bank b
    """

    def __init__(self, config: Config) -> None:
        self.config = config
        group = group_layout(config)
        super().__init__(
            {
                "enable": In(1),
                "bank_select": In(1),
                "rx_on": In(BANKS),
                "adc_valid": In(1),
                "adc_ready": Out(1),
                "rx_valid": In(1),
                "rx_first": In(1),
                "rx_last": In(1),
                "rx_ready": Out(1),
                "out_valid": Out(1),
                "out_ready": In(1),
                "index": Out(range(max(config.groups, 2))),
                "bank": Out(1),
                **{f"slot_{register}": Out(group) for register in config.pipeline.registers},
                **{f"load_{register}": Out(1) for register in config.pipeline.registers},
                "counted": Out(len(COUNTED)),
                "rx_misaligned": Out(1),
                "rx_wanted": Out(1),
                "busy": Out(1),
                "in_flight": Out(1),
                "in_use": Out(BANKS),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        groups, pipeline = self.config.groups, self.config.pipeline
        slots = {reg: Signal(group_layout(self.config), name=f"{reg}_group") for reg in pipeline.registers}
        for register, slot in slots.items():
            m.d.comb += getattr(self, f"slot_{register}").eq(slot)

        joining, leaving = slots["norm"], slots["output"]
        tail, head, open_, issued = (Signal(name=name) for name in ("tail", "head", "open", "issued"))
        wants_rx, first, last = (Signal(name=name) for name in ("wants_rx", "first", "last"))
        m.d.comb += [
            tail.eq(~leaving.valid | self.out_ready),
            wants_rx.eq(joining.valid & self.rx_on.bit_select(joining.bank, 1)),
            head.eq(tail & (~wants_rx | self.rx_valid)),
            first.eq(self.index == 0),
            last.eq(self.index == groups - 1),
            open_.eq(self.enable | ~first),
            issued.eq(head & open_ & self.adc_valid),
            self.adc_ready.eq(head & open_ & last),
            self.rx_ready.eq(tail & wants_rx),
            self.rx_wanted.eq(wants_rx),
            self.out_valid.eq(leaving.valid),
            self.rx_misaligned.eq(
                self.rx_ready
                & self.rx_valid
                & ((self.rx_first != (joining.index == 0)) | (self.rx_last != joining.last))
            ),
        ]

        # A vector keeps the bank that was selected when it began.
        begun = Signal(name="bank_begun")
        m.d.comb += self.bank.eq(Mux(first, self.bank_select, begun))
        with m.If(issued):
            m.d.sync += [self.index.eq(Mux(last, 0, self.index + 1)), begun.eq(self.bank)]

        entering = Signal(group_layout(self.config))
        m.d.comb += [
            entering.valid.eq(issued),
            entering.index.eq(self.index),
            entering.last.eq(last),
            entering.bank.eq(self.bank),
        ]
        source, moves = entering, head
        for register, slot in slots.items():
            if register == pipeline.after("norm"):
                # The rx join: while rx is missing the tail runs on, and a gap follows it.
                passing = Signal()
                m.d.comb += passing.eq(source.valid & head)
                moves = tail
            else:
                passing = source.valid
            with m.If(moves):
                m.d.sync += [slot.eq(source), slot.valid.eq(passing)]
            m.d.comb += getattr(self, f"load_{register}").eq(moves & passing)
            source = slot

        in_progress = Signal()
        flying = Cat(slot.valid for slot in slots.values()).any()
        m.d.comb += [
            in_progress.eq(~first | (self.enable & self.adc_valid)),
            self.busy.eq(in_progress | flying),
            self.in_flight.eq(flying),
        ]
        for bank in range(BANKS):
            used = Cat(slot.valid & (slot.bank == bank) for slot in slots.values()).any()
            m.d.comb += self.in_use[bank].eq(used | (in_progress & (self.bank == bank)))
        with m.If(self.enable | ~first | flying):
            m.d.comb += self.counted.eq(
                Cat(issued, head & ~issued, tail & ~head, ~tail)  # in the order of COUNTED
            )
        return m
