"""Cover groups, and the record of the bins that a bench hits.

Own, because it is small: cocotb-coverage samples one case per call and knows no reasons for what cannot happen; a stage
bench has 10^5 cases in one array.
"""

import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import product
from pathlib import Path

ENVIRONMENT = "NMPU_COVERAGE"
"""Names the file to which a bench writes the bins that it hits."""

Bin = tuple[str, ...]
"""One value of each axis."""


def possible(*_: str) -> str:
    """No bin is excluded."""
    return ""


@dataclass(frozen=True)
class CoverGroup:
    """The cross product of its axes.

    what      is looked at, in one line
    axes      name to values
    excluded  why a bin cannot happen; empty where it can
    """

    name: str
    what: str
    axes: Mapping[str, tuple[str, ...]]
    excluded: Callable[..., str] = possible

    def bins(self) -> Iterator[Bin]:
        return product(*self.axes.values())


class Hits:
    """The bins that this process hit. Each is written when it is first hit: a bench may end without notice."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen: set[tuple[str, Bin]] = set()

    def hit(self, group: str, *places: str) -> None:
        """The bin `places` of `group` happened."""
        if (group, places) not in self._seen:
            self._seen.add((group, places))
            with self._path.open("a", encoding="utf-8") as file:
                file.write(json.dumps([group, *places]) + "\n")


@cache
def hits() -> Hits | None:
    """Where this process records what it hits; None where nobody asked."""
    path = os.environ.get(ENVIRONMENT)
    return Hits(Path(path)) if path else None


def read_hits(paths: Iterable[Path]) -> dict[tuple[str, Bin], list[str]]:
    """Every bin that was hit, and the names of the files that say so."""
    found: dict[tuple[str, Bin], list[str]] = {}
    for path in paths:
        for line in path.read_text("utf-8").splitlines():
            group, *places = json.loads(line)
            found.setdefault((group, tuple(places)), []).append(path.stem)
    return found
