"""Coverage as rows of evidence, and the structural part of the page."""

from collections.abc import Iterator, Mapping, Sequence

from nmpu_verif.coverage.report import Covered
from nmpu_verif.coverage.structural import Module, Point
from nmpu_verif.evidence import Evidence, Outcome

KINDS = ("line", "toggle")
_FEW = 3


def functional_rows(covered: Sequence[Covered], runs: str, tool: str, seconds: float) -> list[Evidence]:
    """The one row of the functional coverage."""
    hit, excluded, holes, broken = (
        sum(len(getattr(one, name)) for one in covered) for name in ("hit", "excluded", "holes", "broken")
    )
    open_ = [f"{one.group.name}: {' / '.join(place)}" for one in covered for place in (*one.holes, *one.broken)]
    return [
        Evidence(
            "the benches reach every bin of the functional coverage",
            f"cover groups, sampled from the golden model and the cycle model in {runs}",
            f"{len(covered)} groups, {hit:,} bins; {excluded:,} more cannot happen, with the reason",
            tool,
            seconds,
            Outcome.FAILED if open_ else Outcome.PASSED,
            f"{holes} holes, {broken} hit though excluded: {'; '.join(open_[:_FEW])}" if open_ else "",
        )
    ]


def structural_rows(
    shares: Sequence[Module], missing: Mapping[str, Sequence[Point]], tool: str, seconds: float
) -> list[Evidence]:
    """One row for lines and branches, one for toggles; a point that is never passed and has no reason fails it."""
    return [_structural_row(kind, shares, missing, tool, seconds) for kind in KINDS]


def _structural_row(
    kind: str, shares: Sequence[Module], missing: Mapping[str, Sequence[Point]], tool: str, seconds: float
) -> Evidence:
    passed, all_ = (sum(getattr(module, kind)[at] for module in shares) for at in range(2))
    unexplained = [point for point in missing.get("", ()) if point.kind == kind]
    few = ", ".join(f"{point.module}: {point.what}" for point in unexplained[:_FEW])
    return Evidence(
        f"{kind}s of the RTL that the unit's benches never reach have a reason",
        f"{kind} coverage",
        f"{passed:,} of {all_:,} points in {len(shares)} modules reached ({100 * passed / all_:.1f} %)",
        tool,
        seconds,
        Outcome.FAILED if unexplained else Outcome.PASSED,
        f"{len(unexplained)} without: {few}" if unexplained else "",
    )


def structural_page(shares: Sequence[Module], missing: Mapping[str, Sequence[Point]]) -> Iterator[str]:
    """The page's part on lines and toggles."""
    yield "\n## Line and toggle coverage of the RTL\n"
    yield "| module | lines and branches | toggles |"
    yield "|---|---:|---:|"
    for module in shares:
        yield f"| {module.name} | {_share(module.line)} | {_share(module.toggle)} |"
    yield "\nNever reached:\n"
    for reason, points in missing.items():
        yield f"- {reason or 'no reason known'}: {len(points)} points"
        yield f"  - {', '.join(sorted({_signal(point) for point in points}))}"


def _share(counts: tuple[int, int]) -> str:
    passed, all_ = counts
    return f"{passed} of {all_} ({100 * passed / all_:.1f} %)" if all_ else ""


def _signal(point: Point) -> str:
    """Without the bit and the direction of a toggle."""
    name = point.what.split("[")[0].split(":")[0] if point.kind == "toggle" else point.what
    return f"{point.module}: {name}"
