"""The two networks of the reference paper, as PyTorch modules: ResNet9 for CIFAR-10, ResNet32 for CIFAR-100.

The paper gives neither the widths nor the weights of its networks: the ones here are stated in each docstring.
"""

import zipfile
import zlib
from collections.abc import Mapping
from importlib import resources
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from nmpu_spec.errors import InputError

MEAN_10, STD_10 = (0.4914, 0.4822, 0.4465), (0.2470, 0.2435, 0.2616)
"""Of the CIFAR-10 training images, pixels 0 to 1."""
MEAN_100, STD_100 = (0.507, 0.487, 0.441), (0.267, 0.256, 0.276)
"""Of the CIFAR-100 training images, as the weights were trained with."""
WEIGHTS_100 = "resnet32_cifar100_weights.npz"
"""The file of ResNet32's weights, which the user puts beside the images."""


def _conv(inputs: int, channels: int, kernel: int = 3, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, channels, kernel, stride, padding=kernel // 2, bias=False), nn.BatchNorm2d(channels)
    )


class Residual(nn.Module):
    """x + BN(conv(ReLU(BN(conv(x))))), then ReLU."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first, self.second = _conv(channels, channels), _conv(channels, channels)

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(x + self.second(torch.relu(self.first(x))))


class ResNet9(nn.Module):
    """3-16-32-residual(32)-64-128-residual(128)-10 for 32 x 32 images, 411,824 weights (widths ours).

    The shape is that of the well-known ResNet9 of DAWNBench, whose residual adds what is behind a ReLU; here the ReLU
    is behind the addition, as in the first ResNets: a layer that is split over tiles adds its partial sums before it.
    """

    def __init__(self, width: int = 16, classes: int = 10) -> None:
        super().__init__()
        self.conv1, self.conv2 = _conv(3, width), _conv(width, 2 * width)
        self.residual1 = Residual(2 * width)
        self.conv3, self.conv4 = _conv(2 * width, 4 * width), _conv(4 * width, 8 * width)
        self.residual2 = Residual(8 * width)
        self.pool, self.pool4 = nn.MaxPool2d(2), nn.MaxPool2d(4)
        self.linear = nn.Linear(8 * width, classes)

    def forward(self, x: Tensor) -> Tensor:
        x = torch.relu(self.conv1(x))
        x = self.residual1(self.pool(torch.relu(self.conv2(x))))
        x = self.pool(torch.relu(self.conv3(x)))
        x = self.residual2(self.pool(torch.relu(self.conv4(x))))
        return self.linear(torch.flatten(self.pool4(x), 1))


class Block(nn.Module):
    """shortcut(x) + BN(conv(ReLU(BN(conv(x))))); the shortcut is 1x1 with BatchNorm where the map changes."""

    def __init__(self, inputs: int, channels: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, channels, 3, stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)
        self.shortcut = _conv(inputs, channels, 1, stride) if (inputs, stride) != (channels, 1) else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        out = torch.relu(self.bn1(self.conv1(x)))
        return self.shortcut(x) + self.bn2(self.conv2(out))


class ResNet32(nn.Module):
    """A stem of 64 channels and three stages of 16, 32 and 64 channels with five blocks each, 32 x 32 images.

    501,316 parameters. The second and third stage halve the map; a 4x4 mean pool leaves 2 x 2 x 64 = 256 features.
    ReLU is behind the stem, inside the blocks and behind each stage, not behind each block: the outputs of blocks are
    signed. This is how the weights were trained.
    """

    def __init__(self, classes: int = 100) -> None:
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(3, 64, 3, padding=1, bias=False), nn.BatchNorm2d(64)
        self.layer1, self.layer2, self.layer3 = self._stage(64, 16, 1), self._stage(16, 32, 2), self._stage(32, 64, 2)
        self.linear = nn.Linear(256, classes)

    @staticmethod
    def _stage(inputs: int, channels: int, stride: int) -> nn.Sequential:
        return nn.Sequential(Block(inputs, channels, stride), *(Block(channels, channels, 1) for _ in range(4)))

    def forward(self, x: Tensor) -> Tensor:
        x = torch.relu(self.bn1(self.conv1(x)))
        for stage in (self.layer1, self.layer2, self.layer3):
            x = torch.relu(stage(x))
        return self.linear(torch.flatten(nn.functional.avg_pool2d(x, 4), 1))


def load_resnet9() -> ResNet9:
    """ResNet9 with the weights beside this file, in eval mode; `nmpu_aimc.networks.train_resnet9` makes them."""
    net = ResNet9()
    with resources.as_file(resources.files(__package__) / "resnet9.npz") as path:
        load_state(net, path)
    return net


def load_resnet32(path: Path) -> ResNet32:
    """ResNet32 with the weights of an npz file (see `load_state`), in eval mode."""
    net = ResNet32()
    load_state(net, path)
    return net


def load_state(net: nn.Module, path: Path) -> None:
    """Give `net` the arrays of an npz file, of any float type, named as in its state dict; then eval mode.

    BatchNorm's counters of batches may be in the file or not: eval mode does not read them. Raises `InputError` that
    names the file if it is missing, is no npz file, or holds other arrays than `net` has.
    """
    state = {name: torch.from_numpy(array.astype(np.float32)) for name, array in _arrays(path).items()}
    wanted, found = ({name: tuple(value.shape) for name, value in of.items()} for of in (net.state_dict(), state))
    for name in sorted(wanted.keys() | found.keys()):
        if wanted.get(name) != found.get(name) and not name.endswith("num_batches_tracked"):
            has, must = (f"of shape {shapes[name]}" if name in shapes else "absent" for shapes in (found, wanted))
            raise InputError(f"{path}: {name} is {has}, in {type(net).__name__} it is {must}")
    net.load_state_dict(state, strict=False)
    net.eval()


def _arrays(path: Path) -> Mapping[str, NDArray[np.floating]]:
    try:
        with np.load(path, allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files}
    except FileNotFoundError:
        raise InputError(f"{path}: is missing; it holds the weights") from None
    except (OSError, AttributeError, TypeError, ValueError, EOFError, zipfile.BadZipFile, zlib.error):
        raise InputError(f"{path}: is not a whole npz file of numbers") from None
