"""A network on one chip: its tiles programmed and calibrated, and what the unit behind each of them is told."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from nmpu_aimc.calibrate import Correction, calibrate
from nmpu_aimc.plan import FULL_SCALE, Part, Plan
from nmpu_aimc.tile import TYPICAL, Noise, Tile, program_tile
from nmpu_model.fold import fold_batchnorm
from nmpu_model.half.program import half_program
from nmpu_model.program import Layer as Settings
from nmpu_model.program import Program
from nmpu_model.quantise import quantise, quantise_program
from nmpu_spec.config import AdcMode, Config
from nmpu_spec.errors import InputError
from nmpu_spec.half import HalfConfig

MAX_CODE = 4095
"""[P] Counters of 12 bits (JSSC 2022)."""


@dataclass(frozen=True)
class Stage:
    """A part on its tile, with the fitted correction of its counters."""

    part: Part
    tile: Tile
    correction: Correction

    @property
    def name(self) -> str:
        return self.part.name

    @property
    def channels(self) -> int:
        return self.part.targets.shape[1]

    @property
    def rx_scale(self) -> float:
        """What one code of RX stands for, in output codes; 0 where the part takes none."""
        return self.part.rx_step / self.part.output_step

    @property
    def gain(self) -> NDArray[np.float64]:
        """What one corrected count adds to the output code, (channels,)."""
        return self.part.count_step * self.part.slope / self.part.output_step

    @property
    def bias(self) -> NDArray[np.float64]:
        """In output codes, (channels,)."""
        return self.part.bias / self.part.output_step

    def program(self, config: Config) -> Program:
        """The part in the unit's formats; raises `InputError` where a number does not fit its format."""
        gain, bias = (np.pad(values, (0, config.columns - self.channels)) for values in (self.gain, self.bias))
        folded = fold_batchnorm(config, input_step=gain, output_step=1.0, beta=bias, rx_scale=self.rx_scale)
        wide = config.columns - self.tile.gain.shape[1]
        values: dict[str, NDArray[np.float64]] = {"gain": folded.gain, "bias": folded.bias}
        for branch, name in enumerate(("p", "n")):
            values[f"scale_{name}"] = np.pad(self.correction.scale[branch], (0, wide))
            values[f"offset_{name}"] = np.pad(self.correction.offset[branch], (0, wide))
        settings = Settings(
            relu_1=self.part.relu_1, relu_2=self.part.relu_2, rx_on=self.part.rx is not None, shift=folded.shift
        )
        rx_scale = self.rx_scale * 2.0**folded.shift
        mask = np.arange(config.columns) < self.channels
        try:
            if isinstance(config, HalfConfig):
                return half_program(config, values, rx_scale, settings, mask)
            raw = quantise(rx_scale, config.residual.scale, "rx_scale").raws[0]
            return quantise_program(config, values, replace(settings, rx_scale=int(raw)), mask).program
        except InputError as error:
            raise InputError(f"tile {self.name}: {error}") from None


@dataclass(frozen=True)
class Chip:
    """`stages` by the name of their part, in the order in which they run."""

    plan: Plan
    stages: Mapping[str, Stage]


def program_chip(
    plan: Plan, seed: int = 0, noise: Noise = TYPICAL, phases: int = 1, columns: int | None = None
) -> Chip:
    """Program and calibrate every tile of the chip with this `seed`.

    The tiles have `columns` columns, or as many as their channels. Raises `InputError` where calibration fails.
    """
    stages = {}
    for part in plan.parts:
        tile = program_tile(
            part.name,
            part.targets,
            part.lsb,
            columns=columns or part.targets.shape[1],
            max_code=MAX_CODE,
            seed=seed,
            noise=noise,
            phases=phases,
        )
        stages[part.name] = Stage(part, tile, calibrate(tile))
    return Chip(plan, stages)


def require_servable(plan: Plan, config: Config) -> Config:
    """`config`; raises `InputError` (key, value, rule) where its unit cannot stand behind the tiles of `plan`."""
    widest = max(part.targets.shape[1] for part in plan.parts)
    for key, value, holds, rule in (
        ("adc.mode", config.adc.mode, config.adc.mode is AdcMode.DUAL, "must be 'dual', two counters for each column"),
        ("columns", config.columns, config.columns >= widest, f"must be at least {widest}"),
        ("adc.code", config.adc.code, config.adc.code.fraction == 0, "must have no fraction, counters hold integers"),
        ("adc.code", config.adc.code, config.adc.code.max_raw > FULL_SCALE, f"must hold counts above {FULL_SCALE}"),
        ("residual.code_bits", config.residual.code_bits, config.residual.code_bits == 8, "must be 8, for INT8 sums"),
    ):
        if not holds:
            raise InputError(f"{key} = {value}: {rule}, to run the network; use a preset such as 'hermes256'")
    return config
