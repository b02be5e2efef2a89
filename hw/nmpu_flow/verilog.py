"""Verilog-2005 that other tools like: readable names, kept hierarchy, no initial values."""

import re
from collections.abc import Sequence

from amaranth.lib import wiring

from nmpu_flow.errors import FlowError
from nmpu_flow.hierarchy import Tree
from nmpu_flow.identifiers import plain
from nmpu_flow.rtlil import clean
from nmpu_flow.yosys import run_yosys


def emit(component: wiring.Component, name: str, header: Sequence[str] = ()) -> str:
    """The Verilog of `component`, which must not have been elaborated before; its module is called `name`.

    Ports are those of the signature (``adc.payload`` is ``adc_payload``; all unsigned), and ``clk`` and ``rst``
    (synchronous, active high) where there is a register. Equal components are one module, named ``<name>_<component>``;
    different ones of the same name get their parent's name too. Each line of `header` becomes a comment on top.
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
        "opt_clean -purge",
        # Otherwise selections become functions with a casez and a synthesis pragma in each.
        "pmuxtree",
        "opt_clean -purge",
        "write_verilog -noattr design.v",
    ]
    text = run_yosys(commands, {"design.il": clean(Tree(component).converted(), name)}, "design.v")
    text = re.sub(r"\A/\*.*?\*/\n+", "", text, flags=re.S)
    for pattern, flaw in ((r"\\\S+", "escaped name"), (r"\binitial\b.*", "initial value")):
        if match := re.search(pattern, text):
            raise FlowError(f"{name}: {flaw} in the Verilog: {match[0]}")
    return "".join(f"// {line}".rstrip() + "\n" for line in header) + text
