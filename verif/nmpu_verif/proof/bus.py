"""The register block does what ``nmpu.rdl`` says, for every access at every address in every state."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import z3

from nmpu_hw.registers import wire_name
from nmpu_spec.config import Config
from nmpu_spec.parameters import WORD_BITS
from nmpu_spec.registers import BANKS, CAPTURE_SLOTS, INJECT_SLOT, Field, Register, register_map
from nmpu_verif.proof.claim import Claim
from nmpu_verif.proof.machine import Machine, after, machine

_PARAMETER = re.compile(r"bank\[(?P<bank>\d+)\]\.word(?P<word>\d+)\[(?P<entry>\d+)\]")
_INJECTED = re.compile(r"test\.inject(?P<word>\d+)\[(?P<entry>\d+)\]")
_CAPTURED = re.compile(r"test\.(?P<number>\w+)\[(?P<entry>\d+)\]")


@dataclass(frozen=True)
class _Place:
    """Where a word of a lane is: `kind` is parameter, injected or captured."""

    kind: str
    slot: int
    entry: int
    bank: int


def _place(register: Register) -> _Place:
    if found := _PARAMETER.fullmatch(register.name):
        return _Place("parameter", 1 + int(found["word"]), int(found["entry"]), int(found["bank"]))
    if found := _INJECTED.fullmatch(register.name):
        return _Place("injected", INJECT_SLOT + int(found["word"]), int(found["entry"]), 0)
    found = _CAPTURED.fullmatch(register.name)
    assert found is not None, register.name
    return _Place("captured", CAPTURE_SLOTS[found["number"]], int(found["entry"]), 0)


def bus_claims(config: Config, verilog: str, module: str) -> Iterator[Claim]:
    """APB4 rules, and every register; `module` is the register block in `verilog`."""
    block = machine(verilog, module)
    bus = _Bus(config, block)
    name = block.name
    yield Claim(f"{name}: PREADY is always high", block.signals["apb_pready"] == 1)
    yield Claim(f"{name}: PSLVERR in the access phase where an access is not allowed, and nowhere else", bus.errors())
    yield Claim(f"{name}: a field changes by an accepted write to its register only; reset gives its value", bus.kept())
    yield Claim(f"{name}: a pulse is high for an accepted write of 1 only", bus.pulses())
    yield Claim(f"{name}: an accepted read returns the fields at their places, anything else 0", bus.reads())
    yield Claim(f"{name}: an accepted write to a lane reaches bank, word and column of its address", bus.lanes())
    yield Claim(f"{name}: nothing is written to a lane otherwise", bus.nothing_else())
    yield Claim(
        f"{name}: parameters are read in the setup phase, and only while the unit is idle", bus.parameter_reads()
    )


class _Bus:
    """The map's registers as conditions on the ports."""

    def __init__(self, config: Config, block: Machine) -> None:
        self.block = block
        self.registers = list(register_map(config))
        ports = block.inputs
        self.ports = ports
        self.access = z3.And(ports["apb_psel"] == 1, ports["apb_penable"] == 1)
        self.setup = z3.And(ports["apb_psel"] == 1, ports["apb_penable"] == 0)
        self.write = ports["apb_pwrite"] == 1
        self.whole = ports["apb_pstrb"] == (1 << ports["apb_pstrb"].size()) - 1
        self.idle = ports["busy"] == 0
        testing = block.signals["test_mode_on"] == 1
        self.resting = ports["test_mode_in_flight"] == 0
        self.can_inject = z3.And(testing, self.resting)
        self.places = {one.name: _place(one) for one in self.registers if one.in_lanes}
        # What the block remembers from the setup phase: whether the unit was idle.
        stored = {wire_name(register.name, field.name) for register, field in self._stored()}
        remembered = [name for name in block.registers if name not in stored]
        assert len(remembered) == 1, remembered
        self.was_idle = block.registers[remembered[0]]

    def errors(self) -> z3.BoolRef:
        allowed = z3.If(self.write, z3.And(self.whole, self._any(self.writable)), self._any(self.readable))
        return (self.block.signals["apb_pslverr"] == 1) == z3.And(self.access, z3.Not(allowed))

    def kept(self) -> z3.BoolRef:
        terms = []
        for register, field in self._stored():
            wire = wire_name(register.name, field.name)
            kept = z3.If(self.accepted(register), self._data(field), self.block.signals[wire])
            reset = z3.BitVecVal(field.reset or 0, field.width)
            terms.append(after(self.block, wire) == z3.If(self.ports["rst"] == 1, reset, kept))
        return z3.And(terms)

    def pulses(self) -> z3.BoolRef:
        terms = []
        for register in self.registers:
            for field in register.fields:
                if field.pulse:
                    given = z3.If(self.accepted(register), self._data(field), z3.BitVecVal(0, field.width))
                    terms.append(self.block.signals[wire_name(register.name, field.name)] == given)
        return z3.And(terms)

    def reads(self) -> z3.BoolRef:
        terms, read = [], []
        answer = self.block.signals["apb_prdata"]
        for register in self.registers:
            value = self.ports["host_read_data"] if register.in_lanes else self._word(register)
            read.append(z3.And(z3.Not(self.write), self._hit(register), self.readable(register)))
            terms.append(z3.Implies(read[-1], answer == value))
        selected = self.ports["apb_psel"] == 1
        return z3.Implies(selected, z3.And(*terms, z3.Or(*read, answer == 0)))

    def lanes(self) -> z3.BoolRef:
        terms = []
        for register in self.registers:
            if register.in_lanes:
                place = self.places[register.name]
                strobe = "host_inject" if place.kind == "injected" else "host_write"
                reached = z3.And(self._points(place), self.block.signals[strobe] == 1)
                terms.append(z3.Implies(self.accepted(register), reached))
        return z3.And(*terms, self.block.signals["host_data"] == self.ports["apb_pwdata"])

    def nothing_else(self) -> z3.BoolRef:
        def some(kind: str) -> z3.BoolRef:
            return z3.Or([self.accepted(one) for one in self._of(kind)])

        return z3.And(
            z3.Implies(self.block.signals["host_write"] == 1, some("parameter")),
            z3.Implies(self.block.signals["host_inject"] == 1, some("injected")),
        )

    def parameter_reads(self) -> z3.BoolRef:
        hits = z3.Or([self._hit(one) for one in self._of("parameter")])
        wanted = z3.And(self.setup, z3.Not(self.write), hits, self.idle)
        pointed = [
            z3.Implies(z3.And(self.ports["apb_psel"] == 1, self._hit(one)), self._points(self.places[one.name]))
            for one in self.registers
            if one.in_lanes
        ]
        remembered = z3.If(z3.And(self.setup, hits), self.ports["busy"] == 0, self.was_idle == 1)
        return z3.And(
            (self.block.signals["host_read"] == 1) == wanted,
            *pointed,
            z3.Implies(self.ports["rst"] == 0, (self.block.following[str(self.was_idle)] == 1) == remembered),
        )

    # -- what the map says ---------------------------------------------------------------------------------------------

    def accepted(self, register: Register) -> z3.BoolRef:
        """The register is written with this clock."""
        return z3.And(self.access, self.write, self.whole, self._hit(register), self.writable(register))

    def writable(self, register: Register) -> z3.BoolRef:
        if not any(field.writable for field in register.fields):
            return z3.BoolVal(False)
        if register.name == "test.mode":
            return self.idle
        if register.name == "test.push" or (register.in_lanes and self.places[register.name].kind == "injected"):
            return self.can_inject
        for bank in range(BANKS):
            if register.name.startswith(f"bank[{bank}]"):
                return z3.Extract(bank, bank, self.ports["locked"]) == 0
        return z3.BoolVal(True)

    def readable(self, register: Register) -> z3.BoolRef:
        if not any(field.readable for field in register.fields):
            return z3.BoolVal(False)
        if register.in_lanes:
            return self.was_idle == 1 if self.places[register.name].kind == "parameter" else self.resting
        return z3.BoolVal(True)

    def _hit(self, register: Register) -> z3.BoolRef:
        return self.ports["apb_paddr"] == register.address

    def _any(self, rule: object) -> z3.BoolRef:
        assert callable(rule)
        return z3.Or([z3.And(self._hit(one), rule(one)) for one in self.registers])

    def _of(self, kind: str) -> list[Register]:
        return [one for one in self.registers if one.in_lanes and self.places[one.name].kind == kind]

    def _points(self, place: _Place) -> z3.BoolRef:
        """The port to the lanes shows the place."""
        signals = self.block.signals
        there = [signals["host_slot"] == place.slot, signals["host_column"] == place.entry]
        there.append(signals["host_test"] == int(place.kind != "parameter"))
        if place.kind == "parameter":
            there.append(signals["host_bank"] == place.bank)
        return z3.And(there)

    def _stored(self) -> Iterator[tuple[Register, Field]]:
        for register in self.registers:
            for field in register.fields:
                if not register.in_lanes and field.writable and not field.pulse:
                    yield register, field

    def _data(self, field: Field) -> z3.BitVecRef:
        return z3.Extract(field.lsb + field.width - 1, field.lsb, self.ports["apb_pwdata"])

    def _word(self, register: Register) -> z3.BitVecRef:
        """What reads as the register."""
        word = z3.BitVecVal(0, WORD_BITS)
        for field in register.fields:
            if not field.readable:
                continue
            wire = wire_name(register.name, field.name)
            if field.from_hardware:
                value = self.ports[wire]
            elif field.writable:
                value = self.block.signals[wire]
            else:
                value = z3.BitVecVal(field.reset or 0, field.width)
            word = word | (z3.ZeroExt(WORD_BITS - field.width, value) << field.lsb)
        return word
