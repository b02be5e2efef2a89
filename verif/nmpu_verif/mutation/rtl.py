"""Every mutant of a unit's emitted Verilog."""

import re
from collections.abc import Iterator
from itertools import pairwise

from nmpu_verif.mutation.mutant import Mutant, numbered, sample
from nmpu_verif.mutation.verilog_operators import faults, stuck
from nmpu_verif.mutation.verilog_text import Kind, Statement, VerilogModule, modules
from nmpu_verif.mutation.yosys_mutants import bit_mutants

WHOLE = ("affine", "compress", "norm", "relu_1", "relu_2", "residual", "output", "sequencer")
"""Modules of which every mutant is tried: what rounds, shifts, saturates and signs, and what moves the groups."""
BITS = 60
"""Mutants that Yosys chooses."""


def rtl_mutants(verilog: str, top: str, quota: int, seed: int) -> list[Mutant]:
    """The mutants to try of a design: `quota` of each operator in each module, every one of the modules `WHOLE`, and
    `BITS` by Yosys."""
    named = numbered("rtl", word_mutants(verilog, top))
    return sample(named, quota, seed, WHOLE) + numbered("rtl", bit_mutants(verilog, top, BITS, seed))


def word_mutants(verilog: str, top: str) -> Iterator[Mutant]:
    """All mutants of all words."""
    design = modules(verilog)
    ports = {module.name: module for module in design}
    start = 0
    lines = verilog.splitlines()
    for module in design:
        start = next(at for at in range(start, len(lines)) if lines[at].startswith(f"module {module.name}("))
        name = module.name.removeprefix(f"{top}_")
        for operator, changed in _module_faults(module, ports):
            if all(module.lines[line] == new for line, new in changed.items()):
                continue  # such as exchanged operands that are the same
            number = min(changed)
            text = [*lines]
            for line, new in changed.items():
                text[start + line] = new
            before, after = ("; ".join(side) for side in zip(*_pairs(module, changed), strict=True))
            yield Mutant("", name, operator, number + 1, before, after, "\n".join(text) + "\n")


def _pairs(module: VerilogModule, changed: dict[int, str]) -> list[tuple[str, str]]:
    return [(module.lines[line].strip(), new.strip()) for line, new in changed.items()]


def _module_faults(module: VerilogModule, ports: dict[str, VerilogModule]) -> Iterator[tuple[str, dict[int, str]]]:
    """The operator, and which lines become what."""
    statements = list(module.statements())
    for found in statements:
        if found.kind is Kind.CONDITION:
            for operator, value in _conditions(found):
                yield operator, {found.line: found.text(value)}
        elif found.kind is Kind.LOAD and re.search(r"if \(rst\)", found.head):
            for _, value in faults(found.value, module):
                yield "reset", {found.line: found.text(value)}
        elif found.kind is not Kind.CONNECTION:
            for operator, value in faults(found.value, module):
                yield operator, {found.line: found.text(value)}
            if found.kind is Kind.ASSIGN and module.directions.get(re.sub(r"\[.*", "", found.target)) == "output":
                for operator, value in stuck(found.value, module.width(found.target)):
                    yield operator, {found.line: found.text(value)}
    yield from _stuck_registers(module, statements)
    yield from _connections(module, ports)


def _conditions(found: Statement) -> Iterator[tuple[str, str]]:
    """An enable or a reset that is always or never there."""
    operator = "reset" if found.value == "rst" else "enable"
    if operator == "enable":
        yield operator, "1'h1"
    yield operator, "1'h0"


def _stuck_registers(module: VerilogModule, statements: list[Statement]) -> Iterator[tuple[str, dict[int, str]]]:
    """One bit of all that a register is given, its reset value too."""
    loads: dict[str, list[Statement]] = {}
    for found in statements:
        if found.kind is Kind.LOAD:
            loads.setdefault(found.target, []).append(found)
    for target, given in loads.items():
        each = [dict(enumerate(stuck(found.value, module.width(target)))) for found in given]
        for at, (operator, _) in each[0].items():
            yield operator, {found.line: found.text(all_[at][1]) for found, all_ in zip(given, each, strict=True)}


def _is_data_input(module: VerilogModule, port: str) -> bool:
    return module.directions[port] == "input" and port != "clk"


def _connections(module: VerilogModule, ports: dict[str, VerilogModule]) -> Iterator[tuple[str, dict[int, str]]]:
    """An input of an instance that is tied low or high, or exchanged with the next one of the same width."""
    for of, connections in module.instances():
        inside = ports[of]
        inputs = [found for found in connections if _is_data_input(inside, found.target)]
        for found in inputs:
            width = inside.widths[found.target]
            for value in (0, (1 << width) - 1):
                yield "connection", {found.line: found.text(f"{width}'h{value:x}")}
        for one, other in pairwise(inputs):
            if inside.widths[one.target] == inside.widths[other.target]:
                yield "swapped", {one.line: one.text(other.value), other.line: other.text(one.value)}
