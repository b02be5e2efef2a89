"""Verilog-2005 that other tools like: readable names, kept hierarchy, no initial values."""

import re
from collections.abc import Sequence

from amaranth.lib import wiring

from nmpu_flow.clock_gate import with_clock_gates
from nmpu_flow.errors import FlowError
from nmpu_flow.hierarchy import Tree
from nmpu_flow.identifiers import plain
from nmpu_flow.rtlil import clean
from nmpu_flow.yosys import run_yosys
from nmpu_spec.implementation import Reset


def emit(component: wiring.Component, name: str, header: Sequence[str] = (), reset: Reset = Reset.SYNC) -> str:
    """The Verilog of `component`, which must not have been elaborated before; its module is called `name`.

    Ports are those of the signature (``adc.payload`` is ``adc_payload``; all unsigned), ``clk`` where there is a
    register, and the port of `reset` where one has a reset. Equal components are one module, named
    ``<name>_<component>``; different ones of the same name get their parent's name too. Each line of `header` becomes
    a comment on top.
    The text depends on the component, the name, the header and the versions of Amaranth and Yosys, and on nothing else.

    Raises `FlowError` for a design that cannot be written that way, and `ValueError` for a name that needs an escape.
    """
    if plain(name) != name:
        raise ValueError(f"module name {name!r}: must be a plain Verilog identifier and no keyword")
    commands = [
        "read_rtlil design.il",
        f"hierarchy -check -top {name}",
        "proc",
        "opt_expr",
        "opt_merge",
        # Finds resets and enables only where no unused wire stands between multiplexer and register.
        "opt_clean",
        "opt_dff",
        # What a register would be given while its enable is low is undefined: the other input, or 0.
        "opt_expr -mux_undef",
        "setundef -zero",
        "opt_clean -purge",
        # Otherwise selections become functions with a casez and a synthesis pragma in each.
        "pmuxtree",
        "opt_clean -purge",
        "write_verilog -noattr design.v",
    ]
    tree = Tree(component, asynchronous=reset is Reset.ASYNC)
    text = run_yosys(commands, {"design.il": clean(tree.converted(), name, reset)}, "design.v")
    text = re.sub(r"\A/\*.*?\*/\n+", "", text, flags=re.S)
    text = with_clock_gates(text, name)
    for pattern, flaw in ((r"\\\S+", "escaped name"), (r"\binitial\b.*", "initial value"), (r".*\'[bdh]x.*", "X")):
        if match := re.search(pattern, text):
            raise FlowError(f"{name}: {flaw} in the Verilog: {match[0]}")
    return "".join(f"// {line}".rstrip() + "\n" for line in header) + text
