"""The cover groups of the bus: every kind of access in every state of the unit, and every reason of a lock."""

from dataclasses import dataclass
from functools import lru_cache

from nmpu_spec.config import Config
from nmpu_spec.parameters import WORD_BITS
from nmpu_spec.registers import BANKS, CAPTURE_SLOTS, Register, register_map
from nmpu_verif.coverage.bins import Bin, CoverGroup
from nmpu_verif.coverage.moment import State

UNITS = ("empty", "flying", "test empty", "test begun", "test flying")
"""What the unit does: test mode or not; groups in the pipeline; a vector begun, and none of its groups under way."""
LOCKS = ("free", "offered", "begun", "flying")
"""What uses a bank, the first that holds: a vector begun, groups of earlier ones, a vector that waits to enter."""
BANK_REGISTERS = ("layer", "rx_scale", "mask", "word")
ACCESSES = {
    "read register": frozenset[str](),
    "write register": frozenset[str](),
    "read write-only": frozenset(UNITS),
    "write read-only": frozenset(UNITS),
    "read mode": frozenset[str](),
    "write mode": frozenset({"flying", "test begun", "test flying"}),
    "write push": frozenset({"empty", "flying", "test flying"}),
    "read parameter": frozenset({"flying", "test begun", "test flying"}),
    "read injected": frozenset({"flying", "test flying"}),
    "write injected": frozenset({"empty", "flying", "test flying"}),
    "read captured": frozenset({"flying", "test flying"}),
    "write captured": frozenset(UNITS),
    "read hole": frozenset(UNITS),
    "write hole": frozenset(UNITS),
    "read unaligned": frozenset(UNITS),
    "write unaligned": frozenset(UNITS),
    "write partial": frozenset(UNITS),
}
"""Every kind of access outside the banks' writes, and in which of `UNITS` it is refused."""


@dataclass(frozen=True)
class Access:
    """One access, in the clock in which the bus takes it."""

    write: bool
    address: int
    strobe: int


def bus_groups(config: Config) -> list[CoverGroup]:
    def excluded(_: str, unit: str) -> str:
        return "a vector is one group" if unit == "test begun" and config.groups == 1 else ""

    return [
        CoverGroup("access", "an access of the bus", {"access": tuple(ACCESSES), "unit": UNITS}, excluded),
        CoverGroup("lock", "a write to a bank, and what uses it", {"bank": LOCKS, "register": BANK_REGISTERS}),
        CoverGroup("reset in test mode", "reset", {"unit": tuple(unit for unit in UNITS if "test" in unit)}),
    ]


def unit_of(state: State, test: bool) -> str:
    """One of `UNITS`."""
    if any(state.slots):
        return "test flying" if test else "flying"
    return ("test begun" if state.index else "test empty") if test else "empty"


def access_bin(config: Config, access: Access, unit: str, state: State, offered: int | None) -> Bin:
    """The bin of an access; `offered` is the bank of a vector that waits to enter, None where there is none."""
    registers = register_map(config)
    way = "write" if access.write else "read"
    register = _by_address(config).get(access.address)
    if access.write and access.strobe != (1 << WORD_BITS // 8) - 1:
        return "access", "write partial", unit
    if access.address % 4:
        return "access", f"{way} unaligned", unit
    if register is None:
        return "access", f"{way} hole", unit
    bank = access.address // registers.bank_stride - 1
    if access.write and 0 <= bank < BANKS:
        kind = "word" if register.in_lanes else register.name.split(".")[1].split("[")[0]
        return "lock", _lock(state, bank, offered), kind
    return "access", f"{way} {_kind(register, access.write)}", unit


@lru_cache(maxsize=4)
def _by_address(config: Config) -> dict[int, Register]:
    return {register.address: register for register in register_map(config)}


def _lock(state: State, bank: int, offered: int | None) -> str:
    if state.index and state.bank == bank:
        return "begun"
    if any(group is not None and group.bank == bank for group in state.slots):
        return "flying"
    return "offered" if offered == bank else "free"


def _kind(register: Register, write: bool) -> str:
    if register.in_lanes:
        name = register.name.split("[")[0].removeprefix("test.")
        return "captured" if name in CAPTURE_SLOTS else "injected" if name.startswith("inject") else "parameter"
    allowed = any(field.writable if write else field.readable for field in register.fields)
    if not allowed:
        return "read-only" if write else "write-only"
    return {"test.mode": "mode", "test.push": "push"}.get(register.name, "register")
