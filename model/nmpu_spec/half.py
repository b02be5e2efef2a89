"""The configuration of the FP16 unit: the baseline that stands in the same place with the same registers."""

from dataclasses import dataclass
from functools import cached_property

from nmpu_spec import rules
from nmpu_spec.compression import Compression
from nmpu_spec.config import Adc, Affine, Config, Norm, Output, Residual
from nmpu_spec.errors import InputError
from nmpu_spec.formats import Format
from nmpu_spec.implementation import Implementation
from nmpu_spec.pipeline import HALF, Pipeline

WORD = Format(False, 16, 0)
"""A binary16 as registers and wires carry it: its 16 bits, as an unsigned number."""


@dataclass(frozen=True)
class HalfConfig(Config):
    """One FP16 unit, as it is elaborated; build it with `half_config`.

    Columns, lanes, ADC codes and rx codes are those of a `Config`. Every other number, parameters and nodes alike, is
    a binary16, and its format says how it is carried: `WORD`. The output code needs no shift.
    """

    def _check(self) -> None:
        rules.check_half(self)

    @property
    def pipeline(self) -> Pipeline:
        return HALF

    @property
    def most_shift(self) -> int:
        return 0

    @cached_property
    def branch_format(self) -> Format:
        return WORD

    @cached_property
    def sum_format(self) -> Format:
        return WORD

    @cached_property
    def norm_format(self) -> Format:
        return WORD

    @cached_property
    def total_format(self) -> Format:
        return WORD

    def as_dict(self) -> dict[str, object]:
        return {
            "arithmetic": "binary16",
            "columns": self.columns,
            "lanes": self.lanes,
            "adc": {"mode": str(self.adc.mode), "code": str(self.adc.code)},
            "residual": {"code_bits": self.residual.code_bits},
            "implementation": self.implementation.as_dict(),
        }


def require_fixed(config: Config) -> Config:
    """`config`; raises `InputError` where it is that of an FP16 unit."""
    if isinstance(config, HalfConfig):
        raise InputError(f"{config.name}: is an FP16 unit, must be a fixed-point one such as 'hermes256'")
    return config


def half_config(
    columns: int,
    lanes: int,
    adc: Adc,
    code_bits: int,
    name: str = "unnamed",
    implementation: Implementation = Implementation(),
) -> HalfConfig:
    """The FP16 unit for `columns` columns of `adc` and rx codes of `code_bits` bits.

    Raises `InputError` (key, value, rule) for what cannot be built.
    """
    return HalfConfig(
        columns=columns,
        lanes=lanes,
        adc=adc,
        affine=Affine(scale=WORD, offset=WORD, corrected=WORD, compression=Compression()),
        norm=Norm(gain=WORD, bias=WORD),
        residual=Residual(code_bits, scale=WORD),
        output=Output(shift_bits=1, compression=Compression()),
        name=name,
        implementation=implementation,
    )


def beside(config: Config, lanes: int = 1, name: str = "fp16") -> HalfConfig:
    """The FP16 unit that could stand in the place of `config`: the same columns and codes."""
    return half_config(config.columns, lanes, config.adc, config.residual.code_bits, name)
