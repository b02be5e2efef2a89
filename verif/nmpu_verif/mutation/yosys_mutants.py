"""Mutants of single bits that Yosys' command `mutate` chooses: the engine of the mutation cover flow MCY."""

import re
from collections.abc import Iterator

from nmpu_flow.yosys import run_yosys
from nmpu_verif.mutation.mutant import Mutant
from nmpu_verif.mutation.verilog_text import modules

_WHAT = {"inv": "inverted", "const0": "0", "const1": "1"}


def bit_mutants(verilog: str, top: str, count: int, seed: int) -> Iterator[Mutant]:
    """`count` faults of a pin's bit: constant, inverted, or inverted where another bit is 0 or 1.

    Yosys writes the mutated module anew, so its text differs from the original's in the order and names of wires.
    """
    read = ["read_verilog design.v", f"hierarchy -top {top}", "proc"]
    chosen = run_yosys([*read, f"mutate -list {count} -seed {seed} -o list.txt"], {"design.v": verilog}, "list.txt")
    faults = [(line, dict(re.findall(r"-(\w+) (\S+)", line))) for line in chosen.splitlines()]
    commands = ["design -save all", *read, "design -save original"]
    for number, (line, fault) in enumerate(faults):
        commands += ["design -load original", line, f"design -copy-to all -as mutant_{number} {fault['module']}"]
    mutated = run_yosys([*commands, "design -load all", "write_verilog -noattr all.v"], {"design.v": verilog}, "all.v")
    texts = {module.name: "\n".join(module.lines) + "\n" for module in modules(mutated)}
    for number, (line, fault) in enumerate(faults):
        module, mode = fault["module"], fault["mode"]
        text = texts[f"mutant_{number}"].replace(f"module mutant_{number}(", f"module {module}(", 1)
        start = verilog.index(f"module {module}(")
        stop = verilog.index("endmodule\n", start) + len("endmodule\n")
        first = verilog[:start].count("\n")
        source = next((int(at) - first for at in re.findall(r"design\.v:(\d+)", line)[-1:]), 0)
        what = _WHAT.get(mode, f"inverted where bit {fault.get('ctrlbit')} is {mode[-1]}")
        yield Mutant(
            name="",
            module=module.removeprefix(f"{top}_"),
            operator=f"bit-{mode}",
            line=source,
            before=f"{fault['cell']}.{fault['port']}[{fault['portbit']}]",
            after=what,
            text=verilog[:start] + text + verilog[stop:],
        )
