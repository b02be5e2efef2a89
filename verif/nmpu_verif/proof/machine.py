"""Emitted Verilog as solver terms: outputs and next states of a module, for every input and state."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

import z3

from nmpu_flow.errors import FlowError
from nmpu_flow.yosys import run_yosys

_COMMANDS = """
read_verilog rtl.v
hierarchy -check -top {top}
proc
flatten
memory_map
opt_clean
write_smt2 -stbv -wires rtl.smt2
"""
_NAMED = re.compile(r"^; yosys-smt2-(input|output|register|wire) (\S+) (\d+)", re.M)

Terms = Mapping[str, z3.BitVecRef]


@dataclass(frozen=True)
class Machine:
    """A module: `inputs` and `registers` are variables; `signals` and `following` are functions of them.

    registers   by the names that they have in the flattened module; the words of a memory are registers too
    outputs     the names of the outputs, all of them signals
    signals     everything that has a name
    following   what is in the registers after the next rising edge of ``clk``
    """

    name: str
    inputs: Terms
    registers: Terms
    outputs: tuple[str, ...]
    signals: Terms
    following: Terms


@lru_cache(maxsize=64)
def machine(verilog: str, top: str) -> Machine:
    """The module `top` of `verilog`, with everything below it; raises `FlowError` for what Yosys refuses.

    The translation is Yosys' own (``write_smt2``): one bit vector holds state and inputs, and the next state is a
    relation. Here its parts get names again.
    """
    text = run_yosys(_COMMANDS.format(top=top).strip().splitlines(), {"rtl.v": verilog}, "rtl.smt2")
    kinds: dict[str, dict[str, int]] = {kind: {} for kind in ("input", "output", "register", "wire")}
    for kind, name, width in _NAMED.findall(text):
        kinds[kind][name] = int(width)
    widths = kinds["input"] | kinds["output"] | kinds["wire"] | kinds["register"]
    asked = [f"(declare-const {name} |{top}_s|)" for name in ("state", "next")]
    for name, width in widths.items():
        value = f"(|{top}_n {name}| state)"
        # Yosys makes a function of one bit Boolean.
        bits = f"(ite {value} #b1 #b0)" if width == 1 else value
        asked.append(f"(assert (= {bits} #b{'0' * width}))")
    asked.append(f"(assert (|{top}_t| state next))")
    *values, step = z3.parse_smt2_string("\n".join([text, *asked]))
    size = int(re.search(rf"define-sort \|{top}_s\| \(\) \(_ BitVec (\d+)\)", text)[1])  # type: ignore[index]
    state, following = (z3.BitVec(name, size) for name in ("state", "next"))
    terms = {name: z3.simplify(value.arg(0)) for name, value in zip(widths, values, strict=True)}

    places = {name: list(_places(terms[name], state)) for name in kinds["input"] | kinds["register"]}
    variables = {name: z3.BitVec(name, widths[name]) for name in places}
    whole = _state(size, places, variables)
    named = {name: z3.simplify(z3.substitute(term, (state, whole))) for name, term in terms.items()}
    nexts = dict(_nexts(step, following, state, whole))
    registers = {name: variables[name] for name in kinds["register"]}
    return Machine(
        top,
        {name: variables[name] for name in kinds["input"]},
        registers,
        tuple(kinds["output"]),
        named,
        {name: _joined([part for place in places[name] for part in _bits(nexts, *place)]) for name in registers},
    )


def after(module: Machine, signal: str) -> z3.BitVecRef:
    """What stands on `signal`, which comes straight from registers, after the next clock."""
    term = module.signals[signal]
    moved = [(variable, module.following[name]) for name, variable in module.registers.items()]
    return z3.substitute(term, *moved)


def _places(term: z3.BitVecRef, state: z3.BitVecRef) -> Iterator[tuple[int, int]]:
    """The bits of the state that `term` is made of, as (lowest, highest), the upper ones first."""
    if z3.is_app_of(term, z3.Z3_OP_CONCAT):
        for part in term.children():
            yield from _places(part, state)
    elif z3.is_app_of(term, z3.Z3_OP_EXTRACT) and z3.eq(term.arg(0), state):
        high, low = term.params()
        yield low, high
    elif z3.eq(term, state):
        yield 0, term.size() - 1
    else:
        raise FlowError(f"a register or input that is a function: {str(term)[:80]}")


def _state(
    size: int, places: Mapping[str, list[tuple[int, int]]], variables: Mapping[str, z3.BitVecRef]
) -> z3.BitVecRef:
    """The bit vector with the variables in their places; a bit that nobody names is free."""
    parts: dict[tuple[int, int], z3.BitVecRef] = {}
    for name, found in places.items():
        top = variables[name].size()
        for low, high in found:
            width = high - low + 1
            # Of two names for the same bits the first one counts.
            parts.setdefault((low, high), z3.Extract(top - 1, top - width, variables[name]))
            top -= width
    pieces, bit = [], 0
    for (low, high), part in sorted(parts.items(), key=lambda part: part[0]):
        if low < bit:
            raise FlowError(f"bits {low} to {high} of the state have two names")
        if low > bit:
            pieces.append(z3.BitVec(f"unnamed {bit}", low - bit))
        pieces.append(part)
        bit = high + 1
    if bit < size:
        pieces.append(z3.BitVec(f"unnamed {bit}", size - bit))
    return z3.simplify(_joined(pieces[::-1]))


def _joined(pieces: list[z3.BitVecRef]) -> z3.BitVecRef:
    return z3.simplify(z3.Concat(*pieces) if len(pieces) > 1 else pieces[0])


def _nexts(
    step: z3.BoolRef, following: z3.BitVecRef, state: z3.BitVecRef, whole: z3.BitVecRef
) -> Iterator[tuple[tuple[int, int], z3.BitVecRef]]:
    """Bits of the next state, and what they become."""
    waiting = [step]
    while waiting:
        term = waiting.pop()
        if z3.is_and(term):
            waiting += term.children()
        elif z3.is_eq(term):
            value, bits = term.arg(0), term.arg(1)
            now = z3.simplify(z3.substitute(value, (state, whole)))
            top = now.size()
            for low, high in _places(z3.simplify(bits), following):
                width = high - low + 1
                yield (low, high), z3.Extract(top - 1, top - width, now)
                top -= width


def _bits(nexts: Mapping[tuple[int, int], z3.BitVecRef], low: int, high: int) -> list[z3.BitVecRef]:
    """What the state's bits `low` to `high` become, the upper ones first, in as many pieces as Yosys made of them."""
    pieces = []
    for (first, last), value in sorted(nexts.items(), key=lambda part: part[0], reverse=True):
        if first <= high and last >= low:
            pieces.append(z3.Extract(min(last, high) - first, max(first, low) - first, value))
    if sum(piece.size() for piece in pieces) != high - low + 1:
        raise FlowError("a register has bits without a next state")
    return pieces
