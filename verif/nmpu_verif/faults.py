"""Faulty units: an `Nmpu` with one thing wrong, made by overruling a wire or replacing a part of it."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from types import ModuleType
from typing import Any, TypeVar
from unittest.mock import patch

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value
from amaranth.lib.wiring import Component

import nmpu_hw.datapath
import nmpu_hw.lane
import nmpu_hw.lanes
from nmpu_hw.compress import Compress
from nmpu_hw.datapath import DataPath
from nmpu_hw.lane import Lane
from nmpu_hw.nmpu import Nmpu
from nmpu_hw.norm import Norm
from nmpu_spec.config import Config
from nmpu_spec.overflow import Overflow
from nmpu_spec.parameters import parameter_fields
from nmpu_spec.registers import BANKS
from nmpu_spec.rounding import Rounding

_Component = TypeVar("_Component", bound=Any)
Overrule = Callable[[Module, "Nmpu"], None]
"""Adds statements to the finished unit; of two drivers of a wire the later one counts."""


class Overruled(Nmpu):
    """The unit with some of its wires overruled."""

    def __init__(self, overrule: Overrule, config: Config) -> None:
        super().__init__(config)
        self.overrule = overrule

    def elaborate(self, platform: object) -> Module:
        m = super().elaborate(platform)
        self.overrule(m, self)
        return m


class Rebuilt(Nmpu):
    """The unit with `part` of the data path (a class that nmpu_hw.datapath uses) replaced, in one lane or in all."""

    def __init__(self, part: str, replacement: Callable[..., Component], lane: int | None, config: Config) -> None:
        super().__init__(config)
        self.part, self.replacement, self.lane = part, replacement, lane

    def elaborate(self, platform: object) -> Module:
        m = super().elaborate(platform)
        made = iter(range(self.config.lanes))

        def path(config: Config) -> DataPath:
            return _elaborated_with(nmpu_hw.datapath, self.part, self.replacement, DataPath(config))

        def lane(config: Config) -> Lane:
            one = Lane(config)
            if self.lane in (None, next(made)):
                _elaborated_with(nmpu_hw.lane, "DataPath", path, one)
            return one

        _elaborated_with(nmpu_hw.lanes, "Lane", lane, m.submodules.lanes)
        return m


def _elaborated_with(module: ModuleType, name: str, value: object, component: _Component) -> _Component:
    """`component`, for whose elaboration alone `name` in its module is `value`."""
    whole = component.elaborate

    def elaborate(platform: object) -> Module:
        with patch.object(module, name, value):
            return whole(platform)

    component.elaborate = elaborate
    return component


# -- output bits and lanes -------------------------------------------------------------------------------------------


def stuck_output_bit(bit: int, value: int, lane: int | None, group: int | None, m: Module, unit: Nmpu) -> None:
    here = Const(1) if group is None else m.submodules.sequencer.slot_output.index == group
    for one in range(unit.config.lanes) if lane is None else [lane]:
        with m.If(here):
            m.d.comb += unit.out.payload.codes[one][bit].eq(value)


def rewired_output(order: list[int], m: Module, unit: Nmpu) -> None:
    """Bit i of every code is bit `order[i]` of the right one."""
    for lane in range(unit.config.lanes):
        code = m.submodules.lanes.codes[lane]
        m.d.comb += unit.out.payload.codes[lane].eq(Cat(code[bit] for bit in order))


def dead_lane(lane: int, value: int, m: Module, unit: Nmpu) -> None:
    m.d.comb += unit.out.payload.codes[lane].eq(value)


def late_lane(lane: int, m: Module, unit: Nmpu) -> None:
    """The lane shows what it had with the last beat that was taken."""
    before = Signal.like(m.submodules.lanes.codes[lane], name="before")
    with m.If(unit.out.valid & unit.out.ready):
        m.d.sync += before.eq(m.submodules.lanes.codes[lane])
    m.d.comb += unit.out.payload.codes[lane].eq(before)


# -- order -----------------------------------------------------------------------------------------------------------


def ordered_outputs(source: Callable[[int], int], m: Module, unit: Nmpu) -> None:
    """Lane i shows the code of lane `source(i)`."""
    for lane in range(unit.config.lanes):
        m.d.comb += unit.out.payload.codes[lane].eq(m.submodules.lanes.codes[source(lane)])


def ordered_adc(distance: int, m: Module, unit: Nmpu) -> None:
    """Column c gets the codes of column c + `distance`."""
    columns = unit.config.columns
    for column in range(columns):
        m.d.comb += m.submodules.lanes.vector[column].eq(unit.adc.payload[(column + distance) % columns])


def shifted_parameters(m: Module, unit: Nmpu) -> None:
    """What is written for a column goes to the next one."""
    lanes, last = m.submodules.lanes, unit.config.columns - 1
    column = m.submodules.registers.host_column
    m.d.comb += lanes.host_column.eq(Mux(column == last, 0, column + 1))


def swapped_branches(m: Module, unit: Nmpu) -> None:
    for column in range(unit.config.columns):
        codes, vector = unit.adc.payload[column], m.submodules.lanes.vector[column]
        m.d.comb += [vector.p.eq(codes.n), vector.n.eq(codes.p)]


# -- settings --------------------------------------------------------------------------------------------------------


def setting(name: str, value: int, bit: int | None, m: Module, _unit: Nmpu) -> None:
    """A setting of the layer, or one of its bits, as the lanes see it in both banks."""
    for bank in range(BANKS):
        field = getattr(m.submodules.lanes, f"layer_{bank}")[name]
        m.d.comb += (field if bit is None else field[bit]).eq(value)


def exchanged_relus(m: Module, _unit: Nmpu) -> None:
    for bank in range(BANKS):
        layer, registers = getattr(m.submodules.lanes, f"layer_{bank}"), m.submodules.registers
        m.d.comb += [
            layer.relu_1.eq(getattr(registers, f"bank{bank}_layer_relu_2")),
            layer.relu_2.eq(getattr(registers, f"bank{bank}_layer_relu_1")),
        ]


def no_rx(m: Module, unit: Nmpu) -> None:
    """RX is off for the lanes and for the sequencer, which takes no beat."""
    setting("rx_on", 0, None, m, unit)
    m.d.comb += m.submodules.sequencer.rx_on.eq(0)


def no_mask(m: Module, _unit: Nmpu) -> None:
    for bank in range(BANKS):
        mask = getattr(m.submodules.lanes, f"mask_{bank}")
        m.d.comb += mask.eq(~Const(0, len(mask)))


# -- parameters ------------------------------------------------------------------------------------------------------


def written_otherwise(name: str, column: int, value: int, bit: int | None, m: Module, unit: Nmpu) -> None:
    """A parameter of a column, or one of its bits, is written with another value than the bus has."""
    field = next(field for field in parameter_fields(unit.config) if field.name == name)
    lanes = m.submodules.lanes
    data = lanes.host_data[field.lsb : field.msb + 1]
    with m.If(_writes(m, field.word, column)):
        m.d.comb += (data if bit is None else data[bit]).eq(value)


def written_once(word: int, column: int | None, m: Module, unit: Nmpu) -> None:
    """A parameter word of a column, or of all, keeps what was loaded first."""
    loaded = Signal(name="loaded")
    last = unit.config.columns - 1 if column is None else column
    with m.If(_writes(m, word, last)):
        m.d.sync += loaded.eq(1)
    with m.If(loaded & _writes(m, word, column)):
        m.d.comb += m.submodules.lanes.host_write.eq(0)


def _writes(m: Module, word: int, column: int | None) -> Value:
    registers = m.submodules.registers
    this = registers.host_write & (registers.host_slot == 1 + word)
    return this if column is None else this & (registers.host_column == column)


# -- streams ---------------------------------------------------------------------------------------------------------


def lost_beat(stream: str, number: int, m: Module, unit: Nmpu) -> None:
    """Beat `number` after CTRL.clear is taken from its source, and reaches nobody."""
    ends = _ends(stream, m, unit)
    with m.If(_counted(m, ends.offered & ends.taken) == number):
        m.d.comb += [ends.passed.eq(0), ends.taken.eq(1)]


def doubled_beat(stream: str, number: int, m: Module, unit: Nmpu) -> None:
    """Beat `number` after CTRL.clear is passed on, and then once more."""
    ends = _ends(stream, m, unit)
    with m.If(_counted(m, ends.passed & ends.wanted) == number):
        m.d.comb += ends.taken.eq(0)


@dataclass(frozen=True)
class _Ends:
    """Where a stream enters or leaves: valid and ready of its source, valid and ready of its sink."""

    offered: Signal
    taken: Signal
    passed: Signal
    wanted: Signal


def _ends(stream: str, m: Module, unit: Nmpu) -> _Ends:
    sequencer, port = m.submodules.sequencer, getattr(unit, stream)
    inside = (getattr(sequencer, f"{stream}_valid"), getattr(sequencer, f"{stream}_ready"))
    return _Ends(*inside, port.valid, port.ready) if stream == "out" else _Ends(port.valid, port.ready, *inside)


def _counted(m: Module, transfer: Value) -> Signal:
    """Transfers since CTRL.clear."""
    count = Signal(16, name="transfers")
    with m.If(m.submodules.registers.ctrl_clear):
        m.d.sync += count.eq(0)
    with m.Elif(transfer):
        m.d.sync += count.eq(count + 1)
    return count


# -- arithmetic ------------------------------------------------------------------------------------------------------


def compressing(section: str, mode: Rounding | Overflow, config: Config) -> Nmpu:
    """The unit of a configuration with another rounding or overflow."""
    part = getattr(config, section)
    key = "rounding" if isinstance(mode, Rounding) else "overflow"
    return Nmpu(replace(config, **{section: replace(part, compression=replace(part.compression, **{key: mode}))}))


class UnsignedBias(Norm):
    """The sign bit of the bias counts as a digit."""

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.right = right = Norm(self.config)
        node = self.config.norm.bias
        digit = node.width + self.config.norm_format.fraction - node.fraction
        m.d.comb += [
            right.corrected.eq(self.corrected),
            right.gain.eq(self.gain),
            right.bias.eq(self.bias),
            self.norm.eq(right.norm + (self.bias[-1] << digit)),
        ]
        return m


class StuckBias(Norm):
    """Bit 12 of the bias is 1."""

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.right = right = Norm(self.config)
        m.d.comb += [
            right.corrected.eq(self.corrected),
            right.gain.eq(self.gain),
            right.bias.eq(self.bias | 1 << 12),
            self.norm.eq(right.norm),
        ]
        return m


class StuckCompress(Compress):
    """Bit 3 of the corrected code is 0."""

    def elaborate(self, platform: object) -> Module:
        m = super().elaborate(platform)
        m.d.comb += self.code[3].eq(0)
        return m
