"""`nmpu bench`: how fast the golden model and the simulated RTL are."""

import json
from pathlib import Path

from rich.console import Console
from rich.table import Table

from nmpu_cli.options import ConfigOption, JsonOption
from nmpu_spec.load import load
from nmpu_verif.speed import Speed, measure

_REPORT = Path("build") / "bench" / "model_speed.json"


def bench(config: ConfigOption = "hermes256", as_json: JsonOption = False) -> None:
    """Time the golden model beside the RTL, apytypes and fxpmath; also build/bench/model_speed.json."""
    with Console(stderr=True).status("timing") as status:
        speeds = measure(load(config), config, lambda name: status.update(f"timing {name}"))
    rows = [vars(speed) for speed in speeds]
    _REPORT.parent.mkdir(parents=True, exist_ok=True)
    _REPORT.write_text(json.dumps(rows, indent=1) + "\n", "utf-8")
    if as_json:
        print(json.dumps(rows, indent=1))
    else:
        Console(highlight=False).print(_table(config, speeds))


def _table(config: str, speeds: list[Speed]) -> Table:
    title = f"{config}: affine, BatchNorm, ReLU and both compressions; the fastest of several runs in one process"
    table = Table(title=title, title_justify="left")
    table.add_column("implementation", no_wrap=True)
    for heading in ("results", "seconds", "million/s", "times slower"):
        table.add_column(heading, justify="right")
    for speed in speeds:
        table.add_row(
            speed.name,
            f"{speed.samples:,}",
            f"{speed.seconds:.4f}",
            f"{speed.samples_per_second / 1e6:,.3f}",
            f"{speeds[0].samples_per_second / speed.samples_per_second:,.1f}",
        )
    return table
