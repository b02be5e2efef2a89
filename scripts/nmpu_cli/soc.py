"""`nmpu soc`: the unit in a small system on chip, driven by its host program."""

import json
from dataclasses import asdict
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from nmpu_cli.options import ConfigOption, JsonOption, SeedOption
from nmpu_spec.half import require_fixed
from nmpu_spec.load import load
from nmpu_verif.builds import BUILD
from nmpu_verif.soc import SocMeasured, SocReport, run_soc

_REPORT = BUILD / "soc.json"


def soc(
    config: ConfigOption = "hermes256",
    mvm_clocks: Annotated[
        int, typer.Option(min=1, max=10000, help="Clocks of an MVM, in the run that waits for it.")
    ] = 130,
    pause: Annotated[
        int, typer.Option(min=0, max=100, help="Clocks that the sink rests after a beat, in its run.")
    ] = 2,
    seed: SeedOption = 1,
    as_json: JsonOption = False,
) -> None:
    """Simulate hw/nmpu_soc: APB interconnect, ADC array, output buffer, a host program in C; also build/soc.json."""
    loaded = require_fixed(load(config))
    _REPORT.unlink(missing_ok=True)
    with Console(stderr=True).status("") as status:
        report = run_soc(loaded, seed=seed, mvm_clocks=mvm_clocks, pause=pause, progress=status.update)
    text = json.dumps(asdict(report), indent=1)
    _REPORT.write_text(text + "\n", "utf-8")
    if as_json:
        print(text)
    else:
        _print(report, Console(highlight=False))


def _print(report: SocReport, console: Console) -> None:
    title = f"{report.configuration}: {report.vectors} vectors of {report.groups} groups in each run, in clocks"
    table = Table(title=title, title_justify="left")
    table.add_column("the slowest part", no_wrap=True)
    for heading in ("MVM", "per vector", "wait_adc", "stall_out", "layer 0, 1"):
        table.add_column(heading, justify="right")
    for measured in report.runs:
        table.add_row(*_row(report, measured))
    console.print(table)
    console.print(f"a bank is loaded in {report.load_writes} writes, the second one while vectors flow", soft_wrap=True)
    console.print(
        f"{report.codes_compared:,} codes, the CRCs and the counters are the golden model's  ({_REPORT})",
        soft_wrap=True,
    )


def _row(report: SocReport, measured: SocMeasured) -> list[str]:
    run, counters = measured.run, measured.counters
    names = {"unit": "the unit", "adc": "the ADCs", "sink": f"the sink, resting {run.pause}", "swap": "banks swapped"}
    return [
        names[run.name],
        str(run.mvm_clocks),
        f"{measured.clocks_per_vector:.3f}",
        f"{counters['wait_adc']:,}",
        f"{counters['stall_out']:,}",
        f"{measured.of_layer_0}, {report.vectors - measured.of_layer_0}",
    ]
