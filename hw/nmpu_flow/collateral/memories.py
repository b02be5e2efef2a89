"""The memory modules of a hand-over, read from their Verilog."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

_MODULE = re.compile(r"^module (\w+)\((.*?)\);$.*?^endmodule", re.M | re.S)
_WIDTH = re.compile(r"^  (?:input|output) (?:reg )?(?:\[(\d+):0\] )?(\w+);", re.M)
_WORDS = re.compile(r"^  reg (?:\[\d+:0\] )?\w+ \[(\d+):0\];", re.M)


@dataclass(frozen=True)
class MemoryModule:
    """`depth` words of `width` bits; the ports with their widths, in order."""

    name: str
    width: int
    depth: int
    ports: Mapping[str, int]


def memory_modules(verilog: str) -> list[MemoryModule]:
    """Every module in `verilog` that stores words."""
    found = []
    for module in _MODULE.finditer(verilog):
        words = _WORDS.search(module[0])
        if words:
            widths = {name: int(high or 0) + 1 for high, name in _WIDTH.findall(module[0])}
            found.append(MemoryModule(module[1], widths["read_data"], int(words[1]) + 1, widths))
    return found
