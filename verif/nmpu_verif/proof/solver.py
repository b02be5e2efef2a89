"""The question whether a claim holds for every value of its variables, put to a solver that decides."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import metadata

import bitwuzla
import z3

from nmpu_verif.evidence import Outcome

SECONDS = 600.0
"""Given to one question."""


@dataclass(frozen=True)
class Verdict:
    """`counterexample`: variable to raw, where the claim fails; every other variable does not matter there."""

    outcome: Outcome
    seconds: float
    counterexample: Mapping[str, int]

    @property
    def note(self) -> str:
        """The counterexample in a line."""
        return ", ".join(f"{name} = {value}" for name, value in sorted(self.counterexample.items()))


def solver_name() -> str:
    return f"Bitwuzla {metadata.version('bitwuzla')}"


def prove(claim: z3.BoolRef, assuming: list[z3.BoolRef] | None = None, seconds: float = SECONDS) -> Verdict:
    """Whether `claim` holds for all values of its variables for which everything in `assuming` does.

    The question goes through SMT-LIB text, which any other solver reads too.
    """
    start = time.monotonic()
    question = z3.Solver()
    question.add(*(assuming or []), z3.simplify(z3.Not(claim)))
    options = bitwuzla.Options()
    options.set(bitwuzla.Option.PRODUCE_MODELS, True)
    options.set(bitwuzla.Option.TIME_LIMIT_PER, int(seconds * 1000))
    manager = bitwuzla.TermManager()
    parser = bitwuzla.Parser(manager, options)
    # z3's own name for a modulus whose divisor is known not to be 0.
    text = question.sexpr().replace("bvsmod_i", "bvsmod")
    parser.parse(f"(set-logic QF_BV)\n{text}", True, False)
    answer = parser.bitwuzla().check_sat()
    found = {}
    if answer == bitwuzla.Result.SAT:
        for variable in parser.get_declared_funs():
            found[variable.symbol().strip("|")] = int(parser.bitwuzla().get_value(variable).value(10))
    outcome = {bitwuzla.Result.UNSAT: Outcome.PROVEN, bitwuzla.Result.SAT: Outcome.FAILED}.get(answer, Outcome.OPEN)
    return Verdict(outcome, time.monotonic() - start, found)
