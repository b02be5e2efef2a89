"""The data path of a lane as a function over arrays: several lanes compiled together, the pipeline always full."""

import ctypes
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from amaranth.hdl import Module, Signal
from amaranth.lib.wiring import Component, In, Out
from numpy.typing import NDArray

from nmpu_hw.counters import SATURATIONS
from nmpu_hw.datapath import DataPath
from nmpu_hw.settings import layer_settings
from nmpu_model.program import Program
from nmpu_spec.config import CODE_BITS, Config
from nmpu_spec.parameters import parameter_fields
from nmpu_spec.registers import width_code
from nmpu_verif.builds import verilog_of
from nmpu_verif.campaign.library import each, library

MOST_COPIES = 8
"""Lanes in one library, as measured: with fewer the simulator's own work counts, with more the instruction cache."""


class LaneArray(Component):
    """Data paths side by side, the registers ``fetch`` and of the parameters before them; every group moves on always.

    code_<b>_<i>, rx_<i>   each clock; an rx code comes when its group is in ``norm``
    <parameter>_<i>, enable_<i>, layer   taken over while `load`; the settings are every lane's
    code_<i>, <saturation>   as of `DataPath`; a saturation has one bit per lane

    Every input is behind a register, so that a simulator computes with the clock only.
    """

    def __init__(self, config: Config, copies: int) -> None:
        self.config, self.copies = config, copies
        self._paths = [DataPath(config) for _ in range(copies)]
        kept = [*(field.name for field in parameter_fields(config)), "enable"]
        moving = [*(f"code_{branch}" for branch in config.branches), "rx"]
        members = self._paths[0].signature.members
        self._inputs = {name: name in kept for name in (*kept, *moving)}
        super().__init__(
            {
                **{f"{name}_{i}": In(members[name].shape) for i in range(copies) for name in self._inputs},
                **{f"code_{i}": Out(max(CODE_BITS)) for i in range(copies)},
                **{name: Out(copies) for name in SATURATIONS},
                "layer": In(layer_settings(config)),
                "load": In(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        layer = Signal(layer_settings(self.config), reset_less=True)
        with m.If(self.load):
            m.d.sync += layer.eq(self.layer)
        for i, path in enumerate(self._paths):
            m.submodules[f"path_{i}"] = path
            for name, kept in self._inputs.items():
                port = getattr(path, name)
                register = Signal(port.shape(), name=f"{name}_{i}_q", reset_less=True)
                with m.If(self.load if kept else 1):
                    m.d.sync += register.eq(getattr(self, f"{name}_{i}"))
                m.d.comb += port.eq(register)
            for register in self.config.pipeline.registers[1:-1]:
                m.d.comb += getattr(path, f"load_{register}").eq(1)
            for register in self.config.pipeline.layers:
                m.d.comb += getattr(path, f"layer_{register}").eq(layer)
            m.d.comb += getattr(self, f"code_{i}").eq(path.code)
            m.d.comb += [getattr(self, name)[i].eq(getattr(path, name)) for name in SATURATIONS]
        return m


@dataclass(frozen=True)
class LaneResult:
    """Output codes, shape (vectors, columns), and the saturation counters; of disabled columns 0."""

    out: NDArray[np.integer]
    saturated: Mapping[str, int]


class CompiledLanes:
    """The lanes of `config` from `verilog`; called like `nmpu_model.unit.run`, by several threads if need be."""

    def __init__(self, config: Config, verilog: Path) -> None:
        self.config = config
        registers = config.pipeline.registers
        self._adc = np.dtype(np.uint16 if config.adc.code.width <= 16 else np.uint32)
        names = [field.name for field in parameter_fields(config)]
        place = {name: registers.index(name) - registers.index("fetch") for name in ("affine", "norm", "residual")}
        header = [
            f"#define COPIES {copies_of(config)}",
            f"#define COLUMNS {config.columns}",
            f"#define DUAL {int(len(config.branches) == 2)}",
            *(f"#define CLOCKS_TO_{name.upper()} {clocks}" for name, clocks in place.items()),
            f"#define PARAMETERS(X, i) {' '.join(f'X({name}, {row}, i)' for row, name in enumerate(names))}",
            f"using Adc = {self._adc.name}_t;",
            each(copies_of(config)),
        ]
        self._run = library(verilog, Path(__file__).with_suffix(".cpp"), "\n".join(header)).nmpu_lanes
        pointer, size = ctypes.c_void_p, ctypes.c_size_t
        self._run.argtypes = [pointer, pointer, pointer, size, pointer, ctypes.c_uint64, pointer, pointer, pointer]
        self._run.restype = None

    def __call__(
        self,
        program: Program,
        p: NDArray[np.integer],
        n: NDArray[np.integer] | None = None,
        rx: NDArray[np.integer] | None = None,
    ) -> LaneResult:
        """Push vectors through; the arrays are those of the model, and are not checked."""
        config, layer = self.config, program.layer
        settings = layer_settings(config).const(
            {
                **{name: getattr(layer, name) for name in ("relu_1", "relu_2", "rx_on", "rx_signed", "out_signed")},
                "out_width": width_code(layer.out_bits),
                "shift": layer.shift,
                "rx_scale": layer.rx_scale,
            }
        )
        word = np.dtype(np.uint32)
        fields = parameter_fields(config)
        parameters = np.stack([_wires(program.parameters[f.name], f.format.width, word) for f in fields])
        codes = [
            None if raws is None else _wires(raws, width, kind)
            for raws, width, kind in (
                (p, config.adc.code.width, self._adc),
                (n, config.adc.code.width, self._adc),
                (rx, config.residual.code_bits, np.dtype(np.uint8)),
            )
        ]
        out = np.empty(p.shape, np.int8 if layer.out_signed else np.uint8)
        counts = np.zeros(len(SATURATIONS), np.uint64)
        mask = np.ascontiguousarray(program.mask, np.uint8)
        arrays = [None if array is None else array.ctypes.data for array in (*codes, parameters, out, mask, counts)]
        self._run(*arrays[:3], len(p), arrays[3], settings.as_value().value, *arrays[4:])
        return LaneResult(out, dict(zip(SATURATIONS, counts.tolist(), strict=True)))


def copies_of(config: Config) -> int:
    """Lanes that are compiled together: the most that divide the columns."""
    return max(copies for copies in range(1, MOST_COPIES + 1) if config.columns % copies == 0)


def lanes_verilog(config: Config) -> Path:
    """The Verilog of the lanes of `config`, as the flow writes it."""
    return verilog_of(config, "campaign_lanes", lambda: LaneArray(config, copies_of(config)))


def _wires(raws: NDArray[np.integer], width: int, kind: np.dtype[Any]) -> NDArray[np.integer]:
    """The bits that stand for `raws`."""
    if raws.dtype == kind and raws.flags.c_contiguous:
        return raws
    return np.ascontiguousarray(raws).astype(kind) & np.array((1 << width) - 1, kind)
