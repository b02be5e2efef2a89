"""The study's points on Dask: processes of this machine, or the workers of a scheduler elsewhere."""

import logging
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from hashlib import sha256
from importlib import import_module
from pathlib import Path
from socket import gethostname

from dask.system import CPU_COUNT
from distributed import Client, Future, LocalCluster, as_completed

from nmpu_aimc.accuracy import FormatScore, Task
from nmpu_flow.errors import FlowError
from nmpu_flow.library import Library
from nmpu_spec.config import Config
from nmpu_spec.errors import InputError
from nmpu_verif.lane_cost import lane_cost
from nmpu_verif.study.points import Point
from nmpu_verif.study.rows import Result, Row, row_of

Prepare = Callable[[Task], object]
"""`nmpu_aimc.accuracy.prepared`: raises `InputError` for what is wrong with the task, whatever the formats."""
Scorer = Callable[[Config, Task], FormatScore]
"""`nmpu_aimc.accuracy.score_formats`: raises `InputError` where the task cannot be served with these formats."""

_ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
_PACKAGES = ("nmpu_spec", "nmpu_model", "nmpu_aimc", "nmpu_hw", "nmpu_flow", "nmpu_verif")


@contextmanager
def client(scheduler: str | None = None, workers: int = CPU_COUNT) -> Iterator[Client]:
    """A Dask client: of `scheduler` (``tcp://host:8786``), else of `workers` processes with one thread each.

    Raises `InputError` where no scheduler answers there.
    """
    if scheduler is None:
        # A worker's BLAS must not start threads of its own; it reads this when the process starts.
        os.environ.update(_ONE_THREAD)
        # Without the status page: its port may be taken.
        with (
            LocalCluster(
                n_workers=workers, threads_per_worker=1, dashboard_address=None, silence_logs=logging.CRITICAL
            ) as cluster,
            Client(cluster) as connected,
        ):
            yield connected
        return
    try:
        connected = Client(scheduler, timeout=_PATIENCE)
    except (OSError, ValueError, TimeoutError) as error:
        raise InputError(
            f"--scheduler {scheduler}: no Dask scheduler answers ({_one_line(error)}); start one with 'dask scheduler'"
        ) from None
    with connected:
        yield connected


_PATIENCE = "10s"


def evaluate(
    points: Sequence[Point], task: Task, library: Library, connected: Client, prepare: Prepare, score: Scorer
) -> Iterator[Row]:
    """The rows of `points`, each when it is finished.

    Raises for the first point that fails, naming it: `InputError` for what is wrong with a machine, else `FlowError`.
    """
    # Sent once to each worker: the text of a library has megabytes.
    shared = connected.scatter(library, broadcast=True)
    futures = {
        connected.submit(
            _evaluate, point, task, shared, prepare, score, _sources(), key=point.config.hash, pure=False
        ): point
        for point in points
    }
    try:
        for future in as_completed(futures):
            yield _answer(future, futures[future])
    finally:
        connected.cancel(list(futures))


def _answer(future: Future, point: Point) -> Row:
    try:
        row: Row = future.result()
    except InputError as error:
        raise InputError(f"format point {point.name}: {_one_line(error)}") from error
    except Exception as error:
        raise FlowError(f"format point {point.name}: {type(error).__name__}: {_one_line(error)}") from error
    return row


def _evaluate(point: Point, task: Task, library: Library, prepare: Prepare, score: Scorer, sources: str) -> Row:
    if _sources_at_start() != sources:
        raise InputError(f"worker on {gethostname()}: has other sources of nmpu than this machine; install the same")
    prepare(task)  # so that what is refused below is refused because of the formats
    try:
        scored = score(point.config, task)
    except InputError as error:
        return row_of(point, None, str(error))
    return row_of(point, Result(scored, lane_cost(point.config, library)))


@cache
def _sources_at_start() -> str:
    """Of this worker: what it has loaded, even if a file is edited while it works."""
    return _sources()


def _sources() -> str:
    digest = sha256()
    for package in _PACKAGES:
        for file in sorted(Path(import_module(package).__path__[0]).rglob("*.py")):
            digest.update(file.name.encode() + file.read_bytes())
    return digest.hexdigest()


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split())
