"""The data set, the network on it, its committed weights, and what it answers in floating point.

The images are scikit-learn's handwritten digits: 1,797 real images of 8 x 8 pixels with the values 0 to 16.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.datasets import load_digits

from nmpu_aimc.networks import graph as networks
from nmpu_model.stimulus import uniform_bits

TRAIN_IMAGES = 1200
INPUT_STEP = 1 / (16 * 7)
"""What one input code stands for (ours): the network is trained on pixels / 16, and a grey level is 7 codes."""
BATCHNORM_EPS = 1e-5

Weights = Mapping[str, NDArray[np.float64]]
"""``<layer>.weight`` (rows, channels); with BatchNorm ``.gamma .beta .mean .var``, otherwise ``.bias``, (channels,)."""


@dataclass(frozen=True)
class Layer:
    """A convolution by im2col: out = patches @ weight, then BatchNorm and ReLU where `batchnorm` is set.

    A row is one weight's place in the patch, in the order (kernel y, kernel x, input channel).
    """

    name: str
    kernel: int
    stride: int
    padding: int
    inputs: int
    channels: int
    batchnorm: bool = True

    @property
    def rows(self) -> int:
        return self.kernel**2 * self.inputs


LAYERS = (
    Layer("conv1", kernel=3, stride=1, padding=1, inputs=1, channels=32),
    Layer("conv2", kernel=3, stride=2, padding=1, inputs=32, channels=64),
    Layer("conv3", kernel=2, stride=2, padding=0, inputs=64, channels=64),
    Layer("linear", kernel=2, stride=1, padding=0, inputs=64, channels=10, batchnorm=False),
)
"""Ours: 64 + 16 + 4 + 1 patches for each image; conv2 has 288 rows, more than a tile."""


@dataclass(frozen=True)
class Images:
    """pixels int64 (images, 8, 8, 1), 0 to 16; labels int64 (images,)."""

    pixels: NDArray[np.int64]
    labels: NDArray[np.int64]

    def first(self, count: int) -> "Images":
        return Images(self.pixels[:count], self.labels[:count])


@cache
def split() -> tuple[Images, Images]:
    """1,200 images to train with and the other 597, held out; the shuffle is the same on every machine."""
    bunch = load_digits()
    order = np.argsort(uniform_bits(0, "digits/split", len(bunch.target)), kind="stable")
    pixels = bunch.images.astype(np.int64)[order, :, :, np.newaxis]
    labels = bunch.target.astype(np.int64)[order]
    train, test = slice(TRAIN_IMAGES), slice(TRAIN_IMAGES, None)
    return Images(pixels[train], labels[train]), Images(pixels[test], labels[test])


@cache
def load_weights() -> Weights:
    """The committed weights, float16 in the file; ``python -m nmpu_aimc.train`` makes them."""
    with resources.files("nmpu_aimc").joinpath("digits.npz").open("rb") as file, np.load(file) as arrays:
        return {name: arrays[name].astype(np.float64) for name in arrays.files}


def patches(x: Any, layer: Layer, xp: ModuleType = np) -> Any:
    """im2col: x (images, height, width, inputs) -> (images, out height, out width, rows).

    `xp` is the array library: numpy, or the one that differentiates.
    """
    border = (layer.padding, layer.padding)
    x = xp.pad(x, ((0, 0), border, border, (0, 0)), mode="constant")
    height, width = ((size - layer.kernel) // layer.stride + 1 for size in x.shape[1:3])
    taps = [
        x[:, top : top + height * layer.stride : layer.stride, left : left + width * layer.stride : layer.stride]
        for top in range(layer.kernel)
        for left in range(layer.kernel)
    ]
    return xp.concatenate(taps, axis=3)


def float_logits(weights: Weights, images: Images) -> NDArray[np.float64]:
    """The network in floating point, without quantisation or noise: (images, 10)."""
    x = images.pixels / 16
    for layer in LAYERS:
        x = patches(x, layer) @ weights[f"{layer.name}.weight"]
        if layer.batchnorm:
            gamma, beta, mean, var = (weights[f"{layer.name}.{part}"] for part in ("gamma", "beta", "mean", "var"))
            x = np.maximum(gamma * (x - mean) / np.sqrt(var + BATCHNORM_EPS) + beta, 0)
        else:
            x = x + weights[f"{layer.name}.bias"]
    return np.asarray(x.reshape(len(x), -1))


def graph() -> networks.Graph:
    """The network with the committed weights."""
    weights, nodes, source = load_weights(), [], networks.INPUT
    for layer in LAYERS:
        slope, bias = np.ones(layer.channels), weights.get(f"{layer.name}.bias", np.zeros(layer.channels))
        if layer.batchnorm:
            gamma, beta, mean, var = (weights[f"{layer.name}.{part}"] for part in ("gamma", "beta", "mean", "var"))
            slope = gamma / np.sqrt(var + BATCHNORM_EPS)
            bias = beta - mean * slope
        node = networks.Layer(
            layer.name,
            source,
            weights[f"{layer.name}.weight"],
            slope,
            bias,
            kernel=layer.kernel,
            stride=layer.stride,
            padding=layer.padding,
            relu_2=layer.batchnorm,
        )
        nodes.append(node)
        source = layer.name
    return networks.Graph(tuple(nodes), (8, 8, 1))


def accuracy(logits: NDArray[Any], labels: NDArray[np.int64]) -> float:
    """The share of images whose largest logit is the label's; of equal logits the first counts."""
    return float(np.mean(np.argmax(logits, axis=1) == labels))
