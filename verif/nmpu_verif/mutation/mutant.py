"""What a mutant is, and how a sample is drawn that is the same every time."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, replace


@dataclass(frozen=True)
class Mutant:
    """One fault.

    name      such as ``rtl/output/constant+1/17``: what is mutated, module, operator, number
    operator  the class of the fault
    line      in the module's text, from 1
    before    the line as it was, and
    after     as it is now
    text      all of the mutated source, which takes the original's place
    """

    name: str
    module: str
    operator: str
    line: int
    before: str
    after: str
    text: str = field(repr=False)

    @property
    def digest(self) -> str:
        return digest(self.module, self.text)


def digest(*parts: str) -> str:
    """A short name for texts."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]


def numbered(kind: str, found: Iterable[Mutant]) -> list[Mutant]:
    """The mutants with their names; those of the same text are kept once."""
    seen: set[str] = set()
    counts: dict[tuple[str, str], int] = defaultdict(int)
    named = []
    for mutant in found:
        if mutant.text in seen:
            continue
        seen.add(mutant.text)
        place = mutant.module, mutant.operator
        counts[place] += 1
        named.append(replace(mutant, name=f"{kind}/{mutant.module}/{mutant.operator}/{counts[place]}"))
    return named


def sample(mutants: Iterable[Mutant], quota: int, seed: int, whole: Iterable[str] = ()) -> list[Mutant]:
    """At most `quota` mutants of each operator in each module, of the modules `whole` all; in their order."""
    mutants, whole = list(mutants), set(whole)
    drawn: dict[tuple[str, str], list[Mutant]] = defaultdict(list)
    for mutant in sorted(mutants, key=lambda mutant: digest(str(seed), mutant.name)):
        place = drawn[mutant.module, mutant.operator]
        if mutant.module in whole or len(place) < quota:
            place.append(mutant)
    kept = {mutant.name for place in drawn.values() for mutant in place}
    return [mutant for mutant in mutants if mutant.name in kept]
