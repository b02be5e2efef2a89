"""What `make ppa` writes: JSON, Markdown and a plot."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from matplotlib.figure import Figure

from nmpu_flow.library import Library
from nmpu_verif.activity import LaneEnergy
from nmpu_verif.ppa import Point, UnitPpa
from nmpu_verif.widths import Width


@dataclass(frozen=True)
class LibraryUsed:
    """`nand2` is the cell that counts as one gate."""

    name: str
    file: str
    sha256: str
    voltage: float
    nand2: str
    nand2_um2: float
    cells: list[str]
    """The cells that the unit's netlists may use: combinational ones without dont_use, and all flops and latches."""


@dataclass(frozen=True)
class Ppa:
    """``ppa.json``: the units, then a lane of the first one at other widths."""

    library: LibraryUsed
    units: list[UnitPpa]
    energies: dict[str, LaneEnergy]
    """By the unit's name; empty where the configuration cannot serve the workload."""
    widths: list[Width]


def library_used(library: Library) -> LibraryUsed:
    nand2 = library.nand2
    usable = sorted(cell.name for cell in library.cells.values() if cell.usable)
    return LibraryUsed(library.name, library.path.name, library.digest, library.voltage, nand2.name, nand2.area, usable)


def write(ppa: Ppa, folder: Path) -> list[Path]:
    """``ppa.json``, ``ppa.md``, ``ppa.png`` in `folder`; returns their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    files = [folder / f"ppa.{suffix}" for suffix in ("json", "md", "png")]
    files[0].write_text(json.dumps(asdict(ppa), indent=1) + "\n", "utf-8")
    files[1].write_text(_markdown(ppa), "utf-8")
    _plot(ppa).savefig(files[2], dpi=150)
    return files


def unit_rows(units: Sequence[UnitPpa]) -> tuple[list[str], list[list[str]]]:
    """Heading and rows of the table of units: a column for each unit and end of the trade."""
    points = [(unit, kind, point) for unit in units for kind, point in (("fast", unit.fast), ("small", unit.small))]
    heading = ["", *(f"{unit.name}, {kind}" for unit, kind, _ in points)]
    rows = [
        ["lanes", *(f"{unit.lanes}" for unit, _, _ in points)],
        ["shortest clock, ns", *(f"{point.period_ns:.3f}" for _, _, point in points)],
        ["... of one lane alone, ns", *(f"{point.lane_period_ns:.3f}" for _, _, point in points)],
        ["largest clock rate, MHz", *(f"{1e3 / point.period_ns:.1f}" for _, _, point in points)],
        ["area, um2", *(f"{point.area_um2:,.0f}" for _, _, point in points)],
        ["gate equivalents", *(f"{point.gates:,.0f}" for _, _, point in points)],
        ["flops and latches", *(f"{point.flops:,}" for _, _, point in points)],
        ["one lane, um2", *(f"{point.lane_area_um2:,.0f}" for _, _, point in points)],
        ["one lane, gate equivalents", *(f"{point.lane_gates:,.0f}" for _, _, point in points)],
        ["floor of one lane, um2", *(_floor(unit, kind, "um2", ",.0f") for unit, kind, _ in points)],
        ["area / (lanes x floor)", *(_floor(unit, kind, "overhead", ".2f") for unit, kind, _ in points)],
    ]
    return heading, rows


def component_rows(unit: UnitPpa) -> tuple[list[str], list[list[str]]]:
    """Heading and rows of a unit's table of components, gate equivalents at both ends."""
    heading = ["component", "number", "fast", "flops", "share", "small", "flops", "share"]
    rows = []
    for fast, small in zip(unit.fast.components, unit.small.components, strict=True):
        row = [fast.place.replace("lanes/lane", "lane") or "(streams, status)", f"{fast.count}"]
        for component, point in ((fast, unit.fast), (small, unit.small)):
            flops = component.gates * component.sequential_um2 / component.area_um2 if component.area_um2 else 0.0
            row += [f"{component.gates:,.0f}", f"{flops:,.0f}", f"{component.area_um2 / point.area_um2:.1%}"]
        rows.append(row)
    return heading, rows


def energy_rows(energies: Mapping[str, LaneEnergy]) -> tuple[list[str], list[list[str]]]:
    """Heading and rows of the table of energies, picojoule for one column result."""
    heading = ["unit, part of the lane", "cells inside", "loads", "clock pins", "leakage", "sum"]
    rows = [
        [
            f"{unit}, {_PARTS[name]}",
            *(f"{value:,.2f}" for value in (part.internal_pj, part.switching_pj, part.clock_pj, part.leakage_pj)),
            f"{part.total_pj:,.2f}",
        ]
        for unit, energy in energies.items()
        for name, part in energy.parts.items()
    ]
    return heading, rows


_PARTS = {"path": "data path", "memories": "parameter memories", "lane": "registers around them"}


def width_rows(widths: Sequence[Width]) -> tuple[list[str], list[list[str]]]:
    """Heading and rows of the table of widths; differences are to the first of them, for each bit."""
    heading = ["format", "bits", "small, um2", "per bit", "fast, um2", "per bit", "clock, ns"]
    base = widths[0]
    rows = []
    for width in widths:
        row = [f"{width.node} = {width.format}" if width.node else "as configured", f"{width.bits:+d}"]
        for area, of_base in ((width.small_um2, base.small_um2), (width.fast_um2, base.fast_um2)):
            row += [f"{area:,.0f}", f"{(area - of_base) / width.bits:,.0f}" if width.bits else ""]
        rows.append([*row, f"{width.period_ns:.3f}"])
    return heading, rows


def _floor(unit: UnitPpa, kind: str, what: str, form: str) -> str:
    if unit.floor is None:
        return "-"
    value = getattr(unit.floor, f"{kind}_um2" if what == "um2" else f"overhead_{kind}")
    return format(value, form)


def _markdown(ppa: Ppa) -> str:
    library = ppa.library
    parts = [
        "# Area and clock",
        f"Library {library.name} ({library.file}, SHA-256 {library.sha256[:16]}), {library.voltage} V; one gate "
        f"equivalent is {library.nand2}, {library.nand2_um2} um2. Before layout, ideal clock.",
        _table(*unit_rows(ppa.units)),
    ]
    for unit in ppa.units:
        parts += [f"## {unit.name}: components, gate equivalents", _table(*component_rows(unit))]
        parts += [f"Critical path, {kind}: {point.start} to {point.end}." for kind, point in _points(unit)]
    if ppa.energies:
        parts += ["## Energy of a column result in the lane, pJ", _table(*energy_rows(ppa.energies))]
    if ppa.widths:
        parts += [f"## A lane of {ppa.units[0].name} at other widths", _table(*width_rows(ppa.widths))]
    return "\n\n".join(parts) + "\n"


def _points(unit: UnitPpa) -> tuple[tuple[str, Point], tuple[str, Point]]:
    return ("fast", unit.fast), ("small", unit.small)


def _table(heading: list[str], rows: list[list[str]]) -> str:
    lines = [heading, ["---", *("---:" for _ in heading[1:])], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _plot(ppa: Ppa) -> Figure:
    figure = Figure(figsize=(11, 5.5), layout="constrained")
    left, right = figure.subplots(1, 2)
    bars = [(f"{unit.name}\n{kind}", point) for unit in ppa.units for kind, point in _points(unit)]
    for at, (_, point) in enumerate(bars):
        bottom = 0.0
        for number, component in enumerate(point.components):
            share = component.area_um2 / point.area_um2
            left.bar(at, share, bottom=bottom, color=f"C{number % 10}", edgecolor="white")
            if share > 0.04:
                left.text(at, bottom + share / 2, component.place.rpartition("/")[2], ha="center", va="center", size=7)
            bottom += share
        left.text(at, 1.01, f"{point.gates:,.0f} gates\n{point.period_ns:.2f} ns", ha="center", va="bottom", size=8)
    left.set_xticks(range(len(bars)), [name for name, _ in bars])
    left.set_ylim(0, 1.12)
    left.set_ylabel("part of the area")
    changed = [width for width in ppa.widths if width.bits]
    for at, width in enumerate(changed):
        change = width.small_um2 / ppa.widths[0].small_um2 - 1
        right.barh(at, 100 * change, color="C0" if width.bits < 0 else "C1")
    right.set_yticks(range(len(changed)), [f"{width.node} {width.bits:+d} bits" for width in changed], size=8)
    right.invert_yaxis()
    right.set_xlabel("area of a lane by the recipe for area, change in %")
    figure.suptitle(f"{ppa.library.name}, before layout")
    return figure
