"""Measurements for the tests of the calibration: a small unit, and what a simulated tile before it gives."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from nmpu_aimc.calibrate import known_inputs
from nmpu_aimc.tile import TYPICAL, Noise, Tile, program_tile
from nmpu_model.stimulus import integers
from nmpu_spec.config import Config
from nmpu_spec.load import load

CONFIG = replace(load("hermes256"), columns=12, lanes=4)
"""hermes256's formats on a few columns."""
ROWS, LSB = 256, 8000
"""The current of one count: full inputs then make about 420 counts."""


def weights(seed: int = 1, columns: int = CONFIG.columns) -> NDArray[np.int64]:
    return integers(seed, "test/weights", -1000, 1000, (ROWS, columns))


def make_tile(noise: Noise = TYPICAL, seed: int = 1, config: Config = CONFIG) -> Tile:
    targets = weights(seed, config.columns)
    return program_tile(
        "test", targets, LSB, columns=config.columns, max_code=config.adc.code.max_raw, seed=seed, noise=noise
    )


def measure(tile: Tile, x: NDArray[np.int64] | None = None) -> dict[str, NDArray[np.generic]]:
    """What a lab would write down: codes, inputs, weights."""
    inputs = known_inputs(tile.seed, ROWS) if x is None else x
    p, n = tile.convert(inputs, "measure")
    return {"p": p, "n": n, "x": inputs, "w": tile.targets, "lsb": np.array(tile.lsb)}
