"""A transformer's layer with low-rank adapters: the tile holds W for every task, the task's B A x comes in through RX.

y = W x + B A x + bias. Only W x is analog. A and B have rank 4 and belong to the task: a digital core computes their
product and sends it as INT8. The output is signed, without ReLU. What a task needs in the unit (bias, steps, the scale
of rx) is in a bank of its own, so another task costs one register write.
"""

from dataclasses import dataclass, replace
from itertools import cycle

import numpy as np
from numpy.typing import NDArray

from nmpu_aimc.gaussian import gaussian
from nmpu_aimc.tile import MAX_PULSE, TYPICAL
from nmpu_examples.clocked import Batch, cut, play, same_codes
from nmpu_examples.example import Answer, Example, Table, both, relative_rms
from nmpu_examples.layer import map_layer
from nmpu_examples.units import DUAL
from nmpu_model.stimulus import integers
from nmpu_model.traffic import Traffic

ROWS, RANK = 128, 4
TASKS = ("question answering", "sentiment")
TOKENS = (96, 32, 16, 48)
"""Tokens of the two tasks in turn; while the first ones run there is time to program the second task's bank."""
INPUT_STEP = 1 / MAX_PULSE

Real = NDArray[np.float64]


@dataclass(frozen=True)
class Task:
    """All tokens with one task's adapter: what goes through the unit, and the layer's real outputs."""

    batch: Batch
    output_step: float
    wanted: Real


def run() -> Example:
    weight = _draw("weight", ROWS, DUAL.columns)
    pulses = integers(4, "adapters/x", -MAX_PULSE, MAX_PULSE, (sum(TOKENS), ROWS))
    tasks = {name: _task(name, weight, pulses) for name in TASKS}
    answers: list[Answer] = []
    rows: list[tuple[str, float, float]] = []
    for name, task in tasks.items():
        program, traffic = task.batch
        alone = replace(program, layer=replace(program.layer, rx_on=False))
        adapted, bare = both(program, traffic), both(alone, Traffic(traffic.p, traffic.n, None))
        answers += [adapted, bare]
        rows.append((name, _error(adapted, task), _error(bare, task)))

    ends = np.cumsum(TOKENS).tolist()
    order = [
        cut(task.batch, slice(end - tokens, end))
        for task, tokens, end in zip(cycle(tasks.values()), TOKENS, ends, strict=False)
    ]
    played = play(DUAL, order)
    lost = np.diff(played.delivered) - DUAL.groups
    switched = (lost[np.array(ends[:-1]) - 1]).tolist()
    return Example(
        "adapters",
        "A task's low-rank partial sum is added through RX, and the task changes between two vectors.",
        (
            Table(
                "rms error over the rms of the float layer's output, noisy tile",
                ("task", "with B A x on rx", "without"),
                tuple((name, f"{adapted:.1%}", f"{bare:.1%}") for name, adapted, bare in rows),
            ),
            Table(
                "tasks in turn, on RTL",
                ("tokens", "banks programmed", "clocks of a bank", "task changes", "clocks lost in changes"),
                ((sum(TOKENS), len(played.loads), max(played.loads), len(switched), sum(switched)),),
            ),
        ),
        {
            "model and RTL agree": all(answer.agrees for answer in answers),
            "every token has the codes of its own task": same_codes(order, played),
            "a change of task loses no clock": not lost.any(),
            "each bank is programmed once": len(played.loads) == len(TASKS),
            "the adapter's sum counts": all(adapted < bare / 2 for _, adapted, bare in rows),
        },
    )


def _error(answer: Answer, task: Task) -> float:
    return relative_rms(answer.out * task.output_step, task.wanted)


def _draw(name: str, *shape: int) -> Real:
    return gaussian(4, f"adapters/{name}", shape).astype(np.float64)


def _task(name: str, weight: Real, pulses: NDArray[np.int64]) -> Task:
    x = pulses * INPUT_STEP
    down, up = _draw(f"{name}/A", ROWS, RANK), _draw(f"{name}/B", RANK, DUAL.columns)
    partial = x @ down @ up / RANK
    bias = _draw(f"{name}/bias", 1, DUAL.columns)[0]
    wanted = x @ weight + partial + bias
    rx_step, output_step = (float(np.abs(values).max()) / MAX_PULSE for values in (partial, wanted))
    layer = map_layer(
        DUAL,
        "adapters",  # the same tile for every task
        weight,
        pulses,
        input_step=INPUT_STEP,
        output_step=output_step,
        rx_step=rx_step,
        bias=bias,
        noise=TYPICAL,
    )
    rx = np.rint(partial / rx_step).astype(np.int64)
    return Task(Batch(layer.program, layer.traffic(pulses, rx)), output_step, wanted)
