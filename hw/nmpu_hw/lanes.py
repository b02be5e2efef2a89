"""The lane array: the group's codes and settings go to every lane, parameters are written to one."""

from amaranth.hdl import Array, Cat, Module, Mux, Signal, Value
from amaranth.lib import data
from amaranth.lib.wiring import Component, In, Out

from nmpu_hw.counters import SATURATIONS
from nmpu_hw.fixed import shape
from nmpu_hw.lane import Lane
from nmpu_hw.sequencer import group_layout
from nmpu_hw.settings import layer_settings
from nmpu_spec.config import CODE_BITS, Config
from nmpu_spec.cycles import PIPELINE
from nmpu_spec.parameters import WORD_BITS, inject_words, parameter_words
from nmpu_spec.registers import BANKS, CAPTURE_SLOTS, INJECT_SLOT


def vector_layout(config: Config) -> data.ArrayLayout:
    """One ADC beat: every column's codes, column 0 lowest; within a column p, then n."""
    column = data.StructLayout({branch: shape(config.adc.code) for branch in config.branches})
    return data.ArrayLayout(column, config.columns)


class Lanes(Component):
    """`config.lanes` lanes. Lane i works on column k*lanes + i of group k.

    vector        the ADC beat; `index`, `bank` select the group that enters
    slot_*, load_* as the sequencer drives them
    layer_<b>, mask_<b>   the settings and column enables of bank b
    host_*        the register block's port to parameters and test registers
    test          test mode: lanes take the injected codes in place of `vector` and `rx`
    capture_high  captured numbers show their upper half
    codes, <saturation>, enabled   one entry per lane, from the registers ``output`` and ``affine``
    """

    def __init__(self, config: Config) -> None:
        self.config = config
        settings, group = layer_settings(config), group_layout(config)
        super().__init__(
            {
                "vector": In(vector_layout(config)),
                "index": In(range(max(config.groups, 2))),
                "bank": In(1),
                **{f"slot_{register}": In(group) for register in PIPELINE},
                **{f"load_{register}": In(1) for register in PIPELINE},
                **{f"layer_{bank}": In(settings) for bank in range(BANKS)},
                **{f"mask_{bank}": In(config.columns) for bank in range(BANKS)},
                "rx": In(data.ArrayLayout(config.residual.code_bits, config.lanes)),
                "test": In(1),
                "capture_high": In(1),
                "host_write": In(1),
                "host_inject": In(1),
                "host_read": In(1),
                "host_test": In(1),
                "host_bank": In(range(BANKS)),
                "host_slot": In(range(max(CAPTURE_SLOTS.values()) + 1)),
                "host_column": In(range(max(config.columns, 2))),
                "host_data": In(WORD_BITS),
                "host_read_data": Out(WORD_BITS),
                "codes": Out(data.ArrayLayout(max(CODE_BITS), config.lanes)),
                "enabled": Out(config.lanes),
                **{name: Out(config.lanes) for name in SATURATIONS},
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        config = self.config
        groups, lanes = config.groups, config.lanes
        host_lane, address = self._host_port(m)
        fetch_address = Signal.like(address)
        affine_address = Signal.like(address)
        m.d.comb += [
            fetch_address.eq(Mux(self.host_read, address, self._address(self.bank, self.index))),
            affine_address.eq(Mux(self.host_read, address, self._address(self.slot_fetch.bank, self.slot_fetch.index))),
        ]
        affine_mask = self._mask(m, "affine_mask", self.slot_affine)
        output_mask = self._mask(m, "output_mask", self.slot_residual)
        residual = self._layer(m, "residual_layer", self.slot_norm)
        output = self._layer(m, "output_layer", self.slot_residual)

        readings: list[Value] = []
        for i in range(lanes):
            m.submodules[f"lane_{i}"] = lane = Lane(config)
            for branch in config.branches:
                column = Array(self.vector[group * lanes + i][branch] for group in range(groups))
                m.d.comb += getattr(lane, f"code_{branch}").eq(column[self.index])
            for register in PIPELINE:
                m.d.comb += getattr(lane, f"load_{register}").eq(getattr(self, f"load_{register}"))
            m.d.comb += [
                lane.affine_read.eq(self.load_fetch | self.host_read),
                lane.affine_address.eq(fetch_address),
                lane.norm_read.eq(self.load_affine | self.host_read),
                lane.norm_address.eq(affine_address),
                lane.write_address.eq(address),
                lane.host_data.eq(self.host_data),
                lane.test.eq(self.test),
                lane.capture_high.eq(self.capture_high),
                lane.host_test.eq(self.host_test),
                lane.host_slot.eq(self.host_slot),
                lane.rx.eq(self.rx[i]),
                lane.residual_layer.eq(residual),
                lane.output_layer.eq(output),
                lane.output_enable.eq(output_mask[i]),
                self.codes[i].eq(lane.code),
                self.enabled[i].eq(lane.enabled),
            ]
            for name in SATURATIONS:
                flag = getattr(lane, name)
                m.d.comb += getattr(self, name)[i].eq(flag & affine_mask[i] if name.startswith("affine") else flag)
            chosen = host_lane == i
            for word in range(parameter_words(config)):
                m.d.comb += getattr(lane, f"write_{word}").eq(self.host_write & chosen & (self.host_slot == 1 + word))
            for word in range(inject_words(config)):
                m.d.comb += getattr(lane, f"inject_{word}").eq(
                    self.host_inject & chosen & (self.host_slot == INJECT_SLOT + word)
                )
            readings.append(lane.host_read_data)
        m.d.comb += self.host_read_data.eq(Array(readings)[host_lane])
        return m

    def _host_port(self, m: Module) -> tuple[Signal, Signal]:
        """Lane and memory address of what the register block points at; a lane is its own column of group 0."""
        groups, lanes = self.config.groups, self.config.lanes
        group = Signal(range(max(groups, 2)), name="host_group")
        lane = Signal(range(max(lanes, 2)), name="host_lane")
        address = Signal(range(BANKS * groups), name="host_address")
        m.d.comb += lane.eq(self.host_column)
        for k in range(1, groups):
            with m.If(self.host_column >= k * lanes):
                m.d.comb += [group.eq(k), lane.eq(self.host_column - k * lanes)]
        m.d.comb += address.eq(self._address(self.host_bank, group))
        return lane, address

    def _address(self, bank: Value, index: Value) -> Value:
        groups = self.config.groups
        return Mux(bank, groups, 0) + (index if groups > 1 else 0)

    def _mask(self, m: Module, name: str, slot: Value) -> Signal:
        """The column enables of the group in `slot`, one per lane."""
        lanes = self.config.lanes
        mask = Signal(lanes, name=name)
        parts = [Array(bank[k * lanes : (k + 1) * lanes] for k in range(self.config.groups)) for bank in self._masks]
        m.d.comb += mask.eq(Mux(slot.bank, parts[1][slot.index], parts[0][slot.index]))
        return mask

    @property
    def _masks(self) -> list[Signal]:
        return [getattr(self, f"mask_{bank}") for bank in range(BANKS)]

    def _layer(self, m: Module, name: str, slot: Value) -> Signal:
        """The layer settings of the group in `slot`."""
        layer = Signal(layer_settings(self.config), name=name)
        m.d.comb += layer.eq(Mux(slot.bank, Cat(self.layer_1), Cat(self.layer_0)))
        return layer
