"""Proof, for all inputs and states, that a module in cells computes what it did in gates: ABC on a miter.

Flops are opened and the modules inside cut out: a state, and what an inner module delivers, is an input of the proof; a
next state, and what an inner module is given, is an output. Both are matched by the instance's name. The same next
states and outputs for every state and input are the same behaviour in every clock.
"""

from collections.abc import Mapping
from enum import StrEnum

from nmpu_flow.errors import FlowError
from nmpu_flow.library import Library
from nmpu_flow.netlist import Bit, Instance, Module, Netlist, Port
from nmpu_flow.next_state import NEXT, STATE, name_of, next_state
from nmpu_flow.yosys import run_yosys

_CONFLICTS = 1000
"""Of the solver, for each pair of nets that may be equal: what is not decided by then stays open."""

_COMMANDS = """
read_verilog -icells flops.v gates.v
hierarchy -check -top {top}
flatten
techmap
opt_clean
write_blif gates.blif
design -reset
read_liberty -ignore_miss_func cells.lib
read_verilog flops.v cells.v
hierarchy -check -top {top}
flatten
techmap
opt_clean
write_blif cells.blif
design -reset
read_verilog -icells carrier.v
abc -script miter.abc
"""

_PLAIN_FLOPS = """
module flops(input clk, en, d, output reg plain, enabled);
  always @(posedge clk) plain <= d;
  always @(posedge clk) if (en) enabled <= d;
endmodule
"""
_RESET_FLOPS = """
module flops(input clk, rst_n, en, d, output reg plain, cleared, preset, enabled);
  always @(posedge clk) plain <= d;
  always @(posedge clk, negedge rst_n) if (!rst_n) cleared <= 0; else cleared <= d;
  always @(posedge clk, negedge rst_n) if (!rst_n) preset <= 1; else preset <= d;
  always @(posedge clk, negedge rst_n) if (!rst_n) enabled <= 0; else if (en) enabled <= d;
endmodule
"""
_FLOPS_COMMANDS = """
read_verilog flops.v
proc
opt_dff
design -save rtl
techmap
dfflibmap -liberty cells.lib
read_liberty -ignore_miss_func cells.lib
hierarchy -check -top flops
flatten
rename flops cells
design -copy-from rtl flops
async2sync
equiv_make flops cells both
hierarchy -top both
clean -purge
equiv_simple -seq 2
equiv_induct -seq 3
equiv_status -assert
tee -q -o proven.txt stat
"""
_CARRIER = "module carrier(input a, b, output y); \\$_AND_ gate (.A(a), .B(b), .Y(y)); endmodule\n"
"""Something for the command `abc` to work on; it is given back as it was."""
_MITER = f"""write_blif carrier.blif
miter gates.blif cells.blif
strash
&get -n
&cec -m -C {_CONFLICTS}
write_status status
read_blif carrier.blif
strash
map
"""


class Verdict(StrEnum):
    """What came of a comparison."""

    EQUAL = "equal"
    DIFFERENT = "different"
    OPEN = "open"
    """Not decided, or not comparable: `cells` lacks a flop of `gates`."""


def compare(gates: Module, cells: Module, inner: Mapping[str, Module], library: Library) -> Verdict:
    """Whether the two have the same outputs and next states for every input and state.

    gates   made of Yosys' gates, flops of `library` and the modules `inner`
    cells   made of cells of `library` and the modules `inner`
    Raises `FlowError` for what Yosys refuses.
    """
    cut = [_cut(module, inner, library) for module in (gates, cells)]
    if cut[0].ports.keys() != cut[1].ports.keys():
        # A flop that turned out to be constant is gone: to show that takes more than one clock.
        return Verdict.OPEN if cut[0].ports.keys() > cut[1].ports.keys() else Verdict.DIFFERENT
    name = gates.name
    texts = [Netlist(name, {name: module}, library).verilog() for module in cut]
    flops = {instance.of for module in (gates, cells) for instance in module.instances if _is_flop(instance, library)}
    models = "".join(next_state(library.cells[flop]) for flop in sorted(flops))
    files = {"gates.v": texts[0], "cells.v": texts[1], "flops.v": models, "cells.lib": library.text}
    files |= {"carrier.v": _CARRIER, "miter.abc": _MITER}
    commands = _COMMANDS.format(top=name).strip().splitlines()
    said = run_yosys(commands, files, "status").split()
    verdicts = {"snl_UNSAT": Verdict.EQUAL, "snl_SAT": Verdict.DIFFERENT}
    return verdicts.get(said[0] if said else "", Verdict.OPEN)


def _is_flop(instance: Instance, library: Library) -> bool:
    return instance.of in library.cells and library.cells[instance.of].sequential


def _cut(module: Module, inner: Mapping[str, Module], library: Library) -> Module:
    """`module` with a port for everything that crosses into a flop's storage, or into a module inside."""
    result = Module(module.name, dict(module.ports), [], module.nets)
    for instance in module.instances:
        if _is_flop(instance, library):
            bits: dict[str, list[Bit]] = {}
            for pin in (STATE, *NEXT):
                bits[pin] = [result.nets]
                result.nets += 1
                _expose(result, instance, pin, bits[pin], is_input=pin == STATE)
            model = name_of(library.cells[instance.of])
            result.instances.append(Instance(instance.name, model, {**instance.pins, **bits}))
        elif instance.of in library.cells:
            result.instances.append(instance)
        elif instance.of in inner:
            for pin, found in instance.pins.items():
                _expose(result, instance, pin, found, is_input=not inner[instance.of].ports[pin].is_input)
        else:
            # Yosys' own gate: a name that Verilog must escape.
            result.instances.append(Instance(instance.name, f"\\{instance.of} ", instance.pins))
    return result


def _expose(module: Module, instance: Instance, pin: str, bits: list[Bit], is_input: bool) -> None:
    name = f"{instance.name}__{pin}"
    if name in module.ports:
        raise FlowError(f"{module.name}: {name} is a port, so the pin of that name cannot be compared")
    module.ports[name] = Port(name, is_input, bits)


def prove_flops(library: Library, asynchronous: bool) -> None:
    """Prove that the library's flops, as Yosys connects them, are those of the RTL: without and with an enable, and,
    where the reset is `asynchronous`, cleared and preset by it.

    Raises `FlowError` where that fails.
    """
    files = {"flops.v": _RESET_FLOPS if asynchronous else _PLAIN_FLOPS, "cells.lib": library.text}
    run_yosys(_FLOPS_COMMANDS.strip().splitlines(), files, "proven.txt")
