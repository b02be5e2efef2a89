"""`nmpu sim`: model and RTL against each other on a real network's ADC codes."""

import json
from dataclasses import asdict
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from nmpu_cli.options import ConfigOption, JsonOption
from nmpu_spec.load import load
from nmpu_verif.builds import BUILD
from nmpu_verif.cosim import Report, cosimulate

_DIGITAL = {"float": "float network", "fp16": "analog tiles + FP16 digital", "nmpu": "analog tiles + NMPU"}


def sim(
    config: ConfigOption = "hermes256",
    images: Annotated[int | None, typer.Option(help="Only the first so many of the 597 test images.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Push the ADC codes of a digit classifier through golden model and RTL, and compare every code and counter."""
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bars:
        tasks: dict[str, int] = {}

        def progress(step: str, done: int, total: int) -> None:
            if step not in tasks:
                for other in tasks.values():
                    bars.update(other, total=1, completed=1)  # type: ignore[arg-type]
                tasks[step] = bars.add_task(step, total=None)
            bars.update(tasks[step], total=total if done else None, completed=done)  # type: ignore[arg-type]

        report = cosimulate(load(config), config, images, progress)
    if as_json:
        print(json.dumps(asdict(report), indent=1))
    else:
        _print(report, Console(highlight=False))
    raise typer.Exit(1 if report.first_mismatch else 0)


def _print(report: Report, console: Console) -> None:
    counters = report.counters
    table = Table(title=f"{report.preset}: {report.images} digit images", title_justify="left", show_header=False)
    table.add_column("")
    table.add_column("", justify="right")
    rows = [
        ("outputs compared", f"{report.samples:,}"),
        ("mismatches", f"{report.mismatches:,}"),
        *((f"accuracy: {_DIGITAL[name]}", f"{part:.2%}") for name, part in report.accuracy.items()),
        ("vectors", f"{report.vectors:,}"),
        ("cycles", f"{report.cycles:,}"),
        ("cycles per vector (busy and stalled)", f"{report.cycles_per_vector:.3f}"),
        ("latency, cycles", str(report.latency_cycles)),
        ("lane utilisation (busy / cycles)", f"{report.lane_utilization:.2%}"),
        ("columns in use by the layers", f"{report.columns_in_use:.2%}"),
        *((f"cycles: {name}", f"{counters[name]:,}") for name in ("busy", "wait_adc", "wait_rx", "stall_out")),
        *(
            (f"saturated: {name.replace('_', ' ')}", f"{counters[name]:,}")
            for name in ("affine_high", "affine_low", "output_high", "output_low")
        ),
        ("simulated column results per second", f"{report.simulated_samples_per_second:,.0f}"),
    ]
    for row in rows:
        table.add_row(*row)
    console.print(table)
    if report.first_mismatch:
        console.print(f"[red]model and RTL differ:[/red] {report.first_mismatch}", soft_wrap=True)
    else:
        console.print(
            f"[green]model and RTL agree, code for code and counter for counter[/green]  ({BUILD}/sim/report.json)",
            soft_wrap=True,
        )
