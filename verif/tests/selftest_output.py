"""What the C self-test prints of a case that went wrong: read from its output, and foretold with the golden model."""

import re
from dataclasses import dataclass, field, replace

import numpy as np

from nmpu_bringup.bundle.golden import answer
from nmpu_model.program import Program
from nmpu_model.suites import Case
from nmpu_model.trace import trace
from nmpu_spec.config import Config

STAGES = {"corrected": "affine", "norm": "norm", "total": "residual", "code": "output"}
"""The numbers that are compared, and the stages that make them."""


@dataclass
class Said:
    """What the self-test says of a case that went wrong."""

    wrong: int = 0
    place: tuple[int, ...] = ()
    """Vector, group, lane, column."""
    numbers: dict[str, tuple[int, ...]] = field(default_factory=dict)
    """Expected and got."""
    blamed: str = ""
    registers: dict[str, tuple[int, int]] = field(default_factory=dict)
    remark: bool = False


def read(output: str) -> dict[str, Said]:
    found: dict[str, Said] = {}
    for line in output.splitlines():
        if match := re.match(r"(\S+), bank \d: (\d+) .*WRONG$", line):
            said = found[match[1]] = Said(int(match[2]) if "results WRONG" in line else 0)
        elif match := re.match(r"    first: vector (\d+), group (\d+), lane (\d+), column (\d+)$", line):
            said.place = tuple(map(int, match.groups()))
        elif match := re.match(r"    register (\w+): expected (\w+), got (\w+)$", line):
            said.registers[match[1]] = int(match[2], 16), int(match[3], 16)
        elif match := re.match(r"    (\S+) +(-?\d+) +(-?\d+)(?:  <- (\w+))?$", line):
            said.numbers[match[1]] = int(match[2]), int(match[3])
            said.blamed += match[4] or ""
        elif line.startswith("    out_crc agrees"):
            said.remark = True
    return found


def foretell(case: Case, faulty: Program) -> Said:
    """What must be said if the unit works with `faulty` in place of the case's program."""
    good, bad = trace(case.program, case.traffic), trace(faulty, case.traffic)
    differ = np.argwhere(np.any([vars(good)[name] != vars(bad)[name] for name in STAGES], axis=0))
    said = Said(len(differ))
    reads = [answer({"": [replace(case, program=program)]})[0].reads for program in (case.program, faulty)]
    said.registers = {good.register: (good.data, bad.data) for good, bad in zip(*reads, strict=True) if good != bad}
    vector, column = differ[0].tolist()
    said.place = (vector, column // case.program.config.lanes, column % case.program.config.lanes, column)
    for name, codes in (("p", case.traffic.p), ("n", case.traffic.n)):
        if codes is not None:
            said.numbers[name] = (int(codes[vector, column]),) * 2
    for name, stage in STAGES.items():
        pair = int(getattr(good, name)[vector, column]), int(getattr(bad, name)[vector, column])
        said.numbers |= _rows(case.program.config, name, pair)
        said.blamed = said.blamed or (stage if pair[0] != pair[1] else "")
    return said


def _rows(config: Config, name: str, pair: tuple[int, int]) -> dict[str, tuple[int, ...]]:
    """A number as it is printed: the code as the field of ``out``, what has more than 32 bits in two halves."""
    if name == "code":
        return {name: tuple(code & 0xFF for code in pair)}
    if name != "corrected" and getattr(config, f"{name}_format").width > 32:
        return {
            f"{name}[63:32]": tuple(number >> 32 for number in pair),
            f"{name}[31:0]": tuple(number & 0xFFFFFFFF for number in pair),
        }
    return {name: pair}
