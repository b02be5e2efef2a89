"""A fully connected layer on one analog tile, and the program of the unit behind it."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nmpu_aimc.calibrate import calibrate
from nmpu_aimc.plan import FULL_SCALE
from nmpu_aimc.tile import MAX_TARGET, NOISELESS, Noise, Tile, currents, pair, program_tile
from nmpu_model.fold import fold_batchnorm
from nmpu_model.program import Layer, Program
from nmpu_model.quantise import quantise, quantise_program
from nmpu_model.traffic import Traffic
from nmpu_spec.config import Config

CHIP = 1
"""Seed of every simulated tile."""


@dataclass(frozen=True)
class Mapped:
    """A programmed and calibrated tile, and what its unit is told."""

    tile: Tile
    program: Program

    def traffic(self, pulses: NDArray[np.int64], rx: NDArray[np.integer] | None = None) -> Traffic:
        """What the unit sees of an MVM with the input codes `pulses` (vectors, rows)."""
        return Traffic(*self.tile.convert(pulses, "run"), rx)


def map_layer(
    config: Config,
    name: str,
    weight: NDArray[np.float64],
    pulses: NDArray[np.int64],
    *,
    input_step: float,
    output_step: float,
    rx_step: float = 0.0,
    bias: ArrayLike = 0.0,
    settings: Layer = Layer(),
    noise: Noise = NOISELESS,
) -> Mapped:
    """y = x @ weight + bias (+ rx), for x = input_step * pulses, y = output_step * code, rx = rx_step * rx code.

    weight  (rows, channels); each column is scaled to the full range of the devices
    pulses  typical inputs (vectors, rows), from which the ADC's range is taken: the largest current makes 420 counts

    Columns beyond the channels are masked. Raises `InputError` for a number that does not fit its format.
    """
    channels = weight.shape[1]
    largest = np.abs(weight).max(axis=0)
    targets = np.rint(weight / largest * MAX_TARGET).astype(np.int64)
    lsb = -(-int(currents(pulses, *pair(targets)).max()) // FULL_SCALE)
    tile = program_tile(
        name, targets, lsb, columns=config.columns, max_code=config.adc.code.max_raw, seed=CHIP, noise=noise
    )

    def wide(values: ArrayLike) -> NDArray[np.float64]:
        used = np.broadcast_to(np.asarray(values, np.float64), channels)
        return np.concatenate((used, np.zeros(config.columns - channels)))

    count_step = largest * (lsb * input_step / MAX_TARGET)
    folded = fold_batchnorm(config, input_step=wide(count_step), output_step=output_step, bias=wide(bias))
    correction = calibrate(tile)
    values = {"gain": folded.gain, "bias": folded.bias}
    for branch, scale, offset in zip(config.branches, correction.scale, correction.offset, strict=True):
        values |= {f"scale_{branch}": scale, f"offset_{branch}": offset}
    # The unit adds r * rx before it divides by 2**shift.
    rx_scale = quantise(rx_step / output_step * 2.0**folded.shift, config.residual.scale, "rx_scale").raws[0]
    layer = replace(settings, shift=folded.shift, rx_on=rx_step > 0, rx_scale=int(rx_scale))
    mask = np.arange(config.columns) < channels
    return Mapped(tile, quantise_program(config, values, layer, mask).program)
