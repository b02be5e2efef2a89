"""The unit: streams in and out, registers beside them."""

from amaranth.hdl import Cat, Module, Mux, Signal
from amaranth.lib import data, stream
from amaranth.lib.wiring import Component, In, Out, connect, flipped

from nmpu_hw.apb import apb_signature
from nmpu_hw.counters import SATURATIONS, Counters
from nmpu_hw.crc import Crc32
from nmpu_hw.lanes import Lanes, vector_layout
from nmpu_hw.registers import RegisterBlock, wire_name
from nmpu_hw.sequencer import COUNTED, Sequencer
from nmpu_hw.settings import layer_settings
from nmpu_spec.config import CODE_BITS, Config
from nmpu_spec.registers import BANKS, register_map


def beat_layout(lanes: int, code_bits: int) -> data.StructLayout:
    """A beat of ``rx`` or ``out``: the codes of one group, lane 0 lowest, and its place in the vector."""
    return data.StructLayout({"codes": data.ArrayLayout(code_bits, lanes), "first": 1, "last": 1})


class Nmpu(Component):
    """A near-memory processing unit (`nmpu_spec.config.Config`).

    adc   one beat = one vector: `vector_layout`; it must stay until it is taken with its last group
    rx    one beat = one group; taken when the group's BatchNorm is done, only while the layer has RX on
    out   one beat = one group
    apb   registers (``nmpu.rdl``)
    active_bank   the bank that the next group uses;  busy   as in STATUS
    scan_enable   opens every clock gate; there where the configuration has any
    """

    def __init__(self, config: Config) -> None:
        self.config = config
        super().__init__(
            {
                "adc": In(stream.Signature(vector_layout(config))),
                "rx": In(stream.Signature(beat_layout(config.lanes, config.residual.code_bits))),
                "out": Out(stream.Signature(beat_layout(config.lanes, max(CODE_BITS)))),
                "apb": In(apb_signature(register_map(config).address_bits)),
                "active_bank": Out(1),
                "busy": Out(1),
                **({"scan_enable": In(1)} if config.implementation.clock_gates else {}),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        config = self.config
        m.submodules.sequencer = sequencer = Sequencer(config)
        m.submodules.lanes = lanes = Lanes(config)
        m.submodules.registers = registers = RegisterBlock(config)
        m.submodules.counters = counters = Counters(config)
        m.submodules.crc = crc = Crc32(len(Cat(lanes.codes)))

        def stored(register: str, field: str) -> object:
            return getattr(registers, wire_name(register, field))

        connect(m, flipped(self.apb), registers.apb)
        test = registers.test_mode_on
        # A clock late, because the registers' locks depend on whether a group enters; no access comes that soon.
        push = Signal()
        m.d.sync += push.eq(registers.test_push_push)
        m.d.comb += [
            # In test mode groups come from the registers, one for each push, and nothing stalls them.
            sequencer.enable.eq(stored("ctrl", "enable") | test),
            sequencer.adc_valid.eq(Mux(test, push, self.adc.valid)),
            sequencer.rx_valid.eq(test | self.rx.valid),
            sequencer.out_ready.eq(test | self.out.ready),
            self.adc.ready.eq(sequencer.adc_ready & ~test),
            self.rx.ready.eq(sequencer.rx_ready & ~test),
            self.out.valid.eq(sequencer.out_valid & ~test),
            lanes.test.eq(test),
            lanes.capture_high.eq(registers.test_view_high),
            registers.test_mode_in_flight.eq(sequencer.in_flight),
        ]
        m.d.comb += [
            lanes.vector.eq(self.adc.payload),
            lanes.rx.eq(self.rx.payload.codes),
            lanes.rx_wanted.eq(sequencer.rx_wanted),
            sequencer.rx_first.eq(self.rx.payload.first),
            sequencer.rx_last.eq(self.rx.payload.last),
            self.out.payload.codes.eq(lanes.codes),
            self.out.payload.first.eq(sequencer.slot_output.index == 0),
            self.out.payload.last.eq(sequencer.slot_output.last),
            sequencer.bank_select.eq(stored("ctrl", "bank")),
            sequencer.rx_on.eq(Cat(stored(f"bank[{bank}].layer", "rx_on") for bank in range(BANKS))),
            lanes.index.eq(sequencer.index),
            lanes.bank.eq(sequencer.bank),
            registers.locked.eq(sequencer.in_use),
            registers.busy.eq(sequencer.busy),
            self.active_bank.eq(sequencer.bank),
            self.busy.eq(sequencer.busy),
        ]
        if config.implementation.clock_gates:
            m.d.comb += lanes.scan_enable.eq(self.scan_enable)
        for register in config.pipeline.registers:
            for prefix in ("slot", "load"):
                name = f"{prefix}_{register}"
                m.d.comb += getattr(lanes, name).eq(getattr(sequencer, name))
        for bank in range(BANKS):
            layer = getattr(lanes, f"layer_{bank}")
            for name in layer_settings(config).members:
                place = ("rx_scale", "scale") if name == "rx_scale" else ("layer", name)
                m.d.comb += layer[name].eq(stored(f"bank[{bank}].{place[0]}", place[1]))
            words = (config.columns + 31) // 32
            mask = Cat(stored(f"bank[{bank}].mask[{word}]", "columns") for word in range(words))
            m.d.comb += getattr(lanes, f"mask_{bank}").eq(mask)
        for name in ("write", "inject", "read", "test", "bank", "slot", "column", "data"):
            m.d.comb += getattr(lanes, f"host_{name}").eq(getattr(registers, f"host_{name}"))
        m.d.comb += registers.host_read_data.eq(lanes.host_read_data)
        self._count(m, sequencer, lanes, registers, counters, crc)
        return m

    def _count(
        self,
        m: Module,
        sequencer: Sequencer,
        lanes: Lanes,
        registers: RegisterBlock,
        counters: Counters,
        crc: Crc32,
    ) -> None:
        """Counters, CRC and status."""
        clear = registers.ctrl_clear
        delivered = Signal()
        m.d.comb += [
            delivered.eq(sequencer.out_valid & sequencer.out_ready),
            counters.clear.eq(clear),
            counters.counted.eq(sequencer.counted),
            counters.affine_leaves.eq(getattr(sequencer, f"load_{self.config.pipeline.after('affine')}")),
            counters.output_leaves.eq(delivered),
            counters.last.eq(sequencer.slot_output.last),
            counters.enabled.eq(lanes.enabled),
            crc.data.eq(lanes.codes),
            crc.take.eq(delivered),
            crc.clear.eq(clear),
            registers.out_crc_crc.eq(crc.crc),
            registers.out_beats_beats.eq(crc.beats),
            registers.status_busy.eq(sequencer.busy),
            registers.status_active_bank.eq(sequencer.bank),
            registers.status_in_use.eq(sequencer.in_use),
        ]
        for name in SATURATIONS:
            m.d.comb += getattr(counters, f"{name}_flags").eq(getattr(lanes, name))
        for name in ("cycles", *COUNTED, "vectors", "samples", *SATURATIONS):
            m.d.comb += getattr(registers, f"{name}_value").eq(getattr(counters, name))
        with m.If(clear):
            m.d.sync += registers.status_rx_misaligned.eq(0)
        with m.Elif(sequencer.rx_misaligned & ~registers.test_mode_on):
            m.d.sync += registers.status_rx_misaligned.eq(1)
