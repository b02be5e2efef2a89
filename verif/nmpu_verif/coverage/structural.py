"""Verilator's line and toggle coverage of the emitted RTL, and why what is never covered is not."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from nmpu_spec.config import Config
from nmpu_spec.registers import register_map

OPTIONS = ("--coverage-line", "--coverage-toggle")
_FIELD = re.compile(r"\x01([^\x01\x02]+)\x02([^\x01\x02]*)")
_RARE_BIT = 8
"""A bench counts less than 2**8 of some things, so that this bit and those above it stay 0."""


@dataclass(frozen=True, order=True)
class Point:
    """Something that Verilator counts.

    kind  "line" (branches too) or "toggle"
    what  of a toggle the signal, its bit and the direction, ``cycles[31]:0->1``; otherwise the line and the branch
    """

    module: str
    kind: str
    what: str


@dataclass(frozen=True)
class Module:
    """Covered points and all points, by kind."""

    name: str
    line: tuple[int, int]
    toggle: tuple[int, int]


def read_points(path: Path) -> Iterator[tuple[Point, int]]:
    """The points of a ``coverage.dat``, and how often each was passed."""
    for line in path.read_text("utf-8").splitlines():
        if line.startswith("C "):
            key, _, count = line.rpartition(" ")
            fields = dict(_FIELD.findall(key.removeprefix("C '").removesuffix("'")))
            page, module = fields["page"].split("/", 1)
            kind = "toggle" if page == "v_toggle" else "line"
            what = fields["o"] if kind == "toggle" else f"line {fields['l']}, {fields['o']} {fields['n']}"
            yield Point(module, kind, what), int(count)


def merged(paths: Iterable[Path]) -> dict[Point, int]:
    """The points of several runs together."""
    total: dict[Point, int] = defaultdict(int)
    for path in paths:
        for point, count in read_points(path):
            total[point] += count
    return dict(total)


def modules(points: Mapping[Point, int]) -> list[Module]:
    """Each module's share."""

    def share(module: str, kind: str) -> tuple[int, int]:
        counts = [count for point, count in points.items() if (point.module, point.kind) == (module, kind)]
        return sum(count > 0 for count in counts), len(counts)

    return [Module(name, share(name, "line"), share(name, "toggle")) for name in sorted({p.module for p in points})]


def reasons(config: Config, points: Mapping[Point, int]) -> dict[str, list[Point]]:
    """The points that were never passed, by the reason; those without one under ""."""
    found: dict[str, list[Point]] = defaultdict(list)
    for point in sorted(point for point, count in points.items() if not count):
        found[_reason(config, point)].append(point)
    return dict(found)


def _reason(config: Config, point: Point) -> str:
    if point.kind != "toggle":
        return ""
    match = re.fullmatch(r"(\w+?)(?:_\d+)?(?:\[(\d+)\])?:[01]->[01]", point.what)
    assert match is not None, point.what
    name, bit = match[1], int(match[2] or 0)
    counters = "|".join([*register_map(config).counters, "beats", "out_beats"])
    if re.fullmatch(rf"(counters_)?({counters})(_value|_beats)?", name) and bit >= _RARE_BIT:
        return f"bits {_RARE_BIT} and up of a 32-bit counter: a bench would have to count as far"
    return {
        "apb_pprot": "the unit does not look at the protection type",
        "apb_pready": "always 1: the unit never makes the bus wait",
    }.get(name, "")
