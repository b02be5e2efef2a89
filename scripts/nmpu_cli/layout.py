"""`nmpu layout`: a small configuration, placed, routed and checked."""

import json
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from nmpu_cli.options import ConfigOption, JsonOption, OutOption
from nmpu_flow.errors import FlowError
from nmpu_flow.layout.flow import Layout, lay_out
from nmpu_flow.layout.tools import require
from nmpu_flow.library import DEFAULT, find_library, read_library
from nmpu_flow.netlist import Netlist, read_json
from nmpu_flow.synthesis import SMALL, synthesise
from nmpu_flow.verilog import emit
from nmpu_hw.lane import Lane
from nmpu_hw.nmpu import Nmpu
from nmpu_spec.errors import InputError
from nmpu_spec.half import HalfConfig
from nmpu_spec.load import load


class Part(StrEnum):
    UNIT = "unit"
    LANE = "lane"


PartOption = Annotated[Part, typer.Option("--part", help="What is laid out: the whole unit or one of its lanes.")]


def layout(
    config: ConfigOption = "tiny", part: PartOption = Part.LANE, out: OutOption = None, as_json: JsonOption = False
) -> None:
    """Synthesise, place and route with Debian's qflow tools; routed DEF, reports and picture in build/layout-NAME."""
    require()
    library = read_library(find_library(DEFAULT))
    loaded = load(config)
    if isinstance(loaded, HalfConfig):
        raise InputError(f"{loaded.name}: the FP16 unit is not laid out; choose a fixed-point configuration")
    top = "nmpu" if part is Part.UNIT else "lane"
    folder = out or Path("build") / f"layout-{loaded.name}{'' if part is Part.UNIT else '-lane'}"
    with Console(stderr=True).status(f"{loaded.name}: synthesis") as status:
        verilog = emit(Nmpu(loaded) if part is Part.UNIT else Lane(loaded), top)
        netlist = Netlist(top, read_json(synthesise(verilog, top, library, SMALL), library), library)
        done, files = lay_out(netlist, folder, lambda step: status.update(f"{loaded.name}: {step}"))
    if as_json:
        print(json.dumps(asdict(done) | {"clean": done.clean, "files": [str(file) for file in files]}, indent=1))
    else:
        _print(loaded.name, done, files)
    if not done.clean:
        raise FlowError(f"{loaded.name}: the layout is not clean; see {folder}")


def _print(name: str, done: Layout, files: list[Path]) -> None:
    errors = sum(done.design_rule_errors.values())
    rows = {
        "die": f"{done.width_um:,.1f} um x {done.height_um:,.1f} um",
        "cells, area": f"{done.cells:,}, {done.cell_area_um2:,.0f} um2",
        "of them flops": f"{done.flops:,}",
        "utilisation": f"{done.utilisation:.1%}",
        "ports, nets": f"{done.ports:,}, {done.nets:,}",
        "wire": f"{sum(done.wire_um.values()) / 1000:,.2f} mm",
        "vias": f"{done.vias:,}",
        "wire capacitance of a net, median": f"{done.net_femtofarad['median']:,.1f} fF",
        f"... largest ({done.largest_net})": f"{done.net_femtofarad['largest']:,.1f} fF",
        "nets not routed": f"{done.failed_nets}",
        "loose vias taken out": f"{done.loose_vias}",
        "design rule errors": f"{errors}",
        **{f"... {rule}": f"{count}" for rule, count in done.design_rule_errors.items()},
        "layout against schematic": done.comparison.verdict,
        **{step: f"{seconds:.1f} s" for step, seconds in done.seconds.items()},
    }
    table = Table(title=f"{name}: layout of {done.name} on osu018", title_justify="left", show_header=False)
    table.add_column()
    table.add_column(justify="right")
    for row in rows.items():
        table.add_row(*row)
    console = Console(highlight=False, soft_wrap=True)
    console.print(table)
    for line in done.comparison.details:
        console.print(f"  {line}", markup=False)
    if not errors and not done.failed_nets:
        console.print("design rules: wires and vias over cell abstracts; the cells themselves are not in Debian")
    console.print(", ".join(map(str, files)))
