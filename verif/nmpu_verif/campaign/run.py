"""The campaign from where it stopped: nodes over all of their operands, then numbered batches of column results."""

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TypeVar

from nmpu_spec.config import Config
from nmpu_verif.campaign.batch import MismatchError, batch_results, run_batch
from nmpu_verif.campaign.exhaustive import CompiledStage, stage_verilog
from nmpu_verif.campaign.lanes import CompiledLanes
from nmpu_verif.campaign.nodes import MOST_BITS, Node
from nmpu_verif.campaign.state import Cases, State, save
from nmpu_verif.compiled import compiled

Announce = Callable[[str, int, int | None], None]
_Item = TypeVar("_Item")
_Result = TypeVar("_Result")
_WINDOW = 5.0
"""Seconds that the present rate is measured over."""


def run_node(config: Config, node: Node, state: State, folder: Path, jobs: int, announce: Announce) -> str:
    """Go on with `node` to the last of its cases; returns the mismatch, or nothing.

    For nodes of at most `MOST_BITS` bits.
    """
    assert node.bits <= MOST_BITS
    cases, total = state.nodes.setdefault(node.name, Cases()), 1 << node.bits
    if cases.done == total:
        return ""
    announce(f"{node.name}: compiling", 0, None)
    stage = CompiledStage(config, node, stage_verilog(config, node))
    clock = _Clock()
    try:
        for count in _in_order(stage.check, range(cases.done, total, stage.chunk), jobs):
            # One assignment: an interrupt finds it done or not.
            state.nodes[node.name] = cases = Cases(cases.done + count, cases.seconds + clock.lap())
            if clock.due(1.0):
                announce(f"{node.name}: {cases.done / cases.seconds / 1e6:.0f} M cases/s", cases.done, total)
                save(folder, state)
    except MismatchError as error:
        return str(error)
    finally:
        save(folder, state)
    return ""


def run_batches(lanes: CompiledLanes, results: int, state: State, folder: Path, jobs: int, announce: Announce) -> str:
    """Go on to `results` column results, the last batch complete; returns the mismatch, or nothing."""
    batches = -(-results // batch_results(lanes.config))
    announce("compiling the whole unit", 0, None)
    compiled(lanes.config)
    clock, state.mismatch = _Clock(), ""
    recent = deque([(time.perf_counter(), state.tally.results)])
    try:
        numbers = range(state.tally.batches, batches)
        for tally in _in_order(partial(run_batch, lanes, state.seed), numbers, jobs):
            state.tally += replace(tally, seconds=clock.lap())
            save(folder, state)
            recent.append((time.perf_counter(), state.tally.results))
            while recent[-1][0] - recent[0][0] > _WINDOW and len(recent) > 2:
                recent.popleft()
            now = (recent[-1][1] - recent[0][1]) / (recent[-1][0] - recent[0][0])
            done = f"{state.tally.results:.3g} of {results:.3g} column results"
            announce(f"{done}, {now / 1e6:.1f} M/s, in all {state.rate / 1e6:.1f} M/s", state.tally.results, results)
    except MismatchError as error:
        state.mismatch = str(error)
    finally:
        save(folder, state)
    return state.mismatch


class _Clock:
    def __init__(self) -> None:
        self._lap = self._due = time.perf_counter()

    def lap(self) -> float:
        """Seconds since the last call."""
        before, self._lap = self._lap, time.perf_counter()
        return self._lap - before

    def due(self, seconds: float) -> bool:
        """Whether so many seconds have passed since this was last so."""
        now = time.perf_counter()
        if now - self._due < seconds:
            return False
        self._due = now
        return True


def _in_order(work: Callable[[_Item], _Result], items: Iterable[_Item], jobs: int) -> Iterator[_Result]:
    """``work(item)`` for every item, in their order, by `jobs` threads: RTL and NumPy run without Python's lock."""
    waiting: deque[Future[_Result]] = deque()
    with ThreadPoolExecutor(jobs) as pool:
        try:
            for item in items:
                waiting.append(pool.submit(work, item))
                if len(waiting) > jobs:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()
