"""Run the digits network on a chip, with a fixed-point or an FP16 unit as its digital part."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nmpu_aimc.digits import accuracy, patches, split
from nmpu_aimc.network import Stage, build
from nmpu_aimc.tile import TYPICAL, Noise
from nmpu_model import unit
from nmpu_model.program import Program
from nmpu_spec.config import Config
from nmpu_spec.errors import InputError


@dataclass(frozen=True)
class Batch:
    """What passes through the unit behind one tile: every array has the shape (vectors, columns).

    p, n  the counters, uint16
    rx    the previous tile's codes, int16, or None where the program takes none
    out   the codes that the golden model answers, int16
    """

    name: str
    program: Program
    p: NDArray[np.uint16]
    n: NDArray[np.uint16]
    rx: NDArray[np.int16] | None
    out: NDArray[np.int16]


@dataclass(frozen=True)
class Run:
    """The answers for the held-out images, and all that passed through the unit on the way.

    logits are the last layer's codes (images, 10); labels (images,).
    """

    logits: NDArray[np.int16]
    labels: NDArray[np.int64]
    batches: tuple[Batch, ...]

    @property
    def predictions(self) -> NDArray[np.int64]:
        """The first of the largest logits of each image."""
        return np.asarray(np.argmax(self.logits, axis=1))

    @property
    def accuracy(self) -> float:
        return accuracy(self.logits, self.labels)


def run(config: Config, images: int | None = None, chip: int = 0, noise: Noise = TYPICAL) -> Run:
    """Classify the first `images` held-out images (default: all 597) on the chip with the seed `chip`.

    Units of as many columns see the same chip and the same noise, and each feeds its own codes forward. The first k
    images of a longer run have the same codes as a run of k images. 101 vectors for each image.
    Raises `InputError` for a configuration that cannot serve the network, or a number of images that is not there.
    """
    test = split()[1]
    count = len(test.labels) if images is None else images
    if not 1 <= count <= len(test.labels):
        raise InputError(f"images = {count}: must be 1 to {len(test.labels)}, the held-out images")
    test = test.first(count)
    x, batches = test.codes, []
    for layer in _by_layer(build(config, chip, noise)):
        rows = patches(x, layer[0].layer)
        vectors = rows.reshape(-1, rows.shape[3])
        rx = None
        for stage in layer:
            p, n = stage.tile.convert(vectors[:, stage.rows], "run")
            program = stage.program(config)
            out = unit.run(program, p, n, rx).out
            batches.append(Batch(stage.name, program, p, n, rx, out))
            rx = out
        x = out[:, : layer[0].layer.channels].reshape(*rows.shape[:3], -1).astype(np.int64)
    return Run(x.reshape(count, -1).astype(np.int16), test.labels, tuple(batches))


def _by_layer(stages: tuple[Stage, ...]) -> Iterator[list[Stage]]:
    """The stages of each layer, in their order."""
    for layer in dict.fromkeys(stage.layer for stage in stages):
        yield [stage for stage in stages if stage.layer == layer]
