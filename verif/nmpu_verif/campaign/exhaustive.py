"""A node over all of its operands: the stage as the flow writes it, compiled, against the model's function."""

import ctypes
import re
from pathlib import Path

import numpy as np
from amaranth.hdl import Module, Shape
from amaranth.lib.wiring import Component, In, Out
from numpy.typing import NDArray

from nmpu_model.types import Integers
from nmpu_model.unit import raw_type
from nmpu_spec.config import Config
from nmpu_verif.builds import verilog_of
from nmpu_verif.campaign.batch import MismatchError
from nmpu_verif.campaign.library import each, library
from nmpu_verif.campaign.nodes import Node
from nmpu_verif.campaign.stimulus import SLICE

_COPIES = 8


class Copies(Component):
    """Copies of a combinational stage side by side; port ``<port>_<i>`` is that of copy i."""

    def __init__(self, copies: list[Component]) -> None:
        self._copies = copies
        super().__init__(
            {
                f"{port}_{i}": member.flow(Shape.cast(member.shape).width)
                for i in range(len(copies))
                for port, member in copies[0].signature.members.items()
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        for i, copy in enumerate(self._copies):
            m.submodules[f"copy_{i}"] = copy
            for port, member in copy.signature.members.items():
                outer, inner = getattr(self, f"{port}_{i}"), getattr(copy, port)
                m.d.comb += inner.eq(outer) if member.flow is In else outer.eq(inner)
        return m


class CompiledStage:
    """The stage of `node` in the configuration `config`, from `verilog`."""

    def __init__(self, config: Config, node: Node, verilog: Path) -> None:
        self.config, self.node = config, node
        stage = node.make()
        stage._MustUse__silence = True  # Only its ports are looked at.
        members = stage.signature.members
        self._widths = {port: Shape.cast(member.shape).width for port, member in members.items() if member.flow is Out}
        self._word = np.dtype(np.uint32 if max(self._widths.values()) <= 32 else np.uint64)
        # Operands fill a case's number from bit 0 up, then the settings do: those change seldom.
        self._fields: dict[str, tuple[int, int]] = {}
        lsb = 0
        for port, width in [*((port, f.width) for port, f in node.operands.items()), *node.settings.items()]:
            self._fields[port] = lsb, (1 << width) - 1
            lsb += width
        numbers = np.arange(self.chunk)
        fields = ((port, *self._fields[port]) for port in node.operands)
        self._low = {port: (numbers >> lsb & mask).astype(raw_type(config)) for port, lsb, mask in fields}
        held = [port for port, member in members.items() if member.flow is In and port not in self._fields]
        operands = [f"X({port}, {lsb}, UINT64_C({mask}), i)" for port, (lsb, mask) in self._fields.items()]
        header = [
            f"#define COPIES {_COPIES}",
            f"#define OPERANDS(X, i) {' '.join(operands)}",
            f"#define HELD(X, i) {' '.join(f'X({port}, i)' for port in held)}",
            f"#define OUTPUTS(X, i) {' '.join(f'X({port}, {row}, i)' for row, port in enumerate(self._widths))}",
            f"using Word = {self._word.name}_t;",
            each(_COPIES),
        ]
        self._run = library(verilog, Path(__file__).with_name("cases.cpp"), "\n".join(header)).nmpu_cases
        self._run.argtypes = [ctypes.c_uint64, ctypes.c_size_t, ctypes.c_void_p]
        self._run.restype = None

    @property
    def chunk(self) -> int:
        """Cases of a call of `check`; they have the same settings."""
        return min(SLICE, 1 << self.node.operand_bits)

    def check(self, first: int) -> int:
        """Compare `chunk` cases from `first` on, and return how many; raises `MismatchError` where they differ."""
        count = self.chunk
        got = self._outputs(first, count)
        settings = {port: first >> self._fields[port][0] & self._fields[port][1] for port in self.node.settings}
        wanted = self.node.model({port: self._raws(port, first) for port in self.node.operands}, settings)
        for port, width in self._widths.items():
            wires = wanted[port].astype(self._word) & self._word.type((1 << width) - 1)
            if not np.array_equal(got[port], wires):
                case = int(np.flatnonzero(got[port] != wires)[0])
                operands = {name: int(self._raws(name, first)[case]) for name in self.node.operands}
                listed = ", ".join(f"{name} = {raw}" for name, raw in {**operands, **settings}.items())
                raise MismatchError(
                    f"{self.node.name}, case {first + case}: {listed}: {port} is {got[port][case]:#x} in the RTL, "
                    f"{wires[case]:#x} in the model"
                )
        return count

    def _outputs(self, first: int, count: int) -> dict[str, NDArray[np.unsignedinteger]]:
        padded = -(-count // _COPIES) * _COPIES
        rows = {port: np.empty(padded, self._word) for port in self._widths}
        pointers = (ctypes.c_void_p * len(rows))(*(row.ctypes.data for row in rows.values()))
        self._run(first, padded, ctypes.addressof(pointers))
        return {port: row[:count] for port, row in rows.items()}

    def _raws(self, port: str, first: int) -> Integers:
        """An operand of the chunk at `first`, a multiple of `chunk`: adding to it carries nothing into other bits."""
        lsb, mask = self._fields[port]
        raws = self._low[port] | (first >> lsb & mask)
        if self.node.operands[port].signed:
            sign = (mask + 1) >> 1
            raws ^= sign
            raws -= sign
        return raws


def stage_verilog(config: Config, node: Node) -> Path:
    """The Verilog of the stage of `node`, as the flow writes it."""
    top = re.sub(r"\W+", "_", f"campaign {node.name}")
    return verilog_of(config, top, lambda: Copies([node.make() for _ in range(_COPIES)]))
