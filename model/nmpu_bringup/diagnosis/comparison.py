"""What differs between a dump and its bundle, counted by everything that the codes have in common."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nmpu_bringup.diagnosis.scene import Scene
from nmpu_bringup.diagnosis.stages import FIELD, NOTHING, stages


@dataclass(frozen=True)
class FirstMismatch:
    """The first code that differs, and every number on its way as the golden model has it."""

    case: str
    vector: int
    column: int
    group: int
    lane: int
    got: int | None
    """The 8-bit field; None where no code came."""
    expected: int
    stages: Mapping[str, int]
    """Raws: p, n, rx (as given), sum, corrected, norm, total, out."""


@dataclass(frozen=True)
class Bit:
    """An output bit over all codes that differ: how often it is 1 and should be 0, and the other way round."""

    bit: int
    rises: int
    falls: int


@dataclass(frozen=True)
class Comparison:
    """Codes compared and differing; differing ones by case, column, lane, group and bit.

    `missing` ones did not come, and count as differing; `surplus` ones came behind the last that was to come.
    """

    codes: int
    differing: int
    missing: int
    surplus: int
    cases: Mapping[str, int]
    columns: Mapping[int, int]
    lanes: Mapping[int, int]
    groups: Mapping[int, int]
    bits: tuple[Bit, ...]
    first: FirstMismatch | None


def compare(scene: Scene) -> Comparison:
    differs, got, expected = scene.differs, scene.rows_got, scene.rows_expected
    grid = differs.sum(0).reshape(scene.config.groups, scene.config.lanes)
    there = got != NOTHING
    answered = zip(scene.answers, scene.expected, strict=True)
    rises, falls = (np.where(there, one & ~other, 0) for one, other in ((got, expected), (expected, got)))
    return Comparison(
        codes=differs.size,
        differing=int(differs.sum()),
        missing=int((~there).sum()),
        surplus=sum(max(answer.codes.size - codes.size, 0) for answer, codes in answered),
        cases=dict(zip(scene.names, scene.per_case(differs).sum(1).tolist(), strict=True)),
        columns=_counted(grid.ravel()),
        lanes=_counted(grid.sum(0)),
        groups=_counted(grid.sum(1)),
        bits=tuple(
            Bit(bit, int((rises >> bit & 1).sum()), int((falls >> bit & 1).sum())) for bit in range(FIELD.bit_length())
        ),
        first=_first(scene) if differs.any() else None,
    )


def _counted(counts: NDArray[np.int64]) -> dict[int, int]:
    return {int(index): int(counts[index]) for index in np.flatnonzero(counts)}


def _first(scene: Scene) -> FirstMismatch:
    row, column = (int(place) for place in np.argwhere(scene.differs)[0])
    case = int(np.searchsorted(scene.starts, row, side="right")) - 1
    vector = row - int(scene.starts[case])
    setup = scene.setups[case]
    inputs = {name: raws for name in ("p", "n", "rx") if (raws := getattr(setup, name)) is not None}
    numbers = {name: int(raws[vector, column]) for name, raws in (inputs | stages(setup)).items()}
    group, lane = divmod(column, scene.config.lanes)
    got = int(scene.rows_got[row, column])
    return FirstMismatch(
        scene.names[case],
        vector,
        column,
        group,
        lane,
        None if got == NOTHING else got,
        int(scene.rows_expected[row, column]),
        numbers,
    )
