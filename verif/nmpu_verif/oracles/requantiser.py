"""The unit as a requantiser: what a public definition's integers become in it, and what it then answers."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nmpu_model.program import Layer, Program
from nmpu_model.unit import Result, run
from nmpu_spec.config import Config
from nmpu_spec.load import load
from nmpu_spec.rounding import Rounding
from nmpu_verif.compiled import compiled

FILE = Path(__file__).with_suffix(".toml")
ONE = 1 << 8
"""The raw of ``affine.scale`` that changes nothing."""


def requantiser(rounding: Rounding = Rounding.HALF_UP, affine: Rounding = Rounding.HALF_EVEN) -> Config:
    """The configuration in ``requantiser.toml``, with these roundings of the output and of the affine stage."""
    config = load(FILE)
    return replace(
        config,
        affine=replace(config.affine, compression=replace(config.affine.compression, rounding=affine)),
        output=replace(config.output, compression=replace(config.output.compression, rounding=rounding)),
    )


@dataclass(frozen=True)
class Setting:
    """The raws of the column's parameters, and the layer."""

    gain: int
    layer: Layer
    bias: int = 0
    offset: int = 0
    scale: int = ONE


def multiply_add_shift(
    multiplier: int, shift: int, addend: int = 0, offset: int = 0, signed: bool = True, relu: bool = False
) -> Setting:
    """((x + offset) * multiplier + addend) / 2**shift in 8 bits, for a shift of 0 to 47.

    The gain has 16 fraction bits, so a gain of raw `multiplier` shifts by 16 already: the run-time shift does what is
    above that, and for less the parameters are shifted left. `Program` raises `InputError` where they do not fit.
    """
    left = max(16 - shift, 0)
    layer = Layer(shift=max(shift - 16, 0), out_signed=signed, relu_1=relu)
    return Setting(multiplier << left, layer, addend << left, offset << 8)


@dataclass(frozen=True)
class Case:
    """Operands in one setting of the unit, and the codes that somebody else's definition gives for them."""

    setting: Setting
    x: Sequence[int]
    wanted: Sequence[int]


Unit = Callable[[Program, NDArray[np.int64]], Result]


def rtl(program: Program, x: NDArray[np.int64]) -> Result:
    """The compiled RTL, called as `nmpu_model.unit.run`."""
    return compiled(program.config)(program, x)


def disagreement(config: Config, cases: Iterable[Case], unit: Unit = run) -> str:
    """The first code that is not the wanted one, in words; empty if all agree."""
    for case in cases:
        got = unit(_program(config, case.setting), np.array(case.x, np.int64)[:, np.newaxis]).out[:, 0].tolist()
        for x, answer, wanted in zip(case.x, got, case.wanted, strict=True):
            if answer != wanted:
                return f"x = {x}: the unit answers {answer}, wanted is {wanted}, in {case.setting}"
    return ""


def agreeing(cases: Sequence[Case]) -> set[Rounding]:
    """The output roundings with which the golden model gives every wanted code."""
    return {rounding for rounding in Rounding if not disagreement(requantiser(rounding), cases)}


def _program(config: Config, setting: Setting) -> Program:
    raws = {
        "scale_p": setting.scale,
        "offset_p": setting.offset,
        "gain": setting.gain,
        "bias": setting.bias,
    }
    return Program(config, {name: np.array([raw], np.int64) for name, raw in raws.items()}, setting.layer)
