"""A case with its answers: what the golden model says must come out, in every form in which a chip can be asked."""

import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nmpu_model.script import Write, control, load_program
from nmpu_model.suites import Case
from nmpu_model.unit import run
from nmpu_spec.config import CODE_BITS
from nmpu_spec.cycles import Timing
from nmpu_spec.registers import register_map


@dataclass(frozen=True)
class Read:
    """One 32-bit register read, and what it must return."""

    register: str
    address: int
    data: int

    def __str__(self) -> str:
        """``r <address> <data>  # register``, both in hexadecimal."""
        return f"r {self.address:05x} {self.data:08x}  # {self.register}"


@dataclass(frozen=True)
class GoldenCase:
    """A case of a suite and what the golden model answers.

    out        output codes, int16 of shape (vectors, columns); masked columns are 0
    counters   the unit's counters that any run of the case must show, whatever its timing
    """

    suite: str
    case: Case
    out: NDArray[np.int16]
    counters: Mapping[str, int]

    @property
    def place(self) -> str:
        """The case's folder in a bundle."""
        return f"{self.suite}/{self.case.name}"

    @property
    def fields(self) -> NDArray[np.uint8]:
        """The codes as the 8-bit fields of ``out`` carry them: two's complement where they are signed."""
        return (self.out & ((1 << max(CODE_BITS)) - 1)).astype(np.uint8)

    @property
    def crcs(self) -> list[int]:
        """For each vector v the CRC-32 (`zlib.crc32`) of the fields of the vectors 0 to v, column by column."""
        found, crc = [], 0
        for row in self.fields:
            crc = zlib.crc32(row.tobytes(), crc)
            found.append(crc)
        return found

    @property
    def writes(self) -> list[Write]:
        """What loads bank 0, enables the unit and clears its counters."""
        program = self.case.program
        return [*load_program(program, 0), control(program.config, enable=True, bank=0, clear=True)]

    @property
    def reads(self) -> list[Read]:
        """What the registers must say after the last code was delivered."""
        config = self.case.program.config
        registers = register_map(config)
        values = {name: registers[name].pack() for name in ("id", "config_hash", "geometry")}
        values |= self.counters
        values |= {"out_crc": self.crcs[-1], "out_beats": len(self.out) * config.groups}
        return [Read(name, registers[name].address, value) for name, value in values.items()]


def answer(suites: Mapping[str, Iterable[Case]]) -> list[GoldenCase]:
    """Every case of every suite, run through the golden model."""
    found = []
    # How long a run takes is the tester's affair; only a group's entry is counted once, whatever stalls.
    timed = set(vars(Timing())) - {"busy"}
    for suite, cases in suites.items():
        for case in cases:
            result = run(case.program, case.traffic.p, case.traffic.n, case.traffic.rx)
            counters = {name: int(count) for name, count in result.counters.items() if name not in timed}
            found.append(GoldenCase(suite, case, result.out, counters))
    return found
