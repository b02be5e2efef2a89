"""The networks that can be asked for by name, with their images; or a user's own, as an ONNX file.

PyTorch is imported only when a network is loaded.
"""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from types import ModuleType

import numpy as np
from numpy.typing import NDArray

from nmpu_aimc.networks.cifar import ImageSet, cifar10, cifar100
from nmpu_aimc.networks.graph import Graph
from nmpu_model.npz import read_npz
from nmpu_spec.errors import InputError

CALIBRATION_IMAGES = 256
"""Training images from which the ranges are taken (ours)."""
SIZE = (32, 32, 3)


@dataclass(frozen=True)
class Loaded:
    """A network, and what to run it on: images and calibration images as it takes them, float32 (images, h, w, c).

    source   says which images they are, for tables
    """

    name: str
    graph: Graph
    images: NDArray[np.float32]
    labels: NDArray[np.int64]
    calibration: NDArray[np.float32]
    source: str


PAPER = {"resnet9": (86.77, 0.12), "resnet32": (65.46, 0.40)}
"""Ferro et al., ISCAS 2024 (arXiv 2402.07549), abstract: accuracy with FP16 digital processing, and the drop, in %."""
NAMES = tuple(PAPER)


def load_network(network: str, data: Path, images: int | None = None) -> Loaded:
    """`network`: one of `NAMES`, with the CIFAR images of the folder `data`; or the path of an ONNX file.

    For an ONNX file `data` is an .npz file with the arrays images and calibration (count, height, width, channels), as
    the network takes them, and labels (count,). `images`: how many, from the first; default: all.
    Raises `InputError`, in one line, for what is not there or cannot be mapped.
    """
    loaded = _own(network, data) if network.endswith(".onnx") else _named(network, data, images)
    count = len(loaded.labels) if images is None else images
    if not 1 <= count <= len(loaded.labels):
        raise InputError(f"images = {count}: must be 1 to {len(loaded.labels)}, the images of {loaded.source}")
    return Loaded(**vars(loaded) | {"images": loaded.images[:count], "labels": loaded.labels[:count]})


def _named(network: str, data: Path, images: int | None) -> Loaded:
    if network not in NAMES:
        raise InputError(f"network {network!r}: must be one of {', '.join(NAMES)}, or the path of an .onnx file")
    read: Callable[[Path, str, int | None], ImageSet] = cifar10 if network == "resnet9" else cifar100
    test, train = read(data, "test", images), read(data, "train", CALIBRATION_IMAGES)
    resnet, from_torch = _bridge("resnet"), _bridge("from_torch").from_torch
    if network == "resnet9":
        model, mean, std = resnet.load_resnet9(), resnet.MEAN_10, resnet.STD_10
    else:
        model, mean, std = resnet.load_resnet32(data / resnet.WEIGHTS_100), resnet.MEAN_100, resnet.STD_100

    def normalised(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        return np.asarray((pixels / 255 - np.array(mean)) / np.array(std), np.float32)

    return Loaded(
        network,
        from_torch(model, SIZE),
        normalised(test.pixels),
        test.labels,
        normalised(train.pixels),
        test.source,
    )


def _bridge(module: str) -> ModuleType:
    """A module that needs PyTorch, which is optional and takes seconds to import."""
    try:
        return import_module(f"nmpu_aimc.networks.{module}")
    except ModuleNotFoundError as error:
        raise InputError(f"{error.name}: not installed; pip install 'nmpu[networks]'") from None


def _own(network: str, data: Path) -> Loaded:
    if not data.is_file():
        raise InputError(f"{data}: must be an .npz file with images, labels and calibration, to run {network}")
    try:
        arrays = read_npz(data.read_bytes())
    except OSError as error:
        raise InputError(f"{data}: cannot be read ({error.strerror})") from None
    except InputError as error:
        raise InputError(f"{data}: {error}") from None
    for name in ("calibration", "images", "labels"):
        if name not in arrays:
            raise InputError(f"{data}: has no array {name!r}")
        if arrays[name].dtype.kind not in "iuf":
            raise InputError(f"{data}: {name} is {arrays[name].dtype}, must be numbers")
    images, labels, calibration = (arrays[name] for name in ("images", "labels", "calibration"))
    if images.ndim != 4 or images.shape[1:] != calibration.shape[1:] or labels.shape != images.shape[:1]:
        raise InputError(
            f"{data}: images {images.shape}, calibration {calibration.shape}, labels {labels.shape}: must be "
            "(count, height, width, channels) twice and (count,)"
        )
    height, width, channels = images.shape[1:]
    return Loaded(
        Path(network).stem,
        _bridge("from_onnx").from_onnx(Path(network), (height, width, channels)),
        images.astype(np.float32),
        labels.astype(np.int64),
        calibration.astype(np.float32),
        data.name,
    )
