"""The promises of the streams, by induction over clocks: nothing is lost, repeated or overtaken, in any run."""

from collections.abc import Iterator
from pathlib import Path

import z3

from nmpu_spec.config import Config
from nmpu_verif.proof.claim import Claim
from nmpu_verif.proof.machine import Machine, machine

_WRAPPER = Path(__file__).with_name("streams.v")
_NOT_CLAIMS = ("allowed", "inside")
DEPTH = 1
"""Clocks that the induction looks back: what holds in a clock, holds in the next one."""


def stream_claims(config: Config, verilog: str, module: str) -> Iterator[Claim]:
    """The outputs of ``streams.v`` around the sequencer called `module`.

    Each is true in the first clock after reset, from any state; and if all are true in a clock in which the
    surroundings keep their promises, all are true in the next one.
    """
    bits = max((config.groups - 1).bit_length(), 1)
    text = _WRAPPER.read_text("utf-8").replace("SEQUENCER sequencer", f"{module} sequencer")
    text = text.replace("GROUPS = 4", f"GROUPS = {config.groups}").replace("BITS = 2", f"BITS = {bits}")
    whole = machine(verilog + text, "streams")
    names = [name for name in whole.outputs if name not in _NOT_CLAIMS]
    true = {name: whole.signals[name] == 1 for name in whole.outputs}
    later = {name: _next(whole, term) for name, term in true.items()}
    rst = whole.inputs["rst"]
    everything = z3.And(*(true[name] for name in ("inside", *names)))
    for name in ("inside", *names):
        said = name.replace("_", " ") if name != "inside" else "the numbering that the claims below rest on"
        yield Claim(
            f"{module}: {said}",
            z3.And(z3.Implies(rst == 1, later[name]), z3.Implies(z3.And(rst == 0, everything), later[name])),
            [true["allowed"], later["allowed"]],
            where=f"any number of clocks: induction, depth {DEPTH}",
        )


def _next(whole: Machine, term: z3.BoolRef) -> z3.BoolRef:
    """`term` a clock later, with inputs of its own."""
    moved = [(variable, whole.following[name]) for name, variable in whole.registers.items()]
    fresh = [(variable, z3.BitVec(f"{name} after", variable.size())) for name, variable in whole.inputs.items()]
    return z3.substitute(term, *moved, *fresh)
