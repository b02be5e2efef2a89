"""`nmpu sweep`: what accuracy and area the choice of formats costs."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from nmpu_aimc.accuracy import Task
from nmpu_cli.options import JsonOption, LibertyOption
from nmpu_cli.progress import progress_bar
from nmpu_flow.library import find_library, read_library
from nmpu_spec.load import load
from nmpu_verif.builds import BUILD
from nmpu_verif.study.files import HEADING, result_cells, standing, summary, write
from nmpu_verif.study.points import BASE
from nmpu_verif.study.study import Study, study


def sweep(
    network: Annotated[str, typer.Option(help="resnet9 or resnet32.")] = Task.network,
    data: Annotated[Path, typer.Option(help="Folder of the images.")] = Path(Task.data),
    images: Annotated[int | None, typer.Option(min=1, help="Only the first so many test images.")] = Task.images,
    chips: Annotated[int, typer.Option(min=1, help="Programmed chips, each with its own noise.")] = Task.chips,
    points: Annotated[int | None, typer.Option(min=1, help="Only the first so many format points.")] = None,
    within: Annotated[float, typer.Option(help="Allowed drop against the FP16 unit, in points.")] = 0.12,
    scheduler: Annotated[
        str | None, typer.Option(help="Dask scheduler, tcp://host:8786; default: processes of this machine.")
    ] = None,
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder of the table, which is continued.")] = BUILD,
    config: Annotated[
        str | None,
        typer.Option("--config", "-c", help="A preset or TOML file to start from; default: the study's."),
    ] = None,
    liberty: LibertyOption = None,
    as_json: JsonOption = False,
) -> None:
    """Accuracy, error and lane area of many formats; sweep.csv, .json, .md and .png. Continues where it stopped."""
    library = read_library(find_library(liberty))
    task = Task(network=network, data=str(data), images=images, chips=chips)
    with progress_bar(counted=True) as progress:
        found = study(load(config or BASE), task, library, within, out, progress, points, scheduler)
    files = write(found)
    if as_json:
        print(found.table.json.read_text("utf-8"), end="")
    else:
        _print(found, files, Console(highlight=False))
    raise typer.Exit(0 if found.chosen else 1)


def _print(found: Study, files: list[Path], console: Console) -> None:
    # Narrower, numbers would be cut off.
    console.width = max(console.width, 120)
    for title, rows in summary(found):
        table = Table(title=title, title_justify="left")
        for at, name in enumerate(HEADING):
            table.add_column(name, justify="right" if at else "left", no_wrap=at > 0)
        for row in rows:
            table.add_row(*result_cells(row))
        console.print(table)
    console.print(f"{standing(found)}  ({', '.join(map(str, files))})", soft_wrap=True)
