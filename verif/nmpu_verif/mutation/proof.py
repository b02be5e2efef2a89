"""The proofs on a mutant: the claims about the module that it is in."""

import threading
from pathlib import Path

import nmpu_spec
import nmpu_verif.proof
from nmpu_flow.errors import FlowError
from nmpu_spec.load import load
from nmpu_verif.evidence import Outcome
from nmpu_verif.mutation.killers import DoesNotCompileError, Killer
from nmpu_verif.mutation.mutant import Mutant, digest
from nmpu_verif.mutation.stage_cases import STAGES
from nmpu_verif.proof.claim import decide
from nmpu_verif.proof.proofs import claims

_PARTS = {
    **dict.fromkeys((*STAGES, "relu_2"), ("stages",)),
    **dict.fromkeys(("path", "lane", "memory_affine", "memory_norm"), ("lane",)),
    "sequencer": ("streams", "sequencer"),
    "registers": ("registers",),
}
PROVEN = tuple(module for module in _PARTS if module not in STAGES)
"""Modules beside the stages that there are claims about."""
SOLVER = threading.Lock()
"""One proof at a time: the terms of all of them are in one place."""


def proof_killer(config: str, top: str) -> Killer:
    """`nmpu_verif.proof.proofs` on the mutated module, to the first claim that is not proven."""
    packages = (nmpu_spec, nmpu_verif.proof)
    sources = [file for package in packages for file in sorted(Path(package.__path__[0]).rglob("*"))]
    texts = [file.read_text("utf-8") for file in sources if file.suffix in (".py", ".v", ".rdl", ".toml")]
    return Killer(
        "proof",
        lambda mutant: mutant.module in _PARTS,
        lambda mutant: refuted(mutant, config, top),
        digest(config, top, *texts, Path(__file__).read_text("utf-8")),
    )


def refuted(mutant: Mutant, config: str, top: str) -> str | None:
    """The first claim that is false, and for what."""
    loaded = load(config)
    with SOLVER:
        try:
            for part in _PARTS[mutant.module]:
                for claim in claims(part, loaded, mutant.text):
                    if part == "stages" and not claim.text.startswith(f"{top}_{mutant.module}:"):
                        continue
                    row = decide(claim)
                    if row.outcome is not Outcome.PROVEN:
                        return f"{row.outcome}: {claim.text}: {row.note}"
        except FlowError as error:
            if "syntax error" in str(error):
                raise DoesNotCompileError(mutant.name) from None
            return str(error)
        except Exception as error:  # whatever it is, the test that runs these proofs fails with it
            return f"the claims do not fit the design any more: {error!r}"
    return None
