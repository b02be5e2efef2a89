"""What the tests of the ways into a graph share: random statistics, and the comparison with PyTorch's own answers."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from nmpu_aimc.networks.graph import Graph, run_float

ROUNDING = 1e-5
"""Of the largest output. Float32 keeps 6e-8, the two add up in different orders: nothing else may differ."""


def randomised(model: nn.Module, seed: int = 1) -> nn.Module:
    """Weights as PyTorch draws them, and statistics of BatchNorm that are not those of an untrained network."""
    generator = torch.Generator().manual_seed(seed)
    for module in model.modules():
        if isinstance(module, (nn.BatchNorm1d, nn.BatchNorm2d)):
            assert module.running_mean is not None and module.running_var is not None
            module.running_mean.normal_(0, 0.2, generator=generator)
            module.running_var.uniform_(0.3, 2, generator=generator)
            with torch.no_grad():
                module.weight.uniform_(-1.5, 1.5, generator=generator)
                module.bias.normal_(0, 0.2, generator=generator)
    return model.eval()


def answers(model: nn.Module, x: NDArray[np.float32]) -> NDArray[np.float32]:
    """Of images (images, height, width, channels), or of vectors where the map is 1 x 1."""
    data = torch.from_numpy(np.ascontiguousarray(x.transpose(0, 3, 1, 2)))
    with torch.no_grad():
        return model(data.flatten(1) if x.shape[1:3] == (1, 1) else data).numpy()


def assert_same(graph: Graph, expected: NDArray[np.float32], x: NDArray[np.float32]) -> None:
    """`expected` is (images, features) or, for a map, (images, channels, height, width)."""
    out = run_float(graph, x)[graph.nodes[-1].name].transpose(0, 3, 1, 2)
    out = out.reshape(expected.shape) if expected.ndim == 2 else out
    assert out.shape == expected.shape
    assert np.abs(out - expected).max() <= ROUNDING * np.abs(expected).max()
    assert np.array_equal(out.argmax(1), expected.argmax(1))


def images(shape: tuple[int, int, int], count: int = 3) -> NDArray[np.float32]:
    return np.random.default_rng(7).normal(size=(count, *shape)).astype(np.float32)
