"""The two campaigns: which mutants, which killers, and what proves a mutant equal."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from nmpu_hw.nmpu import Nmpu
from nmpu_spec.load import load
from nmpu_verif.builds import verilog_of
from nmpu_verif.mutation.definitions import same_definition
from nmpu_verif.mutation.equivalence import proven_equal
from nmpu_verif.mutation.killers import Killer
from nmpu_verif.mutation.model import MODEL, SPEC, model_mutants, source_of
from nmpu_verif.mutation.model_tests import model_killers
from nmpu_verif.mutation.mutant import Mutant
from nmpu_verif.mutation.proof import PROVEN, proof_killer
from nmpu_verif.mutation.rtl import rtl_mutants
from nmpu_verif.mutation.stage_cases import STAGES, stage_killer
from nmpu_verif.mutation.unit_bench import unit_killer

CONFIG = "tiny"
"""Of which every operand of every stage can be tried."""
TOP = "nmpu"
QUOTA, MODEL_QUOTA = 2, 1
SEED = 1
STAGE_SEED, UNIT_SEED, OTHER_SEEDS = 1, 3, (1, 2)
"""As in the test-suite, where Verilator runs the others."""


@dataclass(frozen=True)
class Campaign:
    kind: str
    mutants: list[Mutant]
    killers: list[Killer]
    originals: list[Mutant]
    """What is not mutated, under each name that a killer looks at."""
    equal: Callable[[Mutant], str | None]
    """How it was proven that the mutant is no other program; None where it was not."""


class Make(Protocol):
    def __call__(self, quota: int = QUOTA, seed: int = SEED) -> Campaign: ...


def rtl_campaign(quota: int = QUOTA, seed: int = SEED) -> Campaign:
    """The emitted Verilog of `CONFIG`."""
    config = load(CONFIG)
    verilog = verilog_of(config, TOP, lambda: Nmpu(config)).read_text("utf-8")

    def equal(mutant: Mutant) -> str | None:
        if proven_equal(verilog, mutant.text, TOP):
            return "equal outputs and next states, by SAT"
        # The proof was asked first. Its claims are about every output, in every state that means anything.
        return "every claim of the proofs holds" if mutant.module == "sequencer" else None

    return Campaign(
        "rtl",
        rtl_mutants(verilog, TOP, quota, seed),
        [
            stage_killer(CONFIG, STAGE_SEED, TOP),
            proof_killer(CONFIG, TOP),
            unit_killer("unit bench", CONFIG, [UNIT_SEED], TOP),
            unit_killer("unit bench, other seeds", CONFIG, OTHER_SEEDS, TOP),
        ],
        [Mutant("rtl", module, "", 0, "", "", verilog) for module in (*STAGES, *PROVEN, TOP)],
        equal,
    )


def model_campaign(quota: int = MODEL_QUOTA, seed: int = SEED) -> Campaign:
    """The golden model and the definitions that it follows."""
    modules = [f"spec.{SPEC[0]}", f"model.{MODEL[0]}"]
    return Campaign(
        "model",
        model_mutants(quota, seed),
        model_killers(),
        [Mutant("model", module, "", 0, "", "", source_of(module).read_text("utf-8")) for module in modules],
        lambda mutant: "the same for every number, by SMT" if same_definition(mutant) else None,
    )


CAMPAIGNS: dict[str, Make] = {"rtl": rtl_campaign, "model": model_campaign}
