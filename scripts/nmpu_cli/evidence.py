"""Rows of evidence on the console: what `prove`, `mutate`, `coverage` and the like print."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import typer
from rich.console import Console
from rich.table import Table

from nmpu_verif.evidence import HEADING, Evidence, Outcome, cells

_STYLE = {Outcome.FAILED: "red", Outcome.OPEN: "red", Outcome.NOT_RUN: "yellow"}


def show(title: str, rows: Sequence[Evidence], path: Path, as_json: bool) -> None:
    """Print `rows`, written to `path`, as a table or as JSON; exit code 1 where a claim does not hold."""
    if as_json:
        print(json.dumps([asdict(row) for row in rows], indent=1))
    else:
        console = Console(highlight=False)
        # Narrower, columns of a few letters would be left.
        console.width = max(console.width, 140)
        table = Table(title=title, title_justify="left")
        for name in HEADING:
            table.add_column(name, justify="right" if name == "s" else "left", overflow="fold")
        for row in rows:
            table.add_row(*cells(row), style=_STYLE.get(row.outcome))
        console.print(table)
        counts = {outcome: sum(row.outcome is outcome for row in rows) for outcome in Outcome}
        said = ", ".join(f"{count} {outcome}" for outcome, count in counts.items() if count)
        console.print(f"{said}  ({path})", soft_wrap=True)
    raise typer.Exit(int(any(row.outcome in (Outcome.FAILED, Outcome.OPEN) for row in rows)))
