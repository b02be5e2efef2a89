"""A network as the tiles and the unit run it: a list of layers and pools, each named, in the order in which they run.

Arrays of activations have the shape (images, height, width, channels).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

INPUT = "input"
"""The name of the network's input."""

Reals = NDArray[np.float64]


@dataclass(frozen=True)
class Layer:
    """One matrix-vector product for each place of the output, and all that the unit does behind it:

        out = relu_2(relu_1(slope * (patches(x) @ weight) + bias) + residual)

    source        whose output x is: a node's name or `INPUT`
    weight        (rows, channels); a row is one weight's place in the patch, in the order (kernel y, kernel x, channel)
    slope, bias   of each channel: BatchNorm and bias, folded
    residual      whose output is added, or None
    """

    name: str
    source: str
    weight: Reals
    slope: Reals
    bias: Reals
    kernel: int = 1
    stride: int = 1
    padding: int = 0
    relu_1: bool = False
    residual: str | None = None
    relu_2: bool = False

    @property
    def rows(self) -> int:
        return self.weight.shape[0]

    @property
    def channels(self) -> int:
        return self.weight.shape[1]

    @property
    def positive(self) -> bool:
        """Whether no output is negative."""
        return self.relu_2 or (self.relu_1 and self.residual is None)


@dataclass(frozen=True)
class Pool:
    """The largest or the mean of each square of `kernel` x `kernel`; `kind` is "max" or "mean"."""

    name: str
    source: str
    kind: str
    kernel: int
    stride: int


Node = Layer | Pool


@dataclass(frozen=True)
class Graph:
    """`nodes` in their order; the last one is the output. `shape` is (height, width, channels) of the input."""

    nodes: tuple[Node, ...]
    shape: tuple[int, int, int]

    @property
    def layers(self) -> Iterator[Layer]:
        return (node for node in self.nodes if isinstance(node, Layer))

    @property
    def last_use(self) -> Mapping[str, str]:
        """The last node that reads each tensor: what nobody reads any more need not be kept."""
        return {name: node.name for node in self.nodes for name in sources(node)}


def sources(node: Node) -> tuple[str, ...]:
    """What a node reads."""
    if isinstance(node, Layer) and node.residual is not None:
        return node.source, node.residual
    return (node.source,)


def patches(x: NDArray[Any], kernel: int, stride: int, padding: int) -> NDArray[Any]:
    """im2col: (images, height, width, channels) -> (images, out height, out width, kernel * kernel * channels)."""
    if padding:
        x = np.pad(x, ((0, 0), (padding, padding), (padding, padding), (0, 0)))
    windows = np.lib.stride_tricks.sliding_window_view(x, (kernel, kernel), axis=(1, 2))[:, ::stride, ::stride]
    # (images, out height, out width, channels, kernel y, kernel x)
    return windows.transpose(0, 1, 2, 4, 5, 3).reshape(*windows.shape[:3], -1)


def pooled(x: NDArray[Any], pool: Pool) -> NDArray[Any]:
    """The pool of each channel; the mean of integers is a float."""
    windows = np.lib.stride_tricks.sliding_window_view(x, (pool.kernel, pool.kernel), axis=(1, 2))
    windows = windows[:, :: pool.stride, :: pool.stride]
    return windows.max(axis=(4, 5)) if pool.kind == "max" else windows.mean(axis=(4, 5))


def run_float(graph: Graph, x: NDArray[np.float32]) -> dict[str, NDArray[np.float32]]:
    """Every tensor of the network in floating point, by name, without quantisation or noise."""
    tensors = {INPUT: np.asarray(x, np.float32)}
    for node in graph.nodes:
        source = tensors[node.source]
        if isinstance(node, Pool):
            tensors[node.name] = pooled(source, node)
            continue
        out = patches(source, node.kernel, node.stride, node.padding) @ node.weight.astype(np.float32)
        out = out * node.slope.astype(np.float32) + node.bias.astype(np.float32)
        if node.relu_1:
            out = np.maximum(out, 0)
        if node.residual is not None:
            out = out + tensors[node.residual]
        tensors[node.name] = np.maximum(out, 0) if node.relu_2 else out
    return tensors
