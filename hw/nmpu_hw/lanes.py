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
from nmpu_spec.parameters import WORD_BITS, parameter_words
from nmpu_spec.registers import BANKS


def vector_layout(config: Config) -> data.ArrayLayout:
    """One ADC beat: every column's codes, column 0 lowest; within a column p, then n."""
    column = data.StructLayout({branch: shape(config.adc.code) for branch in config.branches})
    return data.ArrayLayout(column, config.columns)


class Lanes(Component):
    """`config.lanes` lanes. Lane i works on column k*lanes + i of group k.

    vector        the ADC beat; `index`, `bank` select the group that enters
    slot_*, load_* as the sequencer drives them
    layer_<b>, mask_<b>   the settings and column enables of bank b
    memory_*      the parameter port of the register block
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
                "memory_write": In(1),
                "memory_read": In(1),
                "memory_bank": In(range(BANKS)),
                "memory_word": In(range(max(parameter_words(config), 2))),
                "memory_column": In(range(max(config.columns, 2))),
                "memory_data": In(WORD_BITS),
                "memory_read_data": Out(WORD_BITS),
                "codes": Out(data.ArrayLayout(max(CODE_BITS), config.lanes)),
                "enabled": Out(config.lanes),
                **{name: Out(config.lanes) for name in SATURATIONS},
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        config = self.config
        groups, lanes = config.groups, config.lanes
        memory_lane, address = self._host_port(m)
        fetch_address = Signal.like(address)
        affine_address = Signal.like(address)
        m.d.comb += [
            fetch_address.eq(Mux(self.memory_read, address, self._address(self.bank, self.index))),
            affine_address.eq(
                Mux(self.memory_read, address, self._address(self.slot_fetch.bank, self.slot_fetch.index))
            ),
        ]
        affine_mask = self._mask(m, "affine_mask", self.slot_affine)
        output_mask = self._mask(m, "output_mask", self.slot_residual)
        residual = self._layer(m, "residual_layer", self.slot_norm)
        output = self._layer(m, "output_layer", self.slot_residual)

        words: list[list[Value]] = [[] for _ in range(parameter_words(config))]
        for i in range(lanes):
            m.submodules[f"lane_{i}"] = lane = Lane(config)
            for branch in config.branches:
                column = Array(self.vector[group * lanes + i][branch] for group in range(groups))
                m.d.comb += getattr(lane, f"code_{branch}").eq(column[self.index])
            for register in PIPELINE:
                m.d.comb += getattr(lane, f"load_{register}").eq(getattr(self, f"load_{register}"))
            m.d.comb += [
                lane.affine_read.eq(self.load_fetch | self.memory_read),
                lane.affine_address.eq(fetch_address),
                lane.norm_read.eq(self.load_affine | self.memory_read),
                lane.norm_address.eq(affine_address),
                lane.write_address.eq(address),
                lane.write_data.eq(self.memory_data),
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
            for word, selected in enumerate(words):
                chosen = self.memory_write & (memory_lane == i) & (self.memory_word == word)
                m.d.comb += getattr(lane, f"write_{word}").eq(chosen)
                selected.append(getattr(lane, f"word_{word}"))
        m.d.comb += self.memory_read_data.eq(
            Array(Array(selected)[memory_lane] for selected in words)[self.memory_word]
        )
        return m

    def _host_port(self, m: Module) -> tuple[Signal, Signal]:
        """Lane and memory address of the column that the register block points at."""
        groups, lanes = self.config.groups, self.config.lanes
        group = Signal(range(max(groups, 2)), name="memory_group")
        lane = Signal(range(max(lanes, 2)), name="memory_lane")
        address = Signal(range(BANKS * groups), name="memory_address")
        m.d.comb += lane.eq(self.memory_column)
        for k in range(1, groups):
            with m.If(self.memory_column >= k * lanes):
                m.d.comb += [group.eq(k), lane.eq(self.memory_column - k * lanes)]
        m.d.comb += address.eq(self._address(self.memory_bank, group))
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
