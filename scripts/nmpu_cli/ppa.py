"""`nmpu ppa`: area and clock of the units at a standard-cell library."""

import json
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.table import Table

from nmpu_aimc.workload import run
from nmpu_cli.options import ConfigOption, JsonOption, LibertyOption
from nmpu_cli.progress import progress_bar
from nmpu_flow.library import find_library, read_library
from nmpu_flow.timing import require_sta
from nmpu_spec.errors import InputError
from nmpu_spec.half import HalfConfig, beside
from nmpu_spec.load import load
from nmpu_verif.activity import lane_energy
from nmpu_verif.builds import BUILD
from nmpu_verif.ppa import measure
from nmpu_verif.ppa_files import Ppa, component_rows, energy_rows, library_used, unit_rows, width_rows, write
from nmpu_verif.widths import measure_widths


def ppa(config: ConfigOption = "hermes256", liberty: LibertyOption = None, as_json: JsonOption = False) -> None:
    """Synthesise the unit and the FP16 unit beside it; also build/ppa.json, ppa.md and ppa.png."""
    path = find_library(liberty)
    require_sta()
    chosen = load(config)
    library = read_library(path)
    configs = [chosen] if isinstance(chosen, HalfConfig) else [chosen, beside(chosen)]
    with progress_bar() as progress:
        units = [measure(unit, library, progress) for unit in configs]
        energies = {}
        for unit, measured in zip(configs, units, strict=True):
            progress("energy", 0, 1)
            with suppress(InputError):  # the workload does not fit every configuration
                energies[unit.name] = lane_energy(unit, measured, run(unit).batches, library)
        widths = [] if isinstance(chosen, HalfConfig) else measure_widths(chosen, library, progress)
    report = Ppa(library_used(library), units, energies, widths)
    files = write(report, BUILD)
    if as_json:
        print(json.dumps(asdict(report), indent=1))
    else:
        _print(report, files, Console(highlight=False))


def _print(report: Ppa, files: list[Path], console: Console) -> None:
    # Narrower, numbers would be cut off.
    console.width = max(console.width, 110)
    library = report.library
    console.print(
        _table(f"{library.name}: one gate is {library.nand2}, {library.nand2_um2} um2", *unit_rows(report.units))
    )
    for unit in report.units:
        console.print(_table(f"{unit.name}: components, gate equivalents", *component_rows(unit)))
        for kind, point in (("fast", unit.fast), ("small", unit.small)):
            console.print(f"critical path, {kind}: {point.start} to {point.end}", soft_wrap=True)
    if report.energies:
        console.print(_table("energy of a column result in the lane, pJ", *energy_rows(report.energies)))
    if report.widths:
        console.print(_table(f"a lane of {report.units[0].name} at other widths", *width_rows(report.widths)))
    console.print(f"before layout, ideal clock  ({', '.join(map(str, files))})", soft_wrap=True)


def _table(title: str, heading: list[str], rows: list[list[str]]) -> Table:
    table = Table(title=title, title_justify="left")
    for at, name in enumerate(heading):
        table.add_column(name, justify="right" if at else "left", no_wrap=not at)
    for row in rows:
        table.add_row(*row)
    return table
