"""Proof that a mutant of a definition is the same definition: both run on symbolic integers."""

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import product
from types import ModuleType
from typing import Any

import z3

from nmpu_spec.formats import MAX_WIDTH, Format
from nmpu_spec.overflow import Overflow, fit_raw
from nmpu_spec.rounding import Rounding, round_raw
from nmpu_verif.evidence import Outcome
from nmpu_verif.mutation.mutant import Mutant
from nmpu_verif.mutation.proof import SOLVER
from nmpu_verif.proof.solver import prove
from nmpu_verif.proof.symbolic import Int, evaluate

_RAW = Int(z3.BitVec("raw", MAX_WIDTH))


def same_definition(mutant: Mutant) -> bool:
    """Whether the mutated `round_raw` or `fit_raw` was shown to equal the original one: for every raw of `MAX_WIDTH`
    bits, every mode, and every number of bits or format."""
    claims = {"spec.rounding": _rounds_alike, "spec.overflow": _fits_alike}.get(mutant.module)
    if claims is None:
        return False
    changed = ModuleType("mutant")
    with SOLVER:
        try:
            exec(compile(mutant.text, mutant.name, "exec"), vars(changed))
            return all(prove(claim).outcome is Outcome.PROVEN for claim in claims(changed))
        except Exception:  # whatever it is, the original does not raise it
            return False


def _rounds_alike(changed: ModuleType) -> Iterator[z3.BoolRef]:
    for mode in Rounding:
        calls = [(bits, mode) for bits in range(MAX_WIDTH)]
        yield _alike(changed.round_raw, round_raw, calls, changed.Rounding)


def _fits_alike(changed: ModuleType) -> Iterator[z3.BoolRef]:
    for mode, signed in product(Overflow, (False, True)):
        calls = [(Format(signed, width, 0), mode) for width in range(1, MAX_WIDTH)]
        yield _alike(changed.fit_raw, fit_raw, calls, changed.Overflow)


def _alike(
    new: Callable[..., Any], old: Callable[..., Any], calls: Iterable[tuple[Any, Any]], renamed: Callable[[Any], Any]
) -> z3.BoolRef:
    """Both give the same in each call; the mutant knows modes of its own by the same names."""
    terms = []
    for size, mode in calls:
        answers = [evaluate(partial(new, _RAW, size, renamed(mode))), evaluate(partial(old, _RAW, size, mode))]
        terms.append((answers[0] == answers[1]).term)
    return z3.And(terms)
