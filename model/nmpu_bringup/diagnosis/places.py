"""Where a fault sits: in every column, a lane, a group or a column; in every case or in one."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import product
from math import log2

import numpy as np
from numpy.typing import NDArray

from nmpu_spec.config import Config

KINDS = ("all", "lane", "group", "column")
"""The places in columns, the widest first."""


@dataclass(frozen=True)
class Place:
    """`kind` and `index` say which columns; `case` which case, None for all of them."""

    kind: str
    index: int
    case: int | None

    def columns(self, config: Config) -> list[int]:
        lanes = config.lanes
        chosen = {
            "all": range(config.columns),
            "lane": range(self.index, config.columns, lanes),
            "group": range(self.index * lanes, (self.index + 1) * lanes),
            "column": range(self.index, self.index + 1),
        }
        return list(chosen[self.kind])

    def text(self, config: Config, names: list[str]) -> str:
        where = {
            "all": "every column",
            "lane": f"lane {self.index}",
            "group": f"group {self.index}",
            "column": f"column {self.index} (group {self.index // config.lanes}, lane {self.index % config.lanes})",
        }[self.kind]
        return where if self.case is None else f"{where}, only in case {names[self.case]}"


@dataclass(frozen=True)
class Found:
    """The place where a fault explains most.

    `gain` is the number of cells that it puts right less those that it puts wrong, `bits` log2 of the places to choose.
    """

    place: Place
    gain: int
    bits: float


def best_place(gain: NDArray[np.int64], config: Config, kinds: Sequence[str], one_case: Iterable[bool]) -> Found:
    """The place with the largest sum of `gain` (cases, columns); of equals the first with the fewest alternatives.

    `kinds` are some of `KINDS`, in their order; `one_case` says whether cases are looked at together or one by one.
    """
    parted = gain.reshape(len(gain), config.groups, config.lanes)
    sums = {"all": parted.sum((1, 2))[:, None], "lane": parted.sum(1), "group": parted.sum(2), "column": gain}
    found = []
    for kind, one in product(kinds, one_case):
        of_kind = sums[kind] if one else sums[kind].sum(0, keepdims=True)
        case, index = np.unravel_index(int(of_kind.argmax()), of_kind.shape)
        place = Place(kind, int(index), int(case) if one and len(gain) > 1 else None)
        found.append(Found(place, int(of_kind[case, index]), log2(of_kind.size)))
    return max(found, key=lambda candidate: (candidate.gain, -candidate.bits))
