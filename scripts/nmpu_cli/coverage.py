"""`nmpu coverage`: what the benches try, what cannot happen, and what is missing."""

import time
from collections.abc import Sequence
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from nmpu_cli.evidence import show
from nmpu_cli.options import ConfigOption, JsonOption
from nmpu_cli.progress import progress_bar
from nmpu_flow.tools import verilator_version
from nmpu_spec.errors import InputError
from nmpu_spec.half import HalfConfig
from nmpu_spec.load import load
from nmpu_verif.coverage.collect import all_runs, collect, collect_structural
from nmpu_verif.coverage.report import HEADING, Covered, write
from nmpu_verif.coverage.rows import functional_rows, structural_page, structural_rows
from nmpu_verif.coverage.structural import modules, reasons
from nmpu_verif.evidence import write as write_evidence


def coverage(
    config: ConfigOption = "tiny",
    seeds: Annotated[int, typer.Option("--seeds", min=1, help="Seeds for the benches of the unit.")] = 2,
    as_json: JsonOption = False,
) -> None:
    """Functional coverage of the stages' and the unit's benches, and Verilator's line and toggle coverage; also
    build/coverage/NAME.json and .md, build/verify/coverage-NAME.json."""
    loaded = load(config)
    if isinstance(loaded, HalfConfig):
        raise InputError(f"config {loaded.name}: coverage is for fixed-point configurations")
    start = time.monotonic()
    runs = all_runs(seeds)
    with progress_bar(counted=True) as progress:
        covered = collect(loaded, config, runs, progress)
        middle = time.monotonic()
        points = collect_structural(loaded, config, progress, seeds)
    shares, missing = modules(points), reasons(loaded, points)
    write(loaded.name, covered, structural_page(shares, missing))
    tools = f"Verilator {verilator_version()}" + ", Icarus" * any("icarus" in run.name for run in runs)
    rows = [
        *functional_rows(covered, f"{len(runs)} runs of the benches", tools, middle - start),
        *structural_rows(shares, missing, f"Verilator {verilator_version()}", time.monotonic() - middle),
    ]
    if not as_json:
        _print(loaded.name, covered)
    show(f"{loaded.name}: coverage", rows, write_evidence(f"coverage-{loaded.name}", rows), as_json)


def _print(name: str, covered: Sequence[Covered]) -> None:
    table = Table(title=f"{name}: functional coverage", title_justify="left")
    for heading in HEADING:
        table.add_column(heading, justify="left" if heading == HEADING[0] else "right")
    for one in covered:
        table.add_row(*one.cells, style=None if one.closed else "red")
    console = Console(highlight=False)
    console.print(table)
    for one in covered:
        for reason, count in one.reasons.most_common():
            console.print(f"{one.group.name}: {count} excluded: {reason}", soft_wrap=True, markup=False)
        for kind, places in (("hole", one.holes), ("excluded, but hit", one.broken)):
            for place in places:
                console.print(
                    f"{one.group.name}: {kind}: {' / '.join(place)}", style="red", soft_wrap=True, markup=False
                )
