"""From the network's weights to integer conductances, ADC ranges and activation steps.

The ranges are those of an ideal chip (no noise, no ADC) on training images, with exact sums, so that every machine
finds the same ones.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from nmpu_aimc.digits import BATCHNORM_EPS, INPUT_STEP, LAYERS, Layer, Weights, load_weights, patches, split
from nmpu_aimc.tile import MAX_PULSE, MAX_TARGET, TILE_ROWS, currents, pair

RANGE_IMAGES = 400
"""Training images from which the ranges are taken (ours)."""
FULL_SCALE = 420
"""[P] Usable levels of a counter in its integration window (JSSC 2022)."""


@dataclass(frozen=True)
class MappedTile:
    """The rows of a layer that one tile holds.

    targets      signed integer weights (rows, channels)
    lsb          current of one count: the largest training current of either branch makes 420 counts
    count_step   what one count stands for in the layer's sum, (channels,)
    output_step  what one output code stands for: of the partial sum up to this tile, or of the layer's activation
    """

    rows: slice
    targets: NDArray[np.int64]
    lsb: int
    count_step: NDArray[np.float64]
    output_step: float


@dataclass(frozen=True)
class MappedLayer:
    """A layer on its tiles, in the order in which they run, and its BatchNorm, each (channels,)."""

    layer: Layer
    tiles: tuple[MappedTile, ...]
    gamma: NDArray[np.float64]
    beta: NDArray[np.float64]
    mean: NDArray[np.float64]
    var: NDArray[np.float64]

    @property
    def slope(self) -> NDArray[np.float64]:
        """gamma / sqrt(var + eps): what BatchNorm multiplies every partial sum with."""
        return self.gamma / np.sqrt(self.var + BATCHNORM_EPS)


@cache
def map_network() -> tuple[MappedLayer, ...]:
    """Every layer of the network, with the ranges of the first 400 training images."""
    weights = load_weights()
    x, step = split()[0].first(RANGE_IMAGES).codes, INPUT_STEP
    mapped = []
    for layer in LAYERS:
        mapped_layer, x = _map_layer(layer, weights, x, step)
        step = mapped_layer.tiles[-1].output_step
        mapped.append(mapped_layer)
    return tuple(mapped)


def row_slices(rows: int) -> list[slice]:
    """As few tiles as hold the rows, loaded evenly."""
    tiles = -(-rows // TILE_ROWS)
    return [slice(rows * tile // tiles, rows * (tile + 1) // tiles) for tile in range(tiles)]


def _map_layer(
    layer: Layer, weights: Weights, x: NDArray[np.int64], input_step: float
) -> tuple[MappedLayer, NDArray[np.int64]]:
    """The layer for input codes x, and its ideal output codes."""
    weight = weights[f"{layer.name}.weight"]
    largest = np.abs(weight).max(axis=0)
    targets = np.floor(weight / largest * MAX_TARGET + 0.5).astype(np.int64)
    gamma, beta, mean, var = _batchnorm(layer, weights)
    slope = gamma / np.sqrt(var + BATCHNORM_EPS)
    rows = patches(x, layer)
    total = np.zeros((*rows.shape[:3], layer.channels))
    tiles = []
    slices = row_slices(layer.rows)
    for part in slices:
        current = currents(rows[..., part].reshape(-1, part.stop - part.start), *pair(targets[part]))
        lsb = -(-int(current.max()) // FULL_SCALE)
        total += (current[:, 0] - current[:, 1]).reshape(total.shape)
        real = total * (largest * (input_step / MAX_TARGET)) * slope
        if part is slices[-1]:
            real = real + (beta - mean * slope)
        if layer.batchnorm and part is slices[-1]:
            real = np.maximum(real, 0)
        step = float(np.abs(real).max()) / MAX_PULSE
        tiles.append(MappedTile(part, targets[part], lsb, largest * (lsb * input_step / MAX_TARGET), step))
    codes = np.floor(real / step + 0.5).astype(np.int64)
    return MappedLayer(layer, tuple(tiles), gamma, beta, mean, var), codes


def _batchnorm(layer: Layer, weights: Weights) -> tuple[NDArray[np.float64], ...]:
    """gamma, beta, mean, var; for a layer without BatchNorm those that only add its bias."""
    if layer.batchnorm:
        return tuple(weights[f"{layer.name}.{part}"] for part in ("gamma", "beta", "mean", "var"))
    one = np.ones(layer.channels)
    return one, weights[f"{layer.name}.bias"], 0 * one, one - BATCHNORM_EPS
