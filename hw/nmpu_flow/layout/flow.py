"""Netlist to routed, checked layout, and what is measured on it."""

import csv
import json
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from nmpu_flow.fanout import buffer
from nmpu_flow.layout.checks import Comparison, compare, design_rules
from nmpu_flow.layout.circuit import FILLER, GROUND, POWER, circuit, one_net_each
from nmpu_flow.layout.deffile import Def, read_def
from nmpu_flow.layout.lef import Lef, read_lef
from nmpu_flow.layout.loose_vias import without_loose_vias
from nmpu_flow.layout.picture import draw
from nmpu_flow.layout.placement import place
from nmpu_flow.layout.routing import route
from nmpu_flow.layout.tools import LEF, require, versions
from nmpu_flow.netlist import Netlist
from nmpu_spec.errors import InputError


@dataclass(frozen=True)
class Layout:
    """What came out. Lengths in um, areas in um2.

    cells, fillers       placed cells of the netlist, and what fills the rows under power stripes and at their ends
    utilisation          area of the cells over that of the die
    wire_um              of signals, by layer; vias: of signals
    net_femtofarad       estimated wire capacitance of a net: median and largest, and which net that is
    failed_nets          not routed to their end
    loose_vias           that joined nothing at one end, and were taken out before the checks
    design_rule_errors   rule to number of places; empty where there is none
    comparison           layout against schematic
    seconds              by step
    """

    name: str
    width_um: float
    height_um: float
    area_um2: float
    cell_area_um2: float
    utilisation: float
    cells: int
    flops: int
    fillers: int
    ports: int
    nets: int
    wire_um: dict[str, float]
    vias: int
    net_femtofarad: dict[str, float]
    largest_net: str
    failed_nets: int
    loose_vias: int
    design_rule_errors: dict[str, int]
    comparison: Comparison
    tools: dict[str, str]
    seconds: dict[str, float]

    @property
    def clean(self) -> bool:
        """All nets are routed, no rule is broken, and the layout is the schematic."""
        return not self.failed_nets and not self.design_rule_errors and self.comparison.matches


def lay_out(netlist: Netlist, folder: Path, progress: Callable[[str], None]) -> tuple[Layout, list[Path]]:
    """Place, route and check `netlist`, which is flat and in cells of osu018; nets with many loads get buffers first.

    Writes to `folder`, and returns the files:

    NAME.def      placed and routed           NAME.v        the netlist that it is a layout of
    NAME.spice    extracted from the wires    NAME_schematic.spice   the same netlist, compared with it
    compare.out   netgen's report             nets.csv      wire length, vias and capacitance of each net
    layout.json   `Layout`                    layout.png    picture

    What the tools write besides is in ``folder/work``. Same netlist and tools, same DEF. Raises `InputError` where a
    tool is missing or the netlist has other cells, `FlowError` for what a tool refuses.
    """
    require()
    lef = read_lef(LEF)
    foreign = sorted(set(netlist.cells()) - set(lef.sizes))
    if foreign:
        raise InputError(
            f"{netlist.top}: {foreign[0]} is no cell of osu018, the only library that can be laid out here"
        )
    work = folder / "work"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    module = netlist.modules[netlist.top]
    one_net_each(module, netlist.library)
    buffer(netlist)
    wanted = circuit(module)
    seconds: dict[str, float] = {}
    with _timed(seconds, "placement"):
        placed = place(wanted, work, progress)
    with _timed(seconds, "routing"):
        routed, failed = route(placed, progress)
    text, loose = without_loose_vias(routed.read_text("utf-8"), wanted, lef)
    final = work / f"{wanted.name}_final.def"
    final.write_text(text, "utf-8")
    progress("design rules")
    with _timed(seconds, "design rules"):
        errors = design_rules(final)
    progress("layout against schematic")
    with _timed(seconds, "comparison"):
        comparison = compare(final, wanted)
    progress("picture")
    design = read_def(text)
    nets = _nets(design, lef)
    capacitances = sorted((about[2], net) for net, about in nets.items())
    cell_area = sum(_area(lef, gate.cell) for gate in wanted.gates)
    width, height = design.die[2] - design.die[0], design.die[3] - design.die[1]
    lengths = dict.fromkeys(lef.layers, 0.0)
    for wire in design.wires:
        if wire.net in nets:
            lengths[wire.layer] += wire.length
    layout = Layout(
        name=wanted.name,
        width_um=round(width, 3),
        height_um=round(height, 3),
        area_um2=round(width * height, 3),
        cell_area_um2=round(cell_area, 3),
        utilisation=round(cell_area / (width * height), 4),
        cells=len(wanted.gates),
        flops=netlist.flops(),
        fillers=sum(placed.cell == FILLER for placed in design.components),
        ports=len(wanted.inputs + wanted.outputs),
        nets=len(wanted.nets),
        wire_um={layer: round(lengths[layer], 2) for layer in lef.layers},
        vias=sum(vias for _, vias, _ in nets.values()),
        net_femtofarad={
            "median": round(capacitances[len(capacitances) // 2][0] * 1e15, 2),
            "largest": round(capacitances[-1][0] * 1e15, 2),
        },
        largest_net=capacitances[-1][1],
        failed_nets=failed,
        loose_vias=len(loose),
        design_rule_errors=errors,
        comparison=comparison,
        tools=versions(),
        seconds=seconds,
    )
    return layout, _write(layout, design, nets, netlist.verilog(), final, lef)


Nets = dict[str, tuple[float, int, float]]
"""Of each routed signal: wire length in um, vias, and capacitance in farad."""


def _nets(design: Def, lef: Lef) -> Nets:
    found: Nets = {}
    for wire in design.wires:
        if wire.net not in (POWER, GROUND):
            length, vias, farad = found.get(wire.net, (0.0, 0, 0.0))
            layer = lef.layers[wire.layer]
            farad += layer.capacitance(wire.length, wire.width or layer.width)
            found[wire.net] = length + wire.length, vias, farad
    for net, *_ in design.vias:
        if net not in (POWER, GROUND):
            length, vias, farad = found.get(net, (0.0, 0, 0.0))
            found[net] = length, vias + 1, farad
    return found


def _write(layout: Layout, design: Def, nets: Nets, verilog: str, final: Path, lef: Lef) -> list[Path]:
    folder, work, name = final.parent.parent, final.parent, layout.name
    shutil.copy(final, folder / f"{name}.def")
    for file in (f"{name}.spice", f"{name}_schematic.spice", "compare.out"):
        shutil.copy(work / file, folder / file)
    (folder / f"{name}.v").write_text(verilog, "utf-8")
    (folder / "layout.json").write_text(json.dumps(asdict(layout) | {"clean": layout.clean}, indent=1) + "\n", "utf-8")
    with (folder / "nets.csv").open("w", encoding="utf-8", newline="") as table:
        rows = csv.writer(table, lineterminator="\n")
        rows.writerow(["net", "wire_um", "vias", "wire_femtofarad"])
        for net, (length, vias, farad) in sorted(nets.items()):
            rows.writerow([net, f"{length:.2f}", vias, f"{farad * 1e15:.3f}"])
    draw(design, lef, folder / "layout.png")
    names = (f"{name}.def", f"{name}.v", f"{name}.spice", f"{name}_schematic.spice", "compare.out", "nets.csv")
    return [folder / file for file in (*names, "layout.json", "layout.png")]


def _area(lef: Lef, cell: str) -> float:
    width, height = lef.sizes[cell]
    return width * height


@contextmanager
def _timed(seconds: dict[str, float], step: str) -> Iterator[None]:
    start = time.monotonic()
    yield
    seconds[step] = round(time.monotonic() - start, 1)
