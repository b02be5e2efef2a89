"""What an example hands back, and how it runs the unit: golden model and RTL, whose answers must be the same."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nmpu_model import unit
from nmpu_model.program import Program
from nmpu_model.traffic import Traffic
from nmpu_verif.compiled import compiled

Real = NDArray[np.floating[Any]]


@dataclass(frozen=True)
class Table:
    """Rows to print; numbers have their unit in the heading, and those with a fraction come as text."""

    title: str
    headings: tuple[str, ...]
    rows: tuple[tuple[str | int, ...], ...]


@dataclass(frozen=True)
class Example:
    """One example's result.

    shows   what it shows, in one sentence
    checks  each claim, and whether it held in this run
    """

    name: str
    shows: str
    tables: tuple[Table, ...]
    checks: Mapping[str, bool]

    @property
    def agrees(self) -> bool:
        return all(self.checks.values())


@dataclass(frozen=True)
class Answer:
    """The golden model's codes, int16 (vectors, columns), and counters; `agrees`: the compiled RTL's are the same."""

    out: NDArray[np.int16]
    counters: Mapping[str, int]
    agrees: bool


def both(program: Program, traffic: Traffic) -> Answer:
    """Vectors through the golden model and through the compiled RTL."""
    model = unit.run(program, traffic.p, traffic.n, traffic.rx)
    rtl = compiled(program.config)(program, traffic.p, traffic.n, traffic.rx)
    same = np.array_equal(model.out, rtl.out) and dict(model.counters) == dict(rtl.counters)
    return Answer(model.out, model.counters, same)


def relative_rms(values: Real, wanted: Real) -> float:
    """rms(values - wanted) / rms(wanted)."""
    return float(np.sqrt(np.mean((values - wanted) ** 2) / np.mean(wanted**2)))


def lsb_error(codes: NDArray[np.integer] | Real, wanted: Real) -> tuple[float, float]:
    """The rms and the largest of |codes - wanted|, both in LSB of the code."""
    error = np.abs(codes - wanted)
    return float(np.sqrt(np.mean(error**2))), float(error.max())
