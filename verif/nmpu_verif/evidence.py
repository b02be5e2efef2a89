"""What a check claims, how far it reaches, and what came of it: the rows of the verification page."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path

from nmpu_verif.builds import BUILD

HEADING = ("claim", "method", "bound", "tool", "s", "result")


class Outcome(StrEnum):
    PROVEN = "proven"
    """For every value within the bound: by a solver, or because every one was tried."""
    PASSED = "passed"
    """For what was tried."""
    FAILED = "failed"
    """There is a counterexample; the row's `note` has it."""
    OPEN = "open"
    """Not answered within the time that was given."""
    NOT_RUN = "not run"
    """A tool is missing; the row's `note` says which."""


@dataclass(frozen=True)
class Evidence:
    """One row.

    claim    what is said to hold
    method   how it was looked at, such as "SMT, bit vectors"
    bound    what it holds for, such as "every operand, 28 bits", "depth 20", "300 mutants"
    tool     name and version of what decided
    seconds  that it took
    note     the counterexample, what was found, or why it was not run; one line, may be empty
    """

    claim: str
    method: str
    bound: str
    tool: str
    seconds: float
    outcome: Outcome
    note: str = ""

    @property
    def holds(self) -> bool:
        return self.outcome in (Outcome.PROVEN, Outcome.PASSED)


def cells(row: Evidence) -> tuple[str, ...]:
    """The row under `HEADING`."""
    result = f"{row.outcome}: {row.note}" if row.note else str(row.outcome)
    return (row.claim, row.method, row.bound, row.tool, f"{row.seconds:.1f}", result)


def write(kind: str, rows: Sequence[Evidence]) -> Path:
    """Keep `rows` as ``build/verify/<kind>.json`` (`kind` such as "prove-tiny"), for the verification page."""
    path = BUILD / "verify" / f"{kind}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps([asdict(row) for row in rows], indent=1) + "\n", "utf-8")
    return path


def read(path: Path) -> list[Evidence]:
    """What `write` wrote."""
    rows = json.loads(path.read_text("utf-8"))
    return [Evidence(**{**row, "outcome": Outcome(row["outcome"])}) for row in rows]
