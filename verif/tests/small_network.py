"""A small network with random weights that has everything: splits over rows and columns, residuals, pools."""

import numpy as np

from nmpu_aimc.networks.graph import INPUT, Graph, Layer, Pool, run_float
from nmpu_model.stimulus import integers

SHAPE = (8, 8, 4)


def weights(name: str, rows: int, channels: int) -> np.ndarray:
    return integers(0, name, -100, 100, (rows, channels)) / 100 / np.sqrt(rows)


def layer(name: str, source: str, rows: int, channels: int, **how: object) -> Layer:
    slope = 1 + integers(0, f"{name}/slope", -30, 30, (channels,)) / 100
    bias = integers(0, f"{name}/bias", -50, 50, (channels,)) / 500
    return Layer(name, source, weights(name, rows, channels), slope, bias, **how)  # type: ignore[arg-type]


def network() -> Graph:
    return Graph(
        (
            layer("wide", INPUT, 36, 40, kernel=3, padding=1, relu_2=True),
            layer("split", "wide", 360, 40, kernel=3, padding=1, residual="wide", relu_2=True),
            layer("before", "split", 40, 40, relu_1=True, residual="split"),
            Pool("pool", "before", "max", 2, 2),
            layer("strided", "pool", 360, 20, kernel=3, stride=2, padding=1),
            Pool("mean", "strided", "mean", 2, 2),
            layer("linear", "mean", 20, 10),
        ),
        SHAPE,
    )


def inputs(count: int) -> np.ndarray:
    return (integers(1, "small/inputs", -100, 100, (count, *SHAPE)) / 100).astype(np.float32)


def answers(count: int) -> np.ndarray:
    """What the network itself says."""
    return run_float(network(), inputs(count))["linear"].reshape(count, -1).argmax(axis=1)
