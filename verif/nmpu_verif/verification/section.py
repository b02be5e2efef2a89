"""A part of the verification page."""

from collections.abc import Sequence
from dataclasses import dataclass

from nmpu_verif.evidence import Evidence, Outcome


@dataclass(frozen=True)
class Section:
    """`rows` of one kind; `command` makes them again. Without rows the command failed: `problem` says how."""

    title: str
    command: str
    rows: Sequence[Evidence]
    problem: str = ""

    @property
    def counts(self) -> str:
        """Such as "143 proven, 1 failed"."""
        found = {outcome: sum(row.outcome is outcome for row in self.rows) for outcome in Outcome}
        return ", ".join(f"{count} {outcome}" for outcome, count in found.items() if count) or "no rows"

    @property
    def holds(self) -> bool:
        """There is evidence, and none of it is against a claim; what was not run is told apart, and does not count."""
        missed = (Outcome.FAILED, Outcome.OPEN)
        return bool(self.rows) and not any(row.outcome in missed for row in self.rows)

    @property
    def seconds(self) -> float:
        return sum(row.seconds for row in self.rows)
