"""What a step of the tape-out check found."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """One step: what was looked at, by which tool (with its version) and how, and what came of it.

    passed   None where the tool is not there: the step was not run
    seconds  that it took
    """

    step: str
    tool: str
    method: str
    passed: bool | None
    detail: str
    seconds: float
