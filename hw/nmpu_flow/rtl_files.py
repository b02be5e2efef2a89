"""The RTL of a unit in the files that are handed over: what an integrator replaces is in files of its own."""

import re
from collections.abc import Sequence
from pathlib import Path

_MEMORY = """\
Parameter memories, one for each parameter word of a lane. A memory macro or a latch array may take their place:

  clk                        rising edge
  write, write_address, write_data   the word is stored with the clock
  read, read_address         the word is in read_data after the clock
  read_data                  holds until the clock after the next read

One read and one write port, used in the same clock only at different addresses: the register bus cannot write a bank
that is in use. No reset: nothing is read before it was written. No initial contents.
"""

_CLOCK_GATE = """\
Clock gate of a group of lanes. The library's integrated clock-gating cell takes its place.

  enable, scan_enable   either lets the next pulse of clk through
"""


def rtl_files(verilog: str, top: str, header: Sequence[str]) -> dict[str, str]:
    """File name to text, in the order of compilation, of the emitted `verilog`; each begins with `header`.

    <top>_memory.v       every memory
    <top>_clock_gate.v   the clock gate, where there is one
    <top>.v              everything else
    """
    modules = re.split(r"^(?=module )", verilog, flags=re.M)
    parts: dict[str, list[str]] = {f"{top}_memory.v": [], f"{top}_clock_gate.v": [], f"{top}.v": []}
    for module in filter(None, modules):
        file = next((file for file in parts if module.startswith(f"module {Path(file).stem}")), f"{top}.v")
        parts[file].append(module)
    explained = {f"{top}_memory.v": _MEMORY, f"{top}_clock_gate.v": _CLOCK_GATE}
    return {
        file: "".join(f"// {line}".rstrip() + "\n" for line in [*header, *explained.get(file, "").splitlines(), ""])
        + "\n"
        + "".join(found)
        for file, found in parts.items()
        if found
    }
