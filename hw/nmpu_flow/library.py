"""A standard-cell library: where it is found, and what the flow needs to know of its cells."""

import gzip
import os
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha256
from pathlib import Path

from nmpu_flow.cell_function import truth_table
from nmpu_flow.generic_library import GENERIC, generic_text
from nmpu_flow.liberty import Group, parse
from nmpu_spec.errors import InputError

DEFAULT = Path("/usr/share/qflow/tech/osu018/osu018_stdcells.lib")
"""Of Debian's package qflow-tech-osu018 (180 nm, academic): the only registry package with a standard-cell library."""
VARIABLE = "NMPU_LIBERTY"
"""The environment variable that names a library where the user names none."""

_PREFIX = {"m": 1e-3, "u": 1e-6, "n": 1e-9, "p": 1e-12, "f": 1e-15}


@dataclass(frozen=True)
class Pin:
    """`capacitance` and `max_capacitance` in farad; `function` is empty where the pin is no combinational output."""

    name: str
    direction: str
    capacitance: float
    max_capacitance: float
    function: str
    group: Group = field(repr=False, compare=False)


@dataclass(frozen=True)
class Cell:
    """`area` in um2, `leakage` in watt; `clock` is a flop's clock pin, or empty."""

    name: str
    area: float
    leakage: float
    sequential: bool
    clock: str
    usable: bool
    pins: dict[str, Pin]
    group: Group = field(repr=False, compare=False)

    @property
    def inputs(self) -> list[str]:
        return [pin.name for pin in self.pins.values() if pin.direction == "input"]

    @property
    def outputs(self) -> list[Pin]:
        return [pin for pin in self.pins.values() if pin.direction == "output"]


@dataclass(frozen=True)
class Library:
    """`text` is the Liberty text, unpacked; units are seconds, farad, watt, volt."""

    name: str
    path: Path
    text: str = field(repr=False)
    cells: dict[str, Cell] = field(repr=False)
    voltage: float
    time_unit: float
    capacitance_unit: float
    group: Group = field(repr=False, compare=False)

    @cached_property
    def digest(self) -> str:
        return sha256(self.text.encode()).hexdigest()

    @cached_property
    def nand2(self) -> Cell:
        """The smallest two-input NAND: the gate equivalent."""
        return self._smallest(2, (True, True, True, False), "two-input NAND")

    @cached_property
    def buffer(self) -> Cell:
        """The smallest buffer: what is taken to drive the inputs."""
        return self._smallest(1, (False, True), "buffer")

    @cached_property
    def strong_buffer(self) -> Cell:
        """The largest buffer that is no larger than two gate equivalents: what divides large loads."""
        known = [cell for cell in self._with(1, (False, True)) if cell.area <= 2 * self.nand2.area]
        return max(known, key=lambda cell: cell.area, default=self.buffer)

    @cached_property
    def unit_load(self) -> float:
        """The mean input capacitance of `nand2`, in farad."""
        pins = [self.nand2.pins[name].capacitance for name in self.nand2.inputs]
        return sum(pins) / len(pins)

    def _smallest(self, inputs: int, table: tuple[bool, ...], noun: str) -> Cell:
        known = self._with(inputs, table)
        if not known:
            raise InputError(f"{self.path}: has no usable {noun}; pass a library of standard cells")
        return min(known, key=lambda cell: (cell.area, cell.name))

    def _with(self, inputs: int, table: tuple[bool, ...]) -> list[Cell]:
        """The usable cells of one output with that truth table."""
        return [
            cell
            for cell in self.cells.values()
            if cell.usable and not cell.sequential and len(cell.inputs) == inputs and len(cell.outputs) == 1
            if cell.outputs[0].function and truth_table(cell.outputs[0].function, cell.inputs) == table
        ]


def find_library(given: Path | None) -> Path:
    """`given`, else what the environment names, else `DEFAULT`; raises `InputError` where that file is not there.

    The name `GENERIC` is a library too: `generic_text`.
    """
    named = os.environ.get(VARIABLE)
    path = given or (Path(named) if named else DEFAULT)
    if path.is_file() or path == Path(GENERIC):
        return path
    if given or named:
        raise InputError(f"{path}: no such Liberty file; pass a standard-cell library (.lib or .lib.gz)")
    raise InputError(
        f"no standard-cell library: install Debian's package qflow-tech-osu018, "
        f"or pass --liberty FILE.lib or --liberty {GENERIC}, or set {VARIABLE}"
    )


def read_library(path: Path) -> Library:
    """The library in the Liberty file `path`, which may be packed (.gz), or `GENERIC`.

    Raises `InputError` where it is none.
    """
    text = _text(path)
    library = parse(text)
    attributes = library.attributes
    amount, unit = attributes["capacitive_load_unit"].split(",")
    capacitance = float(amount) * _PREFIX[unit.strip()[0].lower()]
    leakage = _quantity(attributes.get("leakage_power_unit", "1nW"))
    cells = {group.arguments[0]: _cell(group, capacitance, leakage) for group in library.of("cell")}
    return Library(
        name=library.arguments[0],
        path=path,
        text=text,
        cells=cells,
        voltage=float(attributes["nom_voltage"]),
        time_unit=_quantity(attributes["time_unit"]),
        capacitance_unit=capacitance,
        group=library,
    )


def _text(path: Path) -> str:
    if path == Path(GENERIC) and not path.is_file():
        return generic_text()
    try:
        with gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8") as file:
            return file.read()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: cannot be read as a Liberty file ({error})") from None


def _cell(group: Group, capacitance: float, leakage: float) -> Cell:
    attributes = group.attributes
    pins = {}
    for pin in group.of("pin"):
        load = float(pin.attributes.get("capacitance", 0)) * capacitance
        most = float(pin.attributes.get("max_capacitance", 0)) * capacitance
        kind = pin.attributes.get("direction", "")
        pins[pin.arguments[0]] = Pin(pin.arguments[0], kind, load, most, pin.attributes.get("function", ""), pin)
    states = [float(state.attributes["value"]) for state in group.of("leakage_power") if "value" in state.attributes]
    idle = attributes.get("cell_leakage_power")
    return Cell(
        name=group.arguments[0],
        area=float(attributes.get("area", 0)),
        leakage=leakage * (float(idle) if idle else sum(states) / len(states) if states else 0.0),
        sequential=any(group.of("ff", "latch", "ff_bank", "latch_bank", "statetable")),
        clock=next(
            (ff.attributes["clocked_on"].strip("!'() ") for ff in group.of("ff") if "clocked_on" in ff.attributes), ""
        ),
        usable=attributes.get("dont_use", "false") != "true",
        pins=pins,
        group=group,
    )


def _quantity(text: str) -> float:
    """``1ns`` in seconds, ``10pW`` in watt."""
    digits = text.rstrip("".join(set(text) - set("0123456789.")))
    unit = text[len(digits) :].strip()
    return float(digits or 1) * (_PREFIX[unit[0]] if len(unit) > 1 else 1.0)
