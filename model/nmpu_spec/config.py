"""The frozen configuration: everything that is fixed when the hardware is elaborated, and the formats that follow."""

import hashlib
import json
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property

from nmpu_spec import rules
from nmpu_spec.compression import Compression
from nmpu_spec.formats import Format
from nmpu_spec.implementation import Implementation
from nmpu_spec.pipeline import FIXED, Pipeline

CODE_BITS = (4, 6, 8)
"""The output widths that can be chosen at run time; a code always travels in a field of the largest."""


class AdcMode(StrEnum):
    """What one column's ADC delivers."""

    DUAL = "dual"
    """Two unsigned counters: P for positive, N for negative current."""
    SINGLE = "single"
    """One code, signed or unsigned."""


@dataclass(frozen=True)
class Adc:
    mode: AdcMode
    code: Format


@dataclass(frozen=True)
class Affine:
    """a = (s_p*P + o_p) - (s_n*N + o_n), exact; y = compression(a) in the format `corrected`."""

    scale: Format
    offset: Format
    corrected: Format
    compression: Compression


@dataclass(frozen=True)
class Norm:
    """z = g*y + b, exact."""

    gain: Format
    bias: Format


@dataclass(frozen=True)
class Residual:
    """t = relu(z) + r*rx, exact; `code_bits` is the width of rx, `scale` the format of r."""

    code_bits: int
    scale: Format


@dataclass(frozen=True)
class Output:
    """out = compression(t / 2**shift) in the run-time format; shift is 0 to 2**shift_bits - 1."""

    shift_bits: int
    compression: Compression


@dataclass(frozen=True)
class Config:
    """One NMPU, as it is elaborated. Raises `InputError` (key, value, rule) for what cannot be built.

    Derived formats are exact: the narrowest that hold every number that the operands' formats allow, so the only
    places where anything is lost are the two compressions.
    """

    columns: int
    lanes: int
    adc: Adc
    affine: Affine
    norm: Norm
    residual: Residual
    output: Output
    name: str = field(default="unnamed", compare=False)
    implementation: Implementation = field(default_factory=Implementation)

    def __post_init__(self) -> None:
        self._check()

    def _check(self) -> None:
        rules.check(self)

    @property
    def pipeline(self) -> Pipeline:
        """The registers that a group passes."""
        return FIXED

    @property
    def most_shift(self) -> int:
        """The largest run-time shift."""
        return (1 << self.output.shift_bits) - 1

    @property
    def widest_code(self) -> int:
        """Bits of the wires that carry an output code of any width."""
        return max(CODE_BITS)

    @property
    def groups(self) -> int:
        """Column groups of a vector; group k holds the columns k*lanes to (k+1)*lanes - 1."""
        return self.columns // self.lanes

    @property
    def branches(self) -> tuple[str, ...]:
        """The affine branches: P and N counters, or the single code (called p)."""
        return ("p", "n") if self.adc.mode is AdcMode.DUAL else ("p",)

    @cached_property
    def branch_format(self) -> Format:
        """s*P + o of one branch."""
        low, high, fraction = _product(self.affine.scale, self.adc.code)
        low, high, fraction = _add((low, high, fraction), _range(self.affine.offset))
        return Format.covering(low, high, fraction)

    @cached_property
    def sum_format(self) -> Format:
        """a: the branches' difference."""
        if self.adc.mode is AdcMode.SINGLE:
            return self.branch_format
        low, high, fraction = _add(_product(self.affine.scale, self.adc.code), _range(self.affine.offset))
        return Format.covering(low - high, high - low, fraction)

    @cached_property
    def norm_format(self) -> Format:
        """z: after BatchNorm."""
        return Format.covering(*self._norm_range)

    @cached_property
    def total_format(self) -> Format:
        """t: after the residual add."""
        scale = self.residual.scale
        scaled = [a * b for a in (scale.min_raw, scale.max_raw) for b in self.residual_code_range]
        added = (min(*scaled, 0), max(*scaled, 0), scale.fraction)
        return Format.covering(*_add(self._norm_range, added))

    @property
    def norm_range(self) -> tuple[int, int]:
        """The lowest and highest raw after BatchNorm, which may be less than `norm_format` holds."""
        return self._norm_range[:2]

    @property
    def residual_code(self) -> Format:
        """rx as the wires carry it; the layer says whether it is signed."""
        return Format(False, self.residual.code_bits, 0)

    @property
    def residual_code_range(self) -> tuple[int, int]:
        """The smallest (signed) and the largest (unsigned) code that rx can carry."""
        return -(1 << (self.residual.code_bits - 1)), (1 << self.residual.code_bits) - 1

    @property
    def most_cut_bits(self) -> int:
        """The most bits that the output compression removes: the fraction and the largest run-time shift."""
        return self.total_format.fraction + self.most_shift

    @cached_property
    def nodes(self) -> dict[str, Format]:
        """Every node of the data path, in its order: name to format."""
        return {
            "adc_code": self.adc.code,
            "scale": self.affine.scale,
            "offset": self.affine.offset,
            "branch": self.branch_format,
            "sum": self.sum_format,
            "corrected": self.affine.corrected,
            "gain": self.norm.gain,
            "bias": self.norm.bias,
            "norm": self.norm_format,
            "residual_scale": self.residual.scale,
            "total": self.total_format,
        }

    @cached_property
    def hash(self) -> str:
        """SHA-256 (hex) of everything that shapes what the hardware computes; name and implementation do not."""
        shaping = {key: value for key, value in self.as_dict().items() if key != "implementation"}
        return hashlib.sha256(json.dumps(shaping, sort_keys=True).encode()).hexdigest()

    def as_dict(self) -> dict[str, object]:
        """The configuration in the shape of its TOML file, without the name."""

        def compression(node: Compression) -> dict[str, object]:
            return {
                "rounding": str(node.rounding),
                "overflow": str(node.overflow),
                "cut_before": node.cut_before,
                "cut_after": node.cut_after,
            }

        return {
            "columns": self.columns,
            "lanes": self.lanes,
            "adc": {"mode": str(self.adc.mode), "code": str(self.adc.code)},
            "affine": {
                "scale": str(self.affine.scale),
                "offset": str(self.affine.offset),
                "corrected": str(self.affine.corrected),
                **compression(self.affine.compression),
            },
            "norm": {"gain": str(self.norm.gain), "bias": str(self.norm.bias)},
            "residual": {"code_bits": self.residual.code_bits, "scale": str(self.residual.scale)},
            "output": {"shift_bits": self.output.shift_bits, **compression(self.output.compression)},
            "implementation": self.implementation.as_dict(),
        }

    @staticmethod
    def code_format(bits: int, signed: bool) -> Format:
        """The format of an output code."""
        return Format(signed, bits, 0)

    @cached_property
    def _norm_range(self) -> "_Range":
        return _add(_product(self.norm.gain, self.affine.corrected), _range(self.norm.bias))


_Range = tuple[int, int, int]
"""Lowest raw, highest raw, fraction bits: what a node can really carry, which may be less than its format can."""


def _range(node: Format) -> _Range:
    return node.min_raw, node.max_raw, node.fraction


def _product(a: Format, b: Format) -> _Range:
    corners = [x * y for x in (a.min_raw, a.max_raw) for y in (b.min_raw, b.max_raw)]
    return min(corners), max(corners), a.fraction + b.fraction


def _add(a: _Range, b: _Range) -> _Range:
    fraction = max(a[2], b[2])
    low_a, high_a = (raw << (fraction - a[2]) for raw in a[:2])
    low_b, high_b = (raw << (fraction - b[2]) for raw in b[:2])
    return low_a + low_b, high_a + high_b, fraction
