"""`nmpu calibrate`: affine parameters from measured ADC codes."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from nmpu_bringup.calibration.calibrate import calibrate as fit
from nmpu_bringup.calibration.files import write_calibration
from nmpu_bringup.calibration.measurement_files import read_measurement
from nmpu_bringup.calibration.reload import read_loaded
from nmpu_cli.options import ConfigOption, JsonOption
from nmpu_spec.half import require_fixed
from nmpu_spec.load import load

_ROWS = 8
"""Rows of the table: the counters with the largest residuals."""


def calibrate(
    measured: Annotated[Path, typer.Argument(help="Measured codes, NPZ or CSV (docs/calibration.md).")],
    config: ConfigOption = "hermes256",
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Folder to write to; an earlier calibration is replaced.")
    ] = None,
    inputs: Annotated[Path | None, typer.Option(help="CSV of the inputs x, a line for each vector.")] = None,
    weights: Annotated[Path | None, typer.Option(help="CSV of the target weights w, a line for each row.")] = None,
    lsb: Annotated[float | None, typer.Option(help="Current (input times weight) of one nominal count.")] = None,
    program: Annotated[
        Path | None, typer.Option(help="Register script of what was loaded: program.txt or full_bank0.txt.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Fit every column's scale and offset to measured codes; write register scripts, residuals and plots.

    Exit code 1: some column cannot be corrected; it is listed and masked off.
    """
    loaded = require_fixed(load(config))
    folder = out or Path("build") / f"calibration-{loaded.name}"
    with Console(stderr=True).status("reading") as status:
        measurement = read_measurement(loaded, measured, inputs, weights, lsb)
        running = read_loaded(loaded, program) if program else None
        status.update("fitting")
        calibration = fit(measurement, running)
        status.update("writing")
        sources = [path for path in (measured, inputs, weights, program) if path]
        report = write_calibration(calibration, folder, sources)
    if as_json:
        print(json.dumps(report, indent=1))
    else:
        _print(report, folder, Console(highlight=False, soft_wrap=True))
    raise typer.Exit(1 if report["columns_not_corrected"] else 0)


def _print(report: dict[str, Any], folder: Path, console: Console) -> None:
    console.print(_worst(report))
    console.print(_summary(report))
    for entry in report["columns_not_corrected"]:
        console.print(f"[red]column {entry['column']} cannot be corrected:[/red] {entry['reason']}")
    script = report["scripts"]["reload_bank1.txt"]
    console.print(f"{folder}: reload_bank0.txt, reload_bank1.txt, parameters.npz, calibration.json, plots")
    console.print(
        f"a reload is {script['writes']} writes, {script['clocks']} clocks on the bus, and one write to swap the banks"
    )


def _worst(report: dict[str, Any]) -> Table:
    title = f"{report['configuration']}: the counters with the largest residual after correction"
    caption = "residuals in counts; rounding: the most that the registers' formats add to one"
    table = Table(title=title, caption=caption, title_justify="left", caption_justify="left")
    for heading in ("column", "scale", "offset", "rms before", "after", "max before", "after", "rounding"):
        table.add_column(heading, justify="right")
    corrected = [entry for entry in report["columns"] if entry["state"] == "corrected"]
    rows = [(f"{entry['column']} {name}", entry[name]) for entry in corrected for name in report["counters"]]
    rows.sort(key=lambda row: -row[1]["after"]["rms"])
    for name, found in rows[:_ROWS]:
        before, after = found["before"], found["after"]
        numbers = (found["offset"], before["rms"], after["rms"], before["max"], after["max"], found["rounding"])
        table.add_row(name, f"{found['scale']:.4f}", *(f"{number:.2f}" for number in numbers))
    return table


def _summary(report: dict[str, Any]) -> Table:
    table = Table(title="all corrected columns", title_justify="left", show_header=False)
    table.add_column("")
    table.add_column("", justify="right")
    lsb, total = report["lsb"], report["residual"]

    def both(name: str) -> str:
        rms, largest = total[name]["rms"], total[name]["max"]
        return "none" if rms is None else f"rms {rms:.2f}, max {largest:.2f}"

    for row in (
        ("columns corrected", f"{report['columns_corrected']}"),
        ("columns that cannot be corrected", f"{len(report['columns_not_corrected'])}"),
        ("columns not in use or masked off", f"{report['columns_not_judged']}"),
        ("vectors", f"{report['vectors']:,}"),
        ("codes left out: at an end of their range", f"{report['codes_left_out']:,}"),
        (
            "lsb: current of one count",
            "none" if lsb["value"] is None else f"{lsb['value']:.6g}{' (fitted)' * lsb['fitted']}",
        ),
        (f"residual before ({report['before']})", both("before")),
        ("residual of the fit", both("fitted")),
        (f"residual after ({', '.join(report['formats'].values())})", both("after")),
    ):
        table.add_row(*row)
    return table
