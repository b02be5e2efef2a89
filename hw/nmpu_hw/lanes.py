"""The lane array: the group's codes and settings go to every lane, parameters are written to one."""

from typing import Any

from amaranth.hdl import Array, Cat, Module, Mux, Signal, Value
from amaranth.lib import data
from amaranth.lib.wiring import Component, In, Out

from nmpu_hw.clock_gate import ClockGate
from nmpu_hw.counters import SATURATIONS
from nmpu_hw.fixed import shape
from nmpu_hw.lane import Lane
from nmpu_hw.sequencer import group_layout
from nmpu_hw.settings import layer_settings
from nmpu_spec.config import CODE_BITS, Config
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
    rx_wanted     the group in ``norm`` takes `rx`; without it, what is on the stream stays out of the lanes
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
                **{f"slot_{register}": In(group) for register in config.pipeline.registers},
                **{f"load_{register}": In(1) for register in config.pipeline.registers},
                **{f"layer_{bank}": In(settings) for bank in range(BANKS)},
                **{f"mask_{bank}": In(config.columns) for bank in range(BANKS)},
                "rx": In(data.ArrayLayout(config.residual.code_bits, config.lanes)),
                "rx_wanted": In(1),
                **({"scan_enable": In(1)} if config.implementation.clock_gates else {}),
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
        reads = {stage: self._read_address(m, stage, address) for stage in config.pipeline.reads}
        layers = {register: self._layer(m, register) for register in config.pipeline.layers}
        affine_mask = self._mask(m, "affine_mask", self.slot_affine)
        output_mask = self._mask(m, "output_mask", self._source("output"))

        clocks = self._gated_clocks(m, host_lane)
        readings: list[Value] = []
        for i in range(lanes):
            m.submodules[f"lane_{i}"] = lane = Lane(config)
            if clocks:
                lane.gated_clock = clocks[i * len(clocks) // lanes]
            for branch in config.branches:
                column = Array(self.vector[group * lanes + i][branch] for group in range(groups))
                m.d.comb += getattr(lane, f"code_{branch}").eq(column[self.index])
            for register in config.pipeline.registers:
                m.d.comb += getattr(lane, f"load_{register}").eq(getattr(self, f"load_{register}"))
            for stage, (read, read_address) in reads.items():
                m.d.comb += [
                    getattr(lane, f"{stage}_read").eq(read),
                    getattr(lane, f"{stage}_address").eq(read_address),
                ]
            for register, layer in layers.items():
                m.d.comb += getattr(lane, f"layer_{register}").eq(layer)
            m.d.comb += [
                lane.write_address.eq(address),
                lane.host_data.eq(self.host_data),
                lane.test.eq(self.test),
                lane.capture_high.eq(self.capture_high),
                lane.host_test.eq(self.host_test),
                lane.host_slot.eq(self.host_slot),
                lane.rx.eq(self.rx[i] & self.rx_wanted.replicate(len(lane.rx))),
                lane.enable.eq(output_mask[i]),
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
        if lanes & (lanes - 1) == 0:
            bits = lanes.bit_length() - 1
            m.d.comb += [lane.eq(self.host_column[:bits]), group.eq(self.host_column[bits:])]
        else:
            m.d.comb += lane.eq(self.host_column)
            for k in range(1, groups):
                with m.If(self.host_column >= k * lanes):
                    m.d.comb += [group.eq(k), lane.eq(self.host_column - k * lanes)]
        m.d.comb += address.eq(self._address(self.host_bank, group))
        return lane, address

    def _gated_clocks(self, m: Module, host_lane: Value) -> list[Signal]:
        """The lanes' clocks: each runs while groups move or the register bus works on one of its lanes."""
        gates = self.config.implementation.clock_gates
        if not gates:
            return []
        lanes = self.config.lanes // gates
        # The lanes' own copy of the mode takes the clock after the mode ends, too.
        tested = Signal()
        m.d.sync += tested.eq(self.test)
        moving = Cat(getattr(self, f"load_{register}") for register in self.config.pipeline.registers).any()
        clocks = []
        for i in range(gates):
            m.submodules[f"clock_gate_{i}"] = gate = ClockGate()
            host = self.host_write | self.host_inject | self.host_read
            above = host_lane >= i * lanes if i else 1
            here = above & (host_lane < (i + 1) * lanes)
            m.d.comb += [
                gate.enable.eq(moving | self.test | tested | (host & here)),
                gate.scan_enable.eq(self.scan_enable),
            ]
            clocks.append(gate.clock)
        return clocks

    def _source(self, register: str) -> Any:
        """The group that moves into `register`, as far as its bank and index go."""
        before = self.config.pipeline.before(register)
        return self if before is None else getattr(self, f"slot_{before}")

    def _read_address(self, m: Module, stage: str, host_address: Value) -> tuple[Signal, Signal]:
        """When the parameter memories of `stage` are read, and where: for a group, or for the register bus."""
        register = self.config.pipeline.reads[stage]
        group = self._source(register)
        read, address = Signal(name=f"{stage}_read"), Signal.like(host_address, name=f"{stage}_address")
        m.d.comb += [
            read.eq(getattr(self, f"load_{register}") | self.host_read),
            address.eq(Mux(self.host_read, host_address, self._address(group.bank, group.index))),
        ]
        return read, address

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

    def _layer(self, m: Module, register: str) -> Signal:
        """The layer settings of the group that moves into `register`.

        They are fetched a clock before, with the group's move into the register before: every lane waits for them.
        """
        layer = Signal(layer_settings(self.config), name=f"layer_{register}_q", reset_less=True)
        before = self.config.pipeline.before(register)
        assert before is not None, "no group brings its settings along when it enters"
        with m.If(getattr(self, f"load_{before}")):
            m.d.sync += layer.eq(Mux(self._source(before).bank, Cat(self.layer_1), Cat(self.layer_0)))
        return layer
