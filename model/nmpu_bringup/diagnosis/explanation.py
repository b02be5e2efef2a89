"""An explanation: a cause, a place, and how much of the differences it accounts for."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

_SHOWN = 3
"""Of faults that fit as well so many are named."""


@dataclass(frozen=True)
class Explanation:
    """What one cause at one place says about the dump.

    cause, subject, fault, where, stage   what is wrong, in words (docs/diagnosis.md lists the causes)
    explained      codes that differ from the expected ones, and are what this cause predicts
    unexplained    codes that differ, and are not what it predicts
    contradicted   codes that are right although it predicts another one
    bits           log2 of the number of alternatives that it was chosen from: of exact ones the smallest comes first
    cases          how many differing codes it explains in each case, those with none left out
    notes          what else is to be known: values that fit, positions that fit
    """

    cause: str
    subject: str
    fault: str
    where: str
    stage: str
    explained: int
    unexplained: int
    contradicted: int
    bits: float
    cases: dict[str, int]
    notes: tuple[str, ...] = ()

    @property
    def exact(self) -> bool:
        """It accounts for every code of the dump."""
        return self.unexplained == self.contradicted == 0


def ranked(explanations: Iterable[Explanation]) -> list[Explanation]:
    """Those with the fewest codes unaccounted for first; of equals the one chosen from the fewest alternatives.

    Exact ones with the same subject at the same place are one: the first, with a note of the other faults that fit.
    """
    alike: dict[object, list[Explanation]] = {}
    for one in sorted(explanations, key=lambda one: (one.unexplained + one.contradicted, round(one.bits, 6))):
        alike.setdefault((one.cause, one.subject, one.where, one.exact or one.fault), []).append(one)
    return [_merged(*same) for same in alike.values()]


def _merged(first: Explanation, *others: Explanation) -> Explanation:
    if not others:
        return first
    faults = list(dict.fromkeys(other.fault for other in others))
    left = f" and {len(faults) - _SHOWN} more" if len(faults) > _SHOWN else ""
    notes = (note for other in others for note in other.notes)
    return replace(first, notes=(*first.notes, *notes, f"fits as well: {'; '.join(faults[:_SHOWN])}{left}"))
