"""One batch: drawn, pushed through RTL and model, compared; where they differ, the operands that show it."""

from dataclasses import astuple, dataclass, replace

import numpy as np

from nmpu_hw.counters import SATURATIONS
from nmpu_model.program import Program
from nmpu_model.traffic import Traffic
from nmpu_model.unit import run
from nmpu_spec.config import Config
from nmpu_verif.campaign.lanes import CompiledLanes
from nmpu_verif.campaign.stimulus import KINDS, SLICE, draw_program, draw_slices
from nmpu_verif.compiled import compiled
from nmpu_verif.simulate import BenchError

UNIT_EVERY, UNIT_VECTORS = 64, 256
"""The whole unit, compiled, takes the first vectors of every so many batches too; its codes go by register and bus."""


class MismatchError(BenchError):
    """RTL and model differ; the message leads to the operands."""


@dataclass(frozen=True)
class Tally:
    """Column results that were compared, how long it took, and how telling they were.

    enabled            of columns that the mask enables
    affine, output     saturated in the first and second compression
    zero               whose code is 0, among the enabled
    unit               that the whole unit gave as well
    """

    batches: int = 0
    seconds: float = 0.0
    results: int = 0
    enabled: int = 0
    affine: int = 0
    output: int = 0
    zero: int = 0
    unit: int = 0

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(*(a + b for a, b in zip(astuple(self), astuple(other), strict=True)))


def batch_results(config: Config) -> int:
    """Column results of a batch."""
    return len(KINDS) * max(SLICE // config.columns, 1) * config.columns


def run_batch(lanes: CompiledLanes, seed: int, number: int) -> Tally:
    """Batch `number` of the campaign `seed`. Raises `MismatchError` where the RTL differs from the model."""
    config = lanes.config
    program = draw_program(config, seed, number)
    tally = Tally(batches=1)
    for kind, traffic in zip(KINDS, draw_slices(program, seed, number), strict=True):
        got = lanes(program, traffic.p, traffic.n, traffic.rx)
        wanted = run(program, traffic.p, traffic.n, traffic.rx)
        counts = {name: wanted.counters[name] for name in SATURATIONS}
        if not np.array_equal(got.out, wanted.out) or got.saturated != counts:
            raise MismatchError(f"batch {number}, {kind}, {_located(lanes, program, traffic)}")
        enabled = wanted.counters["samples"]
        tally += Tally(
            results=got.out.size,
            enabled=enabled,
            affine=counts["affine_high"] + counts["affine_low"],
            output=counts["output_high"] + counts["output_low"],
            zero=enabled - int(np.count_nonzero(got.out)),
        )
        if number % UNIT_EVERY == 0:
            tally += _unit(program, traffic, f"batch {number}, {kind}")
    return tally


def _unit(program: Program, traffic: Traffic, where: str) -> Tally:
    few = _rows(traffic, 0, UNIT_VECTORS)
    got = compiled(program.config)(program, few.p, few.n, few.rx)
    wanted = run(program, few.p, few.n, few.rx)
    if not np.array_equal(got.out, wanted.out) or dict(got.counters) != dict(wanted.counters):
        raise MismatchError(f"{where}: the whole unit differs in its first {len(few.p)} vectors, the lanes do not")
    return Tally(unit=got.out.size)


def _located(lanes: CompiledLanes, program: Program, traffic: Traffic) -> str:
    """The first vector and column that differ, by halving; with its operands and both answers."""
    low, high = 0, len(traffic.p)
    while high - low > 1:
        middle = (low + high) // 2
        if _answers(lanes, program, _rows(traffic, low, middle)):
            high = middle
        elif _answers(lanes, program, _rows(traffic, middle, high)):
            low = middle
        else:
            return f"vectors {low} to {high - 1}: differ together only; settings {program.layer}"
    vector = _rows(traffic, low, high)
    for column in range(program.config.columns):
        alone = np.arange(program.config.columns) == column
        answers = _answers(lanes, replace(program, mask=program.mask & alone), vector, column)
        if answers:
            codes = {name: getattr(vector, name) for name in ("p", "n", "rx")}
            operands = {name: int(raws[0, column]) for name, raws in codes.items() if raws is not None}
            operands |= {name: int(raws[column]) for name, raws in program.parameters.items()}
            listed = ", ".join(f"{name} = {raw}" for name, raw in operands.items())
            return f"vector {low}, column {column}: {listed}, {program.layer}: {answers}"
    return f"vector {low}: no column differs alone; settings {program.layer}"


def _answers(lanes: CompiledLanes, program: Program, traffic: Traffic, column: int | None = None) -> str:
    """What RTL and model say where they differ, in `column` or anywhere, otherwise nothing."""
    got = lanes(program, traffic.p, traffic.n, traffic.rx)
    wanted = run(program, traffic.p, traffic.n, traffic.rx)
    counts = {name: wanted.counters[name] for name in SATURATIONS}
    here = slice(None) if column is None else slice(column, column + 1)
    if not np.array_equal(got.out[:, here], wanted.out[:, here]):
        return f"the RTL says code {got.out[0, here][0]}, the model {wanted.out[0, here][0]}"
    return f"the RTL counts {got.saturated}, the model {counts}" if got.saturated != counts else ""


def _rows(traffic: Traffic, low: int, high: int) -> Traffic:
    p, n, rx = (None if raws is None else raws[low:high] for raws in (traffic.p, traffic.n, traffic.rx))
    assert p is not None
    return Traffic(p, n, rx)
