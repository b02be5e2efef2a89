"""Proof that a mutant of a definition is the same definition: both run on symbolic integers."""

from collections.abc import Iterator
from itertools import product
from types import ModuleType

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
    for mode, bits in product(Rounding, range(MAX_WIDTH)):
        new = evaluate(lambda mode=mode, bits=bits: changed.round_raw(_RAW, bits, changed.Rounding(mode)))  # type: ignore[misc]
        old = evaluate(lambda mode=mode, bits=bits: round_raw(_RAW, bits, mode))  # type: ignore[misc]
        yield (new == old).term


def _fits_alike(changed: ModuleType) -> Iterator[z3.BoolRef]:
    for mode, signed, width in product(Overflow, (False, True), range(1, MAX_WIDTH)):
        target = Format(signed, width, 0)
        new = evaluate(lambda mode=mode, target=target: changed.fit_raw(_RAW, target, changed.Overflow(mode)))  # type: ignore[misc]
        old = evaluate(lambda mode=mode, target=target: fit_raw(_RAW, target, mode))  # type: ignore[misc]
        yield (new == old).term
