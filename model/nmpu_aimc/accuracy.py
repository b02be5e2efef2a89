"""How many images a network answers rightly on chips, with one digital part or another behind their tiles."""

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass
from functools import lru_cache
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nmpu_aimc.budget import budgets
from nmpu_aimc.chip import Chip, program_chip, require_servable
from nmpu_aimc.digital import Agreement, Compared, Float32, Golden
from nmpu_aimc.networks.graph import run_float
from nmpu_aimc.networks.zoo import Loaded, load_network
from nmpu_aimc.plan import Codes, Plan, make_plan
from nmpu_aimc.runner import Digital, run
from nmpu_aimc.tile import Noise
from nmpu_spec.config import Config
from nmpu_spec.half import beside

HOUR = 3600.0
AGREEMENT_IMAGES = 50
"""Images on whose counters the codes of two units are compared (ours)."""
BUDGET_IMAGES = 20
"""Images on whose counters a unit is held against real numbers (ours)."""
_BATCH = 100
_CHUNK = 1000

Bools = NDArray[np.bool_]
Maker = Callable[[Chip, Config], Digital]


@dataclass(frozen=True)
class Task:
    """What is run: `images` from the first one (None: all there are), on the chips with the seeds 0 to chips - 1.

    seconds   since the tiles were programmed and until they are calibrated and read; phases: of a read (1 or 4)
    """

    network: str = "resnet9"
    data: str = "data"
    images: int | None = None
    chips: int = 10
    seconds: float = HOUR
    phases: int = 1

    def as_dict(self) -> dict[str, object]:
        return asdict(self)


@dataclass(frozen=True)
class Answers:
    """Which images were answered rightly: (chips, images)."""

    name: str
    right: Bools

    @property
    def accuracy(self) -> float:
        """The mean over chips and images."""
        return float(self.right.mean())

    @property
    def error(self) -> float:
        """The standard error of `accuracy` over the chips; the images are what they are. 0 for one chip."""
        return _standard_error(self.right.mean(axis=1))

    def drop(self, reference: "Answers") -> tuple[float, float]:
        """The reference's accuracy minus this one, paired, and its standard error over the chips.

        For a single chip it is the error over the images: sqrt(answers right on one side only) / images (McNemar).
        """
        difference = reference.right.astype(np.int8) - self.right
        if len(difference) > 1:
            error = _standard_error(difference.mean(axis=1))
        else:
            error = float(np.sqrt(np.count_nonzero(difference)) / difference.size)
        return float(difference.mean()), error


@dataclass(frozen=True)
class Accuracy:
    """`network` is the share that the network itself answers rightly, in floating point and without tiles."""

    task: Task
    source: str
    network: float
    digital: list[Answers]
    agreement: Agreement


@lru_cache(maxsize=2)
def prepared(task: Task) -> tuple[Loaded, Plan]:
    """The network of the task and its plan; raises `InputError` for what cannot be loaded or mapped."""
    loaded = load_network(task.network, Path(task.data), task.images)
    return loaded, make_plan(loaded.graph, loaded.calibration, columns=256)


@lru_cache(maxsize=16)
def chip_of(task: Task, seed: int) -> Chip:
    """The chip with this seed."""
    return program_chip(prepared(task)[1], seed, Noise(seconds=task.seconds), task.phases)


def evaluate(
    task: Task, config: Config, progress: Callable[[int, int], None], make: Maker = Golden, workers: int | None = None
) -> Accuracy:
    """Run the task with float32, the FP16 unit beside `config`, and the unit of `config`, which `make` makes of it.

    `workers` processes (default: one for each core) share the chips and images. Raises `InputError`, naming the layer
    or the tile and the reason, before any of them starts.
    """
    loaded, plan = prepared(task)
    require_servable(plan, config)
    for seed in range(task.chips):
        for stage in chip_of(task, seed).stages.values():
            stage.program(config)
    count = len(loaded.labels)
    right = np.empty((3, task.chips, count), bool)
    pieces = [(seed, slice(k, min(k + _CHUNK, count))) for seed in range(task.chips) for k in range(0, count, _CHUNK)]
    with _pool(workers) as pool:
        agreement = pool.submit(_agreement, task, config)
        waiting: dict[Future[Bools], tuple[int, slice]] = {
            pool.submit(_right, task, seed, piece, config, make): (seed, piece) for seed, piece in pieces
        }
        for done, future in enumerate(as_completed(waiting), 1):
            seed, piece = waiting[future]
            right[:, seed, piece] = future.result()
            progress(done, len(pieces))
        names = ("float32", "FP16", config.name)
        return Accuracy(
            task,
            loaded.source,
            _float_accuracy(loaded),
            [Answers(name, part) for name, part in zip(names, right, strict=True)],
            agreement.result(),
        )


def _pool(workers: int | None) -> ProcessPoolExecutor:
    # A process works on one core: its BLAS must not start more threads.
    os.environ |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    return ProcessPoolExecutor(workers, get_context("spawn"))


def _codes(task: Task, piece: slice) -> Codes:
    loaded, plan = prepared(task)
    return plan.input_codes(loaded.images[piece])


def _right(task: Task, seed: int, piece: slice, config: Config, make: Maker) -> Bools:
    """(digital parts, images of the piece)."""
    chip = chip_of(task, seed)
    digital: list[Digital] = [Float32(), Golden(chip, beside(config)), make(chip, config)]
    return _answers(chip, digital, _codes(task, piece), piece.start) == prepared(task)[0].labels[piece]


def _answers(chip: Chip, digital: Sequence[Digital], codes: Codes, first: int = 0) -> NDArray[np.int64]:
    """The first of the largest outputs of each image, (digital parts, images)."""
    batches: Iterator[Codes] = (
        run(chip, digital, codes[k : k + _BATCH], first + k) for k in range(0, len(codes), _BATCH)
    )
    return np.concatenate([np.argmax(out, axis=2) for out in batches], axis=1)


def _agreement(task: Task, config: Config) -> Agreement:
    chip = chip_of(task, 0)
    both = Compared(Golden(chip, config), Golden(chip, beside(config)))
    run(chip, [both], _codes(task, slice(AGREEMENT_IMAGES)))
    return both.agreement


def _float_accuracy(loaded: Loaded) -> float:
    last = loaded.graph.nodes[-1].name
    right = 0
    for start in range(0, len(loaded.labels), _BATCH):
        piece = slice(start, start + _BATCH)
        out = run_float(loaded.graph, loaded.images[piece])[last]
        right += int((out.reshape(len(out), -1).argmax(axis=1) == loaded.labels[piece]).sum())
    return right / len(loaded.labels)


def _standard_error(values: NDArray[np.floating]) -> float:
    return float(values.std(ddof=1) / np.sqrt(len(values))) if len(values) > 1 else 0.0


@dataclass(frozen=True)
class FormatScore:
    """What a choice of formats costs the network.

    accuracy          share of images answered rightly, mean over chips
    drop, drop_error  FP16 unit minus this one, in points, paired over the same chips and images; its standard error
    rms_lsb, max_lsb  output codes of all tiles against real arithmetic on the same counters, in LSB
    """

    accuracy: float
    drop: float
    drop_error: float
    rms_lsb: float
    max_lsb: float


def score_formats(config: Config, task: Task) -> FormatScore:
    """Run the task with the golden model of `config`, in this process; the FP16 unit's answers are kept for the next.

    Raises `InputError`, naming the tile, where a number of the network does not fit its format.
    """
    codes = _codes(task, slice(None))
    require_servable(prepared(task)[1], config)
    golden = [Golden(chip_of(task, seed), config) for seed in range(task.chips)]
    labels = prepared(task)[0].labels
    right = np.stack([_answers(chip_of(task, seed), [one], codes)[0] == labels for seed, one in enumerate(golden)])
    reference = np.stack([_reference(task, seed, beside(config)) for seed in range(task.chips)])
    ours = Answers(config.name, right)
    drop, error = ours.drop(Answers("FP16", reference))
    tiles = budgets(chip_of(task, 0), config, codes[:BUDGET_IMAGES])
    weights = np.array([tile.vectors * tile.channels for tile in tiles], float)
    square = np.average([tile.total.rms**2 for tile in tiles], weights=weights)
    largest = max(tile.total.largest for tile in tiles)
    return FormatScore(ours.accuracy, 100 * drop, 100 * error, float(np.sqrt(square)), largest)


@lru_cache(maxsize=32)
def _reference(task: Task, seed: int, half: Config) -> Bools:
    chip = chip_of(task, seed)
    return np.asarray(_answers(chip, [Golden(chip, half)], _codes(task, slice(None)))[0] == prepared(task)[0].labels)
