"""`nmpu tapeout-check`: what is handed over for a chip, checked step by step."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from nmpu_cli.options import ConfigOption, JsonOption
from nmpu_cli.progress import progress_bar
from nmpu_flow.library import find_library, read_library
from nmpu_spec.load import load
from nmpu_verif.builds import BUILD
from nmpu_verif.tapeout.report import HEADING, Report, cells, write
from nmpu_verif.tapeout.run import check_tapeout


def tapeout_check(
    config: ConfigOption = "hermes256",
    liberty: Annotated[
        list[Path] | None,
        typer.Option(
            "--liberty",
            "-l",
            help="Standard-cell library (.lib, .lib.gz) or 'generic', may be repeated; default as for ppa.",
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Write the hand-over, read every file of it, simulate the RTL, and prove and simulate its netlist; also
    build/tapeout-NAME.json and .md."""
    given: list[Path | None] = [*liberty] if liberty else [None]
    libraries = [read_library(find_library(path)) for path in given]
    loaded = load(config)
    with progress_bar() as progress:
        report = check_tapeout(loaded, config, libraries, progress)
    files = write(report, BUILD)
    if as_json:
        print(json.dumps({**asdict(report), "passed": report.passed}, indent=1))
    else:
        _print(report, files, Console(highlight=False))
    raise typer.Exit(0 if report.passed else 1)


def _print(report: Report, files: list[Path], console: Console) -> None:
    # Narrower, columns of a few letters would be left.
    console.width = max(console.width, 140)
    table = Table(title=f"{report.name}: tape-out check", title_justify="left")
    for at, name in enumerate(HEADING):
        table.add_column(name, justify="right" if at == len(HEADING) - 1 else "left", overflow="fold")
    for row in report.rows:
        table.add_row(*cells(row), style=None if row.passed else "red" if row.passed is False else "yellow")
    console.print(table)
    console.print(f"{report.summary}  ({', '.join(map(str, files))})", soft_wrap=True)
