"""A layer with more rows than a tile has: partial sums travel from unit to unit through RX.

Every partition has a tile and a unit of its own, and a gain per column and partition. A unit adds r * rx, the codes of
the partition before, to its own sum, in a node with guard bits, and rounds once; the last one adds the bias. rx has 8
bits, so each hand-over costs a rounding, and the question is which number a code stands for on the way:

fitted   the partial sums up to here fill the code's range; r is the ratio of two steps, a U7.5 number with an error
shared   every partition uses the last one's step; r is 1 and exact
"""

from collections.abc import Sequence
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from nmpu_aimc.gaussian import gaussian
from nmpu_aimc.tile import MAX_PULSE
from nmpu_examples.example import Answer, Example, Table, both, lsb_error
from nmpu_examples.layer import map_layer
from nmpu_examples.units import DUAL
from nmpu_model.stimulus import integers

ROWS, CHANNELS, VECTORS = 768, DUAL.columns, 256
"""Of the layer: a 3 x 3 convolution of 85 channels has about as many rows."""
PARTITIONS = (3, 6, 12)
HEADROOM = 4
"""Codes left free at each end for the errors of the partial sums."""
INPUT_STEP = 1 / MAX_PULSE

Real = NDArray[np.float64]


class Steps(StrEnum):
    SHARED = "shared"
    FITTED = "fitted"


def run() -> Example:
    weight = gaussian(5, "partitions", (ROWS, CHANNELS)).astype(np.float64)
    # Rows differ in strength, so every partition has a scale of its own.
    weight *= np.linspace(0.5, 1.5, ROWS)[:, np.newaxis]
    pulses = integers(5, "partitions/x", -MAX_PULSE, MAX_PULSE, (VECTORS, ROWS))
    real = pulses * INPUT_STEP @ weight
    step = _step(real)
    wide = lsb_error(np.rint(real / step), real / step)
    chains = {(parts, how): _chain(weight, pulses, parts, step, how) for parts in PARTITIONS for how in Steps}
    errors = {key: lsb_error(chain[-1].out, real / step) for key, chain in chains.items()}
    rows = [
        (str(parts), str(how), *_shown(*errors[parts, how], _saturated(chain)))
        for (parts, how), chain in chains.items()
    ]
    guard = DUAL.total_format.width - DUAL.norm_format.width
    return Example(
        "partitions",
        "A layer of more rows than a tile is summed from unit to unit, with a gain per column and partition.",
        (
            Table(
                f"{ROWS} rows, {CHANNELS} channels; {guard} guard bits in the node that adds rx",
                ("partitions", "steps", "rms error, LSB", "largest, LSB", "saturated codes"),
                (("one wide sum", "", *_shown(*wide, 0)), *rows),
            ),
        ),
        {
            "model and RTL agree": all(answer.agrees for chain in chains.values() for answer in chain),
            "fitted steps err less than shared ones": all(
                errors[parts, Steps.FITTED][0] < errors[parts, Steps.SHARED][0] for parts in PARTITIONS
            ),
            "no code saturates": not any(_saturated(chain) for chain in chains.values()),
        },
    )


def _chain(weight: Real, pulses: NDArray[np.int64], partitions: int, step: float, steps: Steps) -> list[Answer]:
    """The answers of each partition's unit, in the order of the sum."""
    answers: list[Answer] = []
    real, rx, rx_step = np.zeros((len(pulses), CHANNELS)), None, 0.0
    for number, rows in enumerate(np.array_split(np.arange(ROWS), partitions)):
        real += pulses[:, rows] * INPUT_STEP @ weight[rows]
        output_step = _step(real) if steps is Steps.FITTED else step
        part = map_layer(
            DUAL,
            f"partition{number}",
            weight[rows],
            pulses[:, rows],
            input_step=INPUT_STEP,
            output_step=output_step,
            rx_step=rx_step,
        )
        answers.append(both(part.program, part.traffic(pulses[:, rows], rx)))
        rx, rx_step = answers[-1].out, output_step
    return answers


def _step(values: Real) -> float:
    """Of codes that hold `values`, with room for what is rounded on the way."""
    return float(np.abs(values).max()) / (MAX_PULSE - HEADROOM)


def _saturated(chain: Sequence[Answer]) -> int:
    return sum(answer.counters[name] for answer in chain for name in ("output_high", "output_low"))


def _shown(rms: float, largest: float, saturated: int) -> tuple[str, str, int]:
    return f"{rms:.2f}", f"{largest:.2f}", saturated
