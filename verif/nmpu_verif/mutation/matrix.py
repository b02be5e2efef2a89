"""Every mutant against every killer; what was found is kept, so that a run can be resumed."""

import json
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from pathlib import Path

from nmpu_verif.builds import BUILD
from nmpu_verif.mutation.killers import DoesNotCompileError, Killer
from nmpu_verif.mutation.mutant import Mutant, digest
from nmpu_verif.simulate import BenchError

FOLDER = BUILD / "mutation"


class Fate(StrEnum):
    KILLED = "killed"
    EQUIVALENT = "equivalent"
    """Proven to compute the same."""
    EXPLAINED = "explained"
    """Differs only where nobody can see it; the reason is written down."""
    SURVIVOR = "survivor"
    INVALID = "no program"
    """Does not compile, so it is not counted."""


@dataclass(frozen=True)
class Row:
    """What became of a mutant: by each killer "killed", "survived" or "" where it was not asked; `said` is what the
    killer found, or the reason."""

    name: str
    kind: str
    module: str
    operator: str
    line: int
    before: str
    after: str
    tried: dict[str, str] = field(default_factory=dict)
    fate: Fate = Fate.SURVIVOR
    said: str = ""
    seconds: float = 0.0


def judge(mutant: Mutant, killers: Sequence[Killer], equal: Callable[[Mutant], str | None]) -> Row:
    """Try the killers in their order until one kills; what survives the first may be shown to be `equal`, which costs
    less than the others."""
    start = time.monotonic()
    kind = mutant.name.partition("/")[0]
    tried: dict[str, str] = {}

    def row(fate: Fate, said: str = "") -> Row:
        seconds = round(time.monotonic() - start, 2)
        return Row(
            mutant.name, kind, mutant.module, mutant.operator, mutant.line, mutant.before, mutant.after,
            tried, fate, said, seconds,
        )  # fmt: skip

    for killer in killers:
        if not killer.applies(mutant):
            continue
        try:
            found = killer.kill(mutant)
        except DoesNotCompileError:
            return row(Fate.INVALID)
        tried[killer.name] = "survived" if found is None else "killed"
        if found is not None:
            return row(Fate.KILLED, found)
        if len(tried) == 1 and (proof := equal(mutant)) is not None:
            return row(Fate.EQUIVALENT, proof)
    return row(Fate.SURVIVOR)


def run(
    mutants: Sequence[Mutant],
    killers: Sequence[Killer],
    equal: Callable[[Mutant], str | None],
    jobs: int,
    progress: Callable[[int], None],
) -> list[Row]:
    """The rows of all mutants, in their order; those that the same killers have already seen are read."""
    # What became of a mutant depends on the killers up to the one that settled it, and on no later one.
    suites = [digest(*(killer.digest for killer in killers[:count])) for count in range(1, len(killers) + 1)]
    names = [killer.name for killer in killers]
    done = 0

    def one(mutant: Mutant) -> Row:
        nonlocal done
        files = [FOLDER / "rows" / f"{digest(mutant.digest, suite)}.json" for suite in suites]
        row = next((row for row in map(read, files) if row is not None), None)
        if row is not None and row.fate is Fate.SURVIVOR and (proof := equal(mutant)) is not None:
            row = replace(row, fate=Fate.EQUIVALENT, said=proof)
        if row is None:
            row = judge(mutant, killers, equal)
            asked = [names.index(name) for name in row.tried]
            keep(files[-1 if row.fate is Fate.SURVIVOR else max(asked, default=0)], row)
        done += 1
        progress(done)
        # Its number may be another one than it was.
        return replace(row, name=mutant.name)

    with ThreadPoolExecutor(jobs) as pool:
        return list(pool.map(one, mutants))


def check_originals(originals: Sequence[Mutant], killers: Sequence[Killer]) -> None:
    """Raises `BenchError` where a killer finds fault with what is not mutated: its kills would mean nothing.

    A killer that looks at all `originals` looks at more than a module, so it is asked once.
    """
    for killer in killers:
        asked = [original for original in originals if killer.applies(original)]
        for original in asked[:1] if len(asked) == len(originals) else asked:
            if (found := killer.kill(original)) is not None:
                raise BenchError(f"{killer.name}: fails without a mutant, on {original.module}: {found}")


def read(file: Path) -> Row | None:
    if not file.is_file():
        return None
    found = json.loads(file.read_text("utf-8"))
    return Row(**{**found, "fate": Fate(found["fate"])})


def keep(file: Path, row: Row) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    scratch = file.with_suffix(".new")
    scratch.write_text(json.dumps(asdict(row)), "utf-8")
    scratch.replace(file)
