"""One vector every 25 ns, and the same latency for each: anomaly detection at the 40 MHz of a collider's triggers.

A unit takes columns / lanes clocks for a vector, so its clock follows from its lanes. A tile that needs longer than
25 ns for an MVM is built several times, with the same weights, and the copies take turns. Each has a unit of its own,
because its calibration is its own and a unit has two banks; that unit may be slower by as much.
"""

from dataclasses import replace

import numpy as np

from nmpu_aimc.gaussian import gaussian
from nmpu_aimc.tile import MAX_PULSE
from nmpu_examples.clocked import Batch, Played, play, same_codes
from nmpu_examples.example import Example, Table, both
from nmpu_examples.layer import map_layer
from nmpu_examples.units import DUAL
from nmpu_model.program import Layer
from nmpu_model.stimulus import integers
from nmpu_spec.cycles import unstalled
from nmpu_spec.load import load

PERIOD_NS = 25
MVM_NS = 133
"""[P] One-phase read of a 256 x 256 tile (Khaddam-Aljameh et al., JSSC 2022)."""
TILES = -(-MVM_NS // PERIOD_NS)
"""Copies of a tile, so that one is free every 25 ns."""
LANES = (256, 128, 64, 32, 16)
ROWS, VECTORS = 64, 60


def run() -> Example:
    weight = gaussian(3, "stream", (ROWS, DUAL.columns)).astype(np.float64)
    pulses = integers(3, "stream/x", -MAX_PULSE, MAX_PULSE, (VECTORS, ROWS))
    step = float(np.abs(pulses @ weight).max()) / MAX_PULSE
    layer = map_layer(DUAL, "stream", weight, pulses, input_step=1, output_step=step, settings=Layer(relu_2=True))
    batches = [Batch(layer.program, layer.traffic(pulses))]
    # The slowest clock that keeps up has `groups` periods in 25 ns; with a faster one the unit waits for the ADC.
    played = {clocks: play(DUAL, batches, clocks) for clocks in (DUAL.groups, DUAL.groups + 1)}
    back_to_back = unstalled(DUAL, VECTORS).cycles - unstalled(DUAL, 1).cycles
    return Example(
        "stream",
        f"A vector every {PERIOD_NS} ns goes through without a bubble, each with the same latency.",
        (
            Table(
                f"a vector of 256 columns every {PERIOD_NS} ns: a layer's tiles, the slowest clock, the unit's latency",
                (
                    "lanes",
                    "clocks per vector",
                    f"MVM in {PERIOD_NS} ns: 1 tile, MHz",
                    "ns",
                    f"MVM in {MVM_NS} ns: {TILES} tiles, MHz",
                    "ns",
                ),
                tuple(_clocks(lanes) for lanes in LANES),
            ),
            Table(
                f"RTL of {DUAL.columns} columns on {DUAL.lanes} lanes, {VECTORS} vectors",
                ("clock, MHz", "clocks from vector to vector", "latency, clocks", "latency, ns", "stalls"),
                tuple(_measured(clocks, run) for clocks, run in played.items()),
            ),
        ),
        {
            "model and RTL agree": both(*batches[0]).agrees
            and all(same_codes(batches, run) for run in played.values()),
            "every vector is a period after the one before": all(
                set(np.diff(run.delivered)) == {clocks} for clocks, run in played.items()
            ),
            "every vector has the latency of the cycle model": all(
                set(_latencies(run)) == {unstalled(DUAL, 1).cycles} for run in played.values()
            ),
            "at the slowest clock groups follow without a bubble": int(np.ptp(played[DUAL.groups].delivered))
            == back_to_back,
        },
    )


def _latencies(played: Played) -> list[int]:
    """Clocks from the entry of each vector's first group to its last codes, both included."""
    latencies: list[int] = (played.delivered - played.entered + DUAL.groups).tolist()
    return latencies


def _clocks(lanes: int) -> tuple[str | int, ...]:
    unit = replace(load("hermes256"), lanes=lanes)
    one, turns = (unit.groups / period * 1e3 for period in (PERIOD_NS, TILES * PERIOD_NS))
    cycles = unstalled(unit, 1).cycles
    return lanes, unit.groups, f"{one:g}", f"{cycles / one * 1e3:.1f}", f"{turns:.1f}", f"{cycles / turns * 1e3:.1f}"


def _measured(clocks: int, played: Played) -> tuple[str | int, ...]:
    mhz = clocks / PERIOD_NS * 1e3
    latencies = sorted(set(_latencies(played)))
    stalls = sum(played.counters[name] for name in ("wait_rx", "stall_out"))
    return (
        f"{mhz:g}",
        ", ".join(str(gap) for gap in sorted(set(np.diff(played.delivered).tolist()))),
        ", ".join(map(str, latencies)),
        f"{latencies[-1] / mhz * 1e3:.1f}",
        stalls,
    )
