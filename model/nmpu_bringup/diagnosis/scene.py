"""What a diagnosis looks at: every compared case, what should have come out, and what came."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from nmpu_bringup.bundle.golden import GoldenCase
from nmpu_bringup.diagnosis.dump import Dump
from nmpu_bringup.diagnosis.dump_files import Answer
from nmpu_bringup.diagnosis.stages import NOTHING, Setup, setup_of
from nmpu_spec.config import Config

Codes = NDArray[np.int16]
"""8-bit fields, shape (vectors, columns); `NOTHING` for a code that did not come."""


@dataclass(frozen=True)
class Scene:
    """The compared cases of a bundle, in its order, each with its answer.

    The properties hold an entry for each compared case; ``rows_*`` are the same, one below the other.
    """

    config: Config
    cases: tuple[GoldenCase, ...]
    answers: tuple[Answer, ...]
    left_out: tuple[GoldenCase, ...] = ()

    @property
    def names(self) -> list[str]:
        return [golden.place for golden in self.cases]

    @cached_property
    def setups(self) -> list[Setup]:
        return [setup_of(golden) for golden in self.cases]

    @cached_property
    def expected(self) -> list[Codes]:
        return [golden.fields.astype(np.int16) for golden in self.cases]

    @cached_property
    def got(self) -> list[Codes]:
        """The answers; beats beyond the expected number are left out, missing ones are `NOTHING`."""
        return [_fitted(answer, codes) for answer, codes in zip(self.answers, self.expected, strict=True)]

    @cached_property
    def rows_expected(self) -> Codes:
        return np.concatenate(self.expected)

    @cached_property
    def rows_got(self) -> Codes:
        return np.concatenate(self.got)

    @cached_property
    def starts(self) -> NDArray[np.int64]:
        """The first row of each case."""
        return np.cumsum([0, *(len(codes) for codes in self.expected[:-1])])

    @cached_property
    def differs(self) -> NDArray[np.bool_]:
        """Where the dump is not what it should be, (rows, columns)."""
        return self.rows_expected != self.rows_got

    def flags(self, beats: int) -> NDArray[np.uint8]:
        """first + 2 * last of so many beats, as they should be."""
        index = np.arange(beats) % self.config.groups
        return ((index == 0) | (index == self.config.groups - 1) << 1).astype(np.uint8)

    def in_order(self, case: int) -> bool:
        """Whether the answer's first and last, if it has them, are as they should be."""
        answer = self.answers[case]
        return answer.flags is None or np.array_equal(answer.flags, self.flags(answer.beats))

    @property
    def whole(self) -> bool:
        """Whether every answer is."""
        return all(map(self.is_whole, range(len(self.cases))))

    def is_whole(self, case: int) -> bool:
        """Whether the answer has every beat, no more, and in the right order."""
        return self.answers[case].beats == len(self.expected[case]) * self.config.groups and self.in_order(case)

    def per_case(self, cells: NDArray[np.bool_]) -> NDArray[np.int64]:
        """How many of `cells` (rows, columns) are set, (cases, columns)."""
        return np.add.reduceat(cells.astype(np.int64), self.starts, axis=0)


def scene_of(config: Config, dump: Dump) -> Scene:
    return Scene(config, tuple(case for case, _ in dump.answers), tuple(one for _, one in dump.answers), dump.left_out)


def _fitted(answer: Answer, expected: Codes) -> Codes:
    lanes = answer.codes.shape[1]
    beats = np.full((expected.size // lanes, lanes), NOTHING, np.int16)
    there = min(len(beats), answer.beats)
    beats[:there] = answer.codes[:there]
    return beats.reshape(expected.shape)
