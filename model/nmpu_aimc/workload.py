"""Run the digits network on a chip, with a fixed-point or an FP16 unit as its digital part."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

import numpy as np
from numpy.typing import NDArray

from nmpu_aimc.chip import Chip, Stage, program_chip, require_servable
from nmpu_aimc.digits import INPUT_STEP, LAYERS, accuracy, graph, split
from nmpu_aimc.plan import Codes, Plan, make_plan
from nmpu_aimc.runner import Counters
from nmpu_aimc.runner import run as run_network
from nmpu_aimc.tile import MAX_PULSE, TYPICAL, Noise
from nmpu_model import unit
from nmpu_model.program import Program
from nmpu_spec.config import Config
from nmpu_spec.errors import InputError

RANGE_IMAGES = 400
"""Training images from which the ranges are taken (ours)."""


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


@cache
def plan() -> Plan:
    """The network on its tiles; its ranges are those of the first 400 training images."""
    pixels = _pixels(split()[0].first(RANGE_IMAGES).pixels)
    return make_plan(graph(), pixels, columns=256, ranges={LAYERS[0].name: INPUT_STEP * MAX_PULSE})


@lru_cache(maxsize=4)
def chip(config: Config, seed: int = 0, noise: Noise = TYPICAL) -> Chip:
    """The network on the chip with this seed, its tiles as wide as the unit of `config`.

    Raises `InputError` for a configuration that cannot serve the network.
    """
    return program_chip(plan(), seed, noise, columns=require_servable(plan(), config).columns)


class _Recording:
    """The golden model of `config`, on all columns; keeps what passes through it."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self.batches: list[Batch] = []

    def codes(self, stage: Stage, p: Counters, n: Counters, rx: Codes | None) -> Codes:
        program = stage.program(self._config)
        wide = None if rx is None else np.pad(rx.astype(np.int16), ((0, 0), (0, p.shape[1] - rx.shape[1])))
        out = unit.run(program, p, n, wide).out
        self.batches.append(Batch(stage.name, program, p, n, wide, out))
        return out[:, : stage.channels].astype(np.int8)


def run(config: Config, images: int | None = None, seed: int = 0, noise: Noise = TYPICAL) -> Run:
    """Classify the first `images` held-out images (default: all 597) on the chip with this seed.

    Units of as many columns see the same chip and the same noise, and each feeds its own codes forward. The first k
    images of a longer run have the same codes as a run of k images. 101 vectors for each image.
    Raises `InputError` for a configuration that cannot serve the network, or a number of images that is not there.
    """
    test = split()[1]
    count = len(test.labels) if images is None else images
    if not 1 <= count <= len(test.labels):
        raise InputError(f"images = {count}: must be 1 to {len(test.labels)}, the held-out images")
    test, recording = test.first(count), _Recording(config)
    [out] = run_network(chip(config, seed, noise), [recording], plan().input_codes(_pixels(test.pixels)))
    return Run(out.astype(np.int16), test.labels, tuple(recording.batches))


def programs(batches: Sequence[Batch], config: Config) -> list[Program]:
    """What another unit behind the same tiles of chip 0 would be told for each of the batches."""
    stages = chip(config).stages
    return [stages[batch.name].program(config) for batch in batches]


def _pixels(pixels: NDArray[np.int64]) -> NDArray[np.float64]:
    """As the network takes them, 0 to 1."""
    return pixels / 16
