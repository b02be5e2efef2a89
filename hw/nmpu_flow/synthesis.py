"""Logic synthesis: Verilog to a netlist of library cells, by one recipe for everything that is compared."""

import re
from collections.abc import Collection
from dataclasses import dataclass

from nmpu_flow.library import Library
from nmpu_flow.yosys import run_yosys

_TAIL = "topo; buffer -c; topo; upsize -D {D}; dnsize -D {D}"


@dataclass(frozen=True)
class Recipe:
    """How Yosys and ABC are driven.

    booth    Booth multipliers; otherwise products and addends share one carry-save tree
    script   of ABC; {D} is the delay target
    target   in picoseconds: one picosecond asks for as fast as can be, a microsecond for as small as can be
    """

    name: str
    booth: bool
    script: str
    target: int


FAST = Recipe(
    name="fast",
    booth=False,
    script=f"strash; dc2 -l; if -g -K 6 -C 8; strash; if -g -K 6 -C 8; strash; dch -f; map -B 0.9 -D {{D}}; {_TAIL}",
    target=1,
)
"""Shortest delay: depth-balanced restructuring twice, then mapping for delay."""
SMALL = Recipe(
    name="small",
    booth=True,
    script=f"strash; scorr; dc2; dc2; strash; dch -f; amap -m; {_TAIL}",
    target=1_000_000,
)
"""Smallest area, no timing pressure."""
RECIPES = (FAST, SMALL)

# What Yosys' own `synth` does, but with prefix adders (Sklansky) and without its last call of ABC.
_COMMANDS = """
read_verilog design.v
{black_boxes}
read_liberty -lib -ignore_miss_func cells.lib
hierarchy -check -top {top}
proc
flatten
opt_expr
opt_clean
opt -nodffe -nosdff
opt
wreduce
peepopt
opt_clean
{multipliers}
alumacc
share
opt
memory -nomap
opt_clean
opt -fast -full
memory_map
opt -full
techmap -map +/choices/sklansky.v -map +/techmap.v
opt -fast
opt_clean -purge
dfflibmap -prepare -liberty cells.lib
opt_clean -purge
rename -wire t:$_DFF*
dfflibmap -map-only -liberty cells.lib
abc -liberty cells.lib -D {target} -constr drive.constr -script script.abc
opt_clean -purge
setundef -zero
opt_clean -purge
write_json netlist.json
"""


def synthesise(verilog: str, top: str, library: Library, recipe: Recipe, keep: Collection[str] = ()) -> str:
    """The module `top` of `verilog` in cells of `library`, as JSON that `nmpu_flow.netlist.read_json` reads.

    What `top` instantiates is flattened into it, except the modules `keep`. The smallest buffer drives the inputs, and
    every output drives four gate equivalents. The same text, library and recipe give the same netlist.
    Raises `FlowError` for what Yosys refuses.
    """
    commands = _COMMANDS.format(
        top=top,
        black_boxes=f"blackbox {' '.join(sorted(keep))}" if keep else "",
        multipliers="booth" if recipe.booth else "",
        target=recipe.target,
    )
    script = recipe.script.replace("{D}", str(recipe.target)).replace("; ", "\n") + "\n"
    load = 4 * library.unit_load * 1e15
    files = {
        "design.v": verilog,
        "cells.lib": library.text,
        "script.abc": script,
        "drive.constr": f"set_driving_cell {library.buffer.name}\nset_load {load:.3f}\n",
    }
    return run_yosys([line for line in commands.splitlines() if line], files, "netlist.json")


_PLAIN = """
read_verilog design.v
{black_boxes}
read_liberty -lib -ignore_miss_func cells.lib
hierarchy -check -top {top}
proc
flatten
opt_clean
{multipliers}
alumacc
memory -nomap
opt_clean
memory_map
techmap
"""
# Flops get the names that `_COMMANDS` gives them.
_FLOPS = """
opt_clean -purge
dfflibmap -prepare -liberty cells.lib
opt_clean -purge
rename -wire t:$_DFF*
dfflibmap -map-only -liberty cells.lib
setundef -zero
opt_clean -purge
write_json generic.json
"""


def generic(
    verilog: str, top: str, library: Library, recipe: Recipe, keep: Collection[str] = (), optimised: bool = False
) -> str:
    """The same module in flops of the library and Yosys' own gates, as JSON: what the cells are proven against.

    Not `optimised`: every construct of the Verilog expanded on its own, with the recipe's multipliers and adder trees.
    `optimised`: what `synthesise` has right before its gates become cells.
    Raises `FlowError` for what Yosys refuses.
    """
    before, _, _ = _COMMANDS.partition("dfflibmap -prepare")
    commands = ((before if optimised else _PLAIN) + _FLOPS).format(
        top=top,
        black_boxes=f"blackbox {' '.join(sorted(keep))}" if keep else "",
        multipliers="booth" if recipe.booth else "",
    )
    files = {"design.v": verilog, "cells.lib": library.text}
    return run_yosys([line for line in commands.splitlines() if line], files, "generic.json")


def identity(verilog: str, top: str, library: Library, recipe: Recipe, keep: Collection[str] = ()) -> str:
    """All that `synthesise` depends on, besides the versions of its tools."""
    return " ".join([verilog, top, library.digest, repr(recipe), _COMMANDS, *sorted(keep)])


def instances(verilog: str) -> dict[str, dict[str, str]]:
    """The modules of Verilog that `nmpu_flow.verilog.emit` wrote: module to instance to the module that it is of."""
    modules = _modules(verilog)
    return {
        name: {instance: of for of, instance in re.findall(r"^  (\w+) (\w+) \($", text, re.M) if of in modules}
        for name, text in modules.items()
    }


def only(verilog: str, top: str, keep: Collection[str] = ()) -> str:
    """The part of such Verilog that `top` needs: of the modules `keep` their ports alone."""
    modules, tree = _modules(verilog), instances(verilog)
    wanted, open_ = [], [top]
    while open_:
        name = open_.pop()
        if name not in wanted:
            wanted.append(name)
            open_ += [] if name in keep else tree[name].values()
    return "".join(_ports(modules[name]) if name in keep else modules[name] for name in wanted)


def _modules(verilog: str) -> dict[str, str]:
    parts = re.split(r"^(?=module )", verilog, flags=re.M)[1:]
    return {re.split(r"\W", part, maxsplit=2)[1]: part for part in parts}


def _ports(module: str) -> str:
    header, body = module.split(");\n", 1)
    lines = [line for line in body.splitlines() if re.match(r"  (in|out)put ", line)]
    return "\n".join([f"{header});", *lines, "endmodule\n"])
