"""Units on the real workload, by the counters of their RTL: cycles, codes, accuracy."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from nmpu_aimc.digital import Agreement
from nmpu_aimc.workload import Batch, Run, programs
from nmpu_model import unit
from nmpu_spec.config import Config
from nmpu_verif.compiled import compiled
from nmpu_verif.simulate import BenchError


@dataclass(frozen=True)
class WorkloadRun:
    """The workload on one unit; every number of clocks is what the RTL counted.

    results             column results, each equal to the golden model's
    cycles_per_vector   clocks for which a vector keeps the next one waiting: the counter ``busy`` / vectors
    cycles_floor        columns / lanes: fewer are not possible with one column per lane and clock
    results_per_second  of the compiled RTL, on one core, packing included
    vector_cycles       clocks from the entry of a vector to its last code, alone: the counter ``cycles``
    """

    results: int
    cycles_per_vector: float
    cycles_floor: int
    vector_cycles: int
    accuracy: float
    results_per_second: float


def run_workload(config: Config, done: Run) -> WorkloadRun:
    """Every vector of `done`, the workload on the golden model of `config`, through the compiled RTL.

    Raises `BenchError` where a code or a counter of the RTL is not the model's.
    """
    rtl = compiled(config)
    busy = vectors = 0
    seconds = 0.0
    for batch in done.batches:
        started = time.perf_counter()
        result = rtl(batch.program, batch.p, batch.n, batch.rx)
        seconds += time.perf_counter() - started
        model = unit.run(batch.program, batch.p, batch.n, batch.rx)
        if not np.array_equal(result.out, model.out) or result.counters != model.counters:
            raise BenchError(f"{config.name}, {batch.name}: RTL and model differ; `nmpu sim` tells where")
        busy += result.counters["busy"]
        vectors += result.counters["vectors"]
    first = done.batches[0]
    alone = rtl(first.program, first.p[:1], first.n[:1])
    return WorkloadRun(
        results=vectors * config.columns,
        cycles_per_vector=busy / vectors,
        cycles_floor=config.groups,
        vector_cycles=alone.counters["cycles"],
        accuracy=done.accuracy,
        results_per_second=vectors * config.columns / seconds,
    )


def agreement(batches: Sequence[Batch], other: Config) -> Agreement:
    """The codes of `batches` beside those of the unit `other` for the same counters and rx codes."""
    found = Agreement()
    for batch, program in zip(batches, programs(batches, other), strict=True):
        used = batch.program.mask
        out = unit.run(program, batch.p, batch.n, batch.rx).out
        found = found.with_codes(batch.out[:, used], out[:, used])
    return found
