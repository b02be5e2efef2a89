"""Energy of a netlist from how often its nets toggle: Liberty's internal energies, charging of the loads, leakage."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from nmpu_flow.gates import Flat
from nmpu_flow.liberty import Group
from nmpu_flow.library import Cell, Library


@dataclass(frozen=True)
class Energy:
    """Joule, of all copies and clocks that the toggles were counted over; leakage is watt, of one copy."""

    internal: float
    switching: float
    clock: float
    leakage: float

    def __add__(self, other: "Energy") -> "Energy":
        return Energy(
            self.internal + other.internal,
            self.switching + other.switching,
            self.clock + other.clock,
            self.leakage + other.leakage,
        )


NOTHING = Energy(0.0, 0.0, 0.0, 0.0)


def energy(flat: Flat, library: Library, toggles: Sequence[int], clocks: int) -> dict[str, Energy]:
    """The energy of each part of the netlist: of the cells with the same instance path before their own name.

    internal    of every pin, for each of its toggles: the mean of Liberty's rise_power and fall_power, over its groups
                (`when`, `related_pin`), at the net's load and `Energies.slew`; VDD's only where supplies are told apart
    switching   1/2 C V^2 for each toggle, C: the pins on the net, wires not counted
    clock       internal energy and C V^2 of the flops' clock pins, `clocks` times (copies times clocks); no clock tree
    """
    tables = Energies(library)
    loads = [0.0] * flat.nets
    for cell in flat.cells:
        for pin, bits in cell.pins.items():
            if library.cells[cell.of].pins[pin].direction == "input" and isinstance(bits[0], int):
                loads[bits[0]] += library.cells[cell.of].pins[pin].capacitance
    found: dict[str, Energy] = {}
    for cell in flat.cells:
        kind = library.cells[cell.of]
        internal = switching = clock = 0.0
        for pin, bits in cell.pins.items():
            net = bits[0]
            if pin == kind.clock:
                clock += clocks * (2 * tables.of(kind, pin, 0.0) + kind.pins[pin].capacitance * library.voltage**2)
            elif isinstance(net, int) and toggles[net]:
                is_output = kind.pins[pin].direction == "output"
                internal += toggles[net] * tables.of(kind, pin, loads[net] if is_output else 0.0)
                switching += toggles[net] * 0.5 * loads[net] * library.voltage**2 if is_output else 0.0
        place = cell.name.rpartition("/")[0]
        found[place] = found.get(place, NOTHING) + Energy(internal, switching, clock, kind.leakage)
    return found


class Energies:
    """The energy of one toggle of a pin, from the library's tables."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._unit = library.capacitance_unit
        templates = library.group.of("power_lut_template", "lu_table_template")
        self._first = {group.arguments[0]: group.attributes.get("variable_1", "") for group in templates}
        grounds = {
            pin.arguments[0]
            for cell in library.group.of("cell")
            for pin in cell.of("pg_pin")
            if pin.attributes.get("pg_type") == "primary_ground"
        }
        self._grounds = grounds
        self._curves: dict[tuple[str, str], list[tuple[float, float]]] = {}
        self.slew = self._slew()
        """In the library's time unit: the output transition of a gate equivalent that drives four of them."""

    def of(self, cell: Cell, pin: str, load: float) -> float:
        """Joule for a toggle of `pin` while its net has `load` farad."""
        key = cell.name, pin
        if key not in self._curves:
            self._curves[key] = self._curve(cell.pins[pin].group)
        curve = self._curves[key]
        return _interpolate(curve, load / self._unit) * self._unit if curve else 0.0

    def _curve(self, pin: Group) -> list[tuple[float, float]]:
        """Mean energy over load, at `slew`."""
        groups = [
            group for group in pin.of("internal_power") if group.attributes.get("related_pg_pin") not in self._grounds
        ]
        tables = [table for group in groups for table in group.of("rise_power", "fall_power", "power")]
        if not tables:
            return []
        curves = [self._over_load(table) for table in tables]
        points = sorted({load for curve in curves for load, _ in curve})
        return [(load, sum(_interpolate(curve, load) for curve in curves) / len(curves)) for load in points]

    def _over_load(self, table: Group) -> list[tuple[float, float]]:
        rows = [float(value) for value in table.attributes["values"].replace(",", " ").split()]
        first, second = (_numbers(table.attributes.get(f"index_{place}", "")) for place in (1, 2))
        by_slew = "transition" in self._first.get(table.arguments[0] if table.arguments else "", "transition")
        if not second:
            if by_slew and first:
                return [(0.0, _interpolate(list(zip(first, rows, strict=True)), self.slew))]
            return list(zip(first or [0.0], rows, strict=True))
        if by_slew:
            columns = [rows[at :: len(second)] for at in range(len(second))]
            return [
                (x, _interpolate(list(zip(first, column, strict=True)), self.slew))
                for x, column in zip(second, columns, strict=True)
            ]
        lines = [rows[at * len(second) : (at + 1) * len(second)] for at in range(len(first))]
        return [
            (x, _interpolate(list(zip(second, line, strict=True)), self.slew))
            for x, line in zip(first, lines, strict=True)
        ]

    def _slew(self) -> float:
        self.slew = 0.0
        gate = self._library.nand2
        load = 4 * self._library.unit_load / self._unit
        (output,) = gate.outputs
        tables = [t for group in output.group.of("timing") for t in group.of("rise_transition", "fall_transition")]
        return sum(_interpolate(self._over_load(table), load) for table in tables) / len(tables)


def _numbers(text: str) -> list[float]:
    return [float(value) for value in text.replace(",", " ").split()]


def _interpolate(curve: list[tuple[float, float]], x: float) -> float:
    """Linear between the points of `curve`, its ends beyond them."""
    if x <= curve[0][0] or len(curve) == 1:
        return curve[0][1]
    if x >= curve[-1][0]:
        return curve[-1][1]
    at = bisect_right(curve, (x, float("inf")))
    (x0, y0), (x1, y1) = curve[at - 1], curve[at]
    return y0 + (y1 - y0) * (x - x0) / (x1 - x0)
