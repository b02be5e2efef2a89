"""`nmpu accuracy`: a network on chips, with float32, the FP16 unit and the fixed-point unit behind the tiles."""

import json
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from nmpu_aimc.accuracy import BUDGET_IMAGES, HOUR, Accuracy, Task, chip_of, evaluate, prepared
from nmpu_aimc.budget import Budget, budgets
from nmpu_aimc.chip import require_servable
from nmpu_aimc.digital import Golden
from nmpu_aimc.networks.zoo import PAPER
from nmpu_cli.options import ConfigOption, JsonOption
from nmpu_cli.progress import progress_bar
from nmpu_spec.half import require_fixed
from nmpu_spec.load import load
from nmpu_verif.compiled import compiled
from nmpu_verif.rtl_digital import Rtl

_REPORT = Path("build") / "accuracy.json"


def accuracy(
    network: Annotated[str, typer.Option("--network", "-n", help="resnet9, resnet32, or an .onnx file.")] = "resnet9",
    data: Annotated[
        Path,
        typer.Option("--data", "-d", help="Folder with CIFAR; for an .onnx file: an .npz file (docs/accuracy.md)."),
    ] = Path("data"),
    config: ConfigOption = "hermes256",
    images: Annotated[int | None, typer.Option(help="Only the first so many test images.")] = None,
    chips: Annotated[int, typer.Option(min=1, help="Chips (noise seeds).")] = 10,
    hours: Annotated[float, typer.Option(min=0, help="Between programming and use: drift and 1/f noise.")] = 1.0,
    phases: Annotated[int, typer.Option(help="Of a read: 1 or 4.")] = 1,
    rtl: Annotated[bool, typer.Option("--rtl", help="The unit is its compiled RTL, every code checked.")] = False,
    workers: Annotated[int | None, typer.Option(min=1, help="Processes; default: one for each core.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Accuracy with each digital part on the same chips, and the error budget of every tile; build/accuracy.json."""
    unit = require_fixed(load(config))
    task = Task(network, str(data), images, chips, hours * HOUR, phases)
    with progress_bar(counted=True) as progress:
        progress("mapping the network", 0, 0)
        loaded, plan = prepared(task)
        require_servable(plan, unit)
        if rtl:
            progress("compiling the RTL", 0, 0)
            compiled(unit)
        tiles = budgets(chip_of(task, 0), unit, plan.input_codes(loaded.images[:BUDGET_IMAGES]))
        chips_done = partial(progress, f"{task.chips} chips")
        result = evaluate(task, unit, chips_done, Rtl if rtl else Golden, workers)
    report = _as_json(result, tiles, rtl)
    _REPORT.parent.mkdir(parents=True, exist_ok=True)
    _REPORT.write_text(json.dumps(report, indent=1) + "\n", "utf-8")
    if as_json:
        print(json.dumps(report, indent=1))
        return
    console = Console(highlight=False)
    # Narrower, numbers would be cut off.
    console.width = max(console.width, 88)
    console.print(_budget_table(tiles))
    console.print(_accuracy_table(result))
    agreement = result.agreement
    console.print(
        f"{unit.name} and FP16 on the same counters: {agreement.identical / agreement.codes:.2%} of "
        f"{agreement.codes:,} codes identical, largest difference {agreement.largest_difference} LSB",
        soft_wrap=True,
    )
    if rtl:
        console.print("every code of the unit came from its compiled RTL, and is the golden model's", soft_wrap=True)
    console.print(f"({_REPORT})")


def _accuracy_table(result: Accuracy) -> Table:
    task = result.task
    images = result.digital[0].right.shape[1]
    title = f"{task.network}: {images:,} images of {result.source}; {task.chips} chips, {task.seconds / HOUR:g} h old"
    caption = "+- : standard error over the chips, of pairs on the same chip and images in the drop"
    table = Table(title=title, caption=caption, title_justify="left", caption_justify="left", box=SIMPLE_HEAD)
    table.add_column("digital part", no_wrap=True)
    for heading in ("accuracy, %", "drop to FP16, points"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_row("network in float, no tiles", f"{100 * result.network:.2f}", "")
    reference = result.digital[1]
    for answers in result.digital:
        drop, error = answers.drop(reference)
        table.add_row(
            f"tiles + {answers.name}",
            f"{100 * answers.accuracy:.2f} +- {100 * answers.error:.2f}",
            "" if answers is reference else f"{100 * drop:.3f} +- {100 * error:.3f}",
        )
    if task.network in PAPER:
        table.add_section()
        for name, (half, drop) in PAPER.items():
            table.add_row(f"paper, its own {name} + FP16", f"{half:.2f}", "")
            table.add_row(f"paper, its own {name} + NMPU", f"{half - drop:.2f}", f"{drop:.2f}")
    return table


_SHOWN = {
    "scale": "scale",
    "offset": "offs",
    "corrected": "sum",
    "gain": "gain",
    "bias": "bias",
    "rx_scale": "rx",
    "output": "code",
}


def _budget_table(tiles: list[Budget]) -> Table:
    title = "what each rounding contributes to a tile's codes, RMS in LSB (>>: run-time shift)"
    table = Table(title=title, title_justify="left", box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    table.add_column("tile", no_wrap=True)
    for heading in (">>", *_SHOWN.values(), "all", "max"):
        table.add_column(heading, justify="right", no_wrap=True)
    for tile in tiles:
        table.add_row(
            tile.name,
            str(tile.shift),
            *(f"{tile.roundings[name].rms:.2f}" for name in _SHOWN),
            f"{tile.total.rms:.2f}",
            f"{tile.total.largest:.1f}",
        )
    unused = [f"{tile.name}: {tile.unused} channels" for tile in tiles if tile.unused]
    if unused:
        table.caption = f"gain below half an LSB of its format: {', '.join(unused)}"
    return table


def _as_json(result: Accuracy, tiles: list[Budget], rtl: bool) -> dict[str, object]:
    reference = result.digital[1]
    return {
        "task": result.task.as_dict(),
        "source": result.source,
        "images": result.digital[0].right.shape[1],
        "rtl": rtl,
        "network": result.network,
        "digital": [
            {
                "name": answers.name,
                "accuracy": answers.accuracy,
                "standard_error": answers.error,
                "of_each_chip": answers.right.mean(axis=1).tolist(),
                "drop_to_fp16": answers.drop(reference)[0],
                "drop_standard_error": answers.drop(reference)[1],
            }
            for answers in result.digital
        ],
        "agreement": asdict(result.agreement),
        "paper": PAPER,
        "tiles": [asdict(tile) for tile in tiles],
    }
