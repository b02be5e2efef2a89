"""What was covered, what cannot be, and what is missing: the counts, the page and the file."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from nmpu_verif.builds import BUILD
from nmpu_verif.coverage.bins import Bin, CoverGroup

HEADING = ("group", "bins", "hit", "excluded", "holes")


@dataclass(frozen=True)
class Covered:
    """One group's bins.

    hit       and the runs that hit them
    excluded  and why they cannot happen
    holes     neither of both
    broken    excluded and hit all the same, or not declared at all: the group is wrong
    """

    group: CoverGroup
    hit: Mapping[Bin, Sequence[str]]
    excluded: Mapping[Bin, str]
    holes: tuple[Bin, ...]
    broken: tuple[Bin, ...]

    @property
    def closed(self) -> bool:
        return not self.holes and not self.broken

    @property
    def cells(self) -> tuple[str, ...]:
        """Under `HEADING`."""
        counts = (len(self.hit) + len(self.excluded) + len(self.holes), len(self.hit), len(self.excluded))
        return (self.group.name, *(f"{count:,}" for count in counts), f"{len(self.holes) + len(self.broken):,}")

    @property
    def reasons(self) -> Counter[str]:
        """Why bins are excluded, and how many for each reason."""
        return Counter(self.excluded.values())


def judge(groups: Sequence[CoverGroup], hits: Mapping[tuple[str, Bin], Sequence[str]]) -> list[Covered]:
    """Each group against what was hit; raises `ValueError` for a hit of no group."""
    by_name: dict[str, dict[Bin, Sequence[str]]] = {group.name: {} for group in groups}
    for (name, place), runs in hits.items():
        if name not in by_name:
            raise ValueError(f"{name}: is hit, and is no cover group")
        by_name[name][place] = runs
    return [_judge_one(group, by_name[group.name]) for group in groups]


def _judge_one(group: CoverGroup, seen: Mapping[Bin, Sequence[str]]) -> Covered:
    bins = list(group.bins())
    reasons = {place: reason for place in bins if (reason := group.excluded(*place))}
    allowed = [place for place in bins if place not in reasons]
    return Covered(
        group,
        {place: seen[place] for place in allowed if place in seen},
        reasons,
        tuple(place for place in allowed if place not in seen),
        tuple(sorted(seen.keys() - set(allowed))),
    )


def write(name: str, covered: Sequence[Covered], more: Iterable[str] = ()) -> list[Path]:
    """``build/coverage/<name>.json`` and ``.md``; `more` are further lines of the page."""
    folder = BUILD / "coverage"
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"{name}{suffix}" for suffix in (".json", ".md")]
    paths[0].write_text(json.dumps([_as_json(one) for one in covered], indent=1) + "\n", "utf-8")
    paths[1].write_text("\n".join([*_page(name, covered), *more]) + "\n", "utf-8")
    return paths


def _as_json(one: Covered) -> dict[str, object]:
    return {
        "group": one.group.name,
        "what": one.group.what,
        "axes": one.group.axes,
        "hit": {_named(place): runs for place, runs in one.hit.items()},
        "excluded": {_named(place): reason for place, reason in one.excluded.items()},
        "holes": [_named(place) for place in one.holes],
        "broken": [_named(place) for place in one.broken],
    }


def _page(name: str, covered: Sequence[Covered]) -> Iterator[str]:
    yield f"# Functional coverage of {name}\n"
    yield f"| {' | '.join(HEADING)} |"
    yield f"|---{'|---:' * (len(HEADING) - 1)}|"
    for one in covered:
        yield f"| {' | '.join(one.cells)} |"
    yield "\n## What is looked at, and what cannot happen\n"
    for one in covered:
        axes = " x ".join(one.group.axes)
        yield f"- **{one.group.name}**: {one.group.what} ({axes})"
        for reason, count in one.reasons.most_common():
            yield f"  - {count} excluded: {reason}"
        for kind, places in (("hole", one.holes), ("excluded, but hit", one.broken)):
            for place in places:
                yield f"  - {kind}: {_named(place)}"


def _named(place: Bin) -> str:
    return " / ".join(place)
