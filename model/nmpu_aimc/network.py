"""The network on one chip: its programmed and calibrated tiles, and what the digital part does behind each of them."""

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from nmpu_aimc.calibrate import Correction, calibrate
from nmpu_aimc.digits import Layer
from nmpu_aimc.mapping import FULL_SCALE, MappedLayer, map_network
from nmpu_aimc.tile import TYPICAL, Noise, Tile, program_tile
from nmpu_model.fold import Folded, fold_batchnorm
from nmpu_model.half.program import half_program
from nmpu_model.program import Layer as Settings
from nmpu_model.program import Program
from nmpu_model.quantise import quantise, quantise_program
from nmpu_spec.config import AdcMode, Config
from nmpu_spec.errors import InputError
from nmpu_spec.half import HalfConfig

MIN_COLUMNS = 64
"""The widest layer's channels."""


@dataclass(frozen=True)
class Stage:
    """One tile of a layer with its digital part, real-valued.

    The layer's first tile sends INT8 partial sums to the next one, which adds rx_scale * rx; the last one applies the
    bias and the ReLU. `folded` holds gain and bias of every column, times 2**shift.
    """

    layer: Layer
    rows: slice
    tile: Tile
    correction: Correction
    folded: Folded
    relu: bool
    rx_scale: float
    """What one code of rx stands for, in output codes; 0 for the first tile of a layer, which takes no rx."""

    @property
    def name(self) -> str:
        return self.tile.name

    def program(self, config: Config) -> Program:
        """The stage in the unit's formats; raises `InputError` where a number does not fit its format."""
        values = {"gain": self.folded.gain, "bias": self.folded.bias}
        for branch, name in enumerate(("p", "n")):
            values[f"scale_{name}"] = self.correction.scale[branch]
            values[f"offset_{name}"] = self.correction.offset[branch]
        settings = Settings(relu_2=self.relu, rx_on=self.rx_scale > 0, shift=self.folded.shift)
        rx_scale = self.rx_scale * 2.0**self.folded.shift
        mask = np.arange(config.columns) < self.layer.channels
        try:
            if isinstance(config, HalfConfig):
                return half_program(config, values, rx_scale, settings, mask)
            raw = quantise(rx_scale, config.residual.scale, "rx_scale").raws[0]
            return quantise_program(config, values, replace(settings, rx_scale=int(raw)), mask).program
        except InputError as error:
            raise InputError(f"{self.name}: {error}") from None


@lru_cache(maxsize=4)
def build(config: Config, chip: int = 0, noise: Noise = TYPICAL) -> tuple[Stage, ...]:
    """Program and calibrate every tile of the network on the chip with the seed `chip`, in the order in which they run.

    Raises `InputError` for a configuration that cannot serve the network.
    """
    _check(config)
    return tuple(
        _stage(config, mapped, index, chip, noise) for mapped in map_network() for index in range(len(mapped.tiles))
    )


def _stage(config: Config, mapped: MappedLayer, index: int, chip: int, noise: Noise) -> Stage:
    part, layer = mapped.tiles[index], mapped.layer
    last = index == len(mapped.tiles) - 1
    tile = program_tile(
        f"{layer.name}.{index}",
        part.targets,
        part.lsb,
        columns=config.columns,
        max_code=config.adc.code.max_raw,
        seed=chip,
        noise=noise,
    )

    def wide(values: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.concatenate((values, np.zeros(config.columns - layer.channels)))

    folded = fold_batchnorm(
        config,
        input_step=wide(part.count_step * mapped.slope),
        output_step=part.output_step,
        beta=wide(mapped.beta - mapped.mean * mapped.slope) if last else 0.0,
    )
    rx_scale = mapped.tiles[index - 1].output_step / part.output_step if index else 0.0
    return Stage(layer, part.rows, tile, calibrate(tile), folded, last and layer.batchnorm, rx_scale)


def _check(config: Config) -> None:
    for key, value, holds, rule in (
        ("adc.mode", config.adc.mode, config.adc.mode is AdcMode.DUAL, "must be 'dual', two counters for each column"),
        ("columns", config.columns, config.columns >= MIN_COLUMNS, f"must be at least {MIN_COLUMNS}"),
        ("adc.code", config.adc.code, config.adc.code.fraction == 0, "must have no fraction, counters hold integers"),
        ("adc.code", config.adc.code, config.adc.code.max_raw > FULL_SCALE, f"must hold counts above {FULL_SCALE}"),
        ("residual.code_bits", config.residual.code_bits, config.residual.code_bits == 8, "must be 8, for INT8 sums"),
    ):
        if not holds:
            raise InputError(f"{key} = {value}: {rule}, to run the digits network; use a preset such as 'hermes256'")
