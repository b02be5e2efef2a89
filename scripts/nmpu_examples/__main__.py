"""`python -m nmpu_examples`: run the examples, print their tables, write build/examples.json."""

import json
import sys
import time
from collections.abc import Callable
from dataclasses import asdict
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from nmpu_examples import adapters, bottleneck, partitions, stream, widths
from nmpu_examples.example import Example
from nmpu_flow.errors import FlowError
from nmpu_spec.errors import InputError
from nmpu_verif.builds import BUILD
from nmpu_verif.simulate import BenchError

EXAMPLES: dict[str, Callable[[], Example]] = {
    "widths": widths.run,
    "bottleneck": bottleneck.run,
    "stream": stream.run,
    "adapters": adapters.run,
    "partitions": partitions.run,
}
REPORT = BUILD / "examples.json"


def examples(
    names: Annotated[list[str] | None, typer.Argument(help=f"Some of: {', '.join(EXAMPLES)}.")] = None,
) -> None:
    """Run workloads of analog in-memory computing through golden model and RTL; all of them, or those named."""
    for name in names or ():
        if name not in EXAMPLES:
            raise InputError(f"example {name!r}: is not known; known are {', '.join(EXAMPLES)}")
    console, report = Console(highlight=False), {}
    for name in dict.fromkeys(names or EXAMPLES):
        started = time.monotonic()
        with Console(stderr=True).status(f"{name}: building the RTL where it is not built, running"):
            example = EXAMPLES[name]()
        _print(example, console)
        report[name] = {**asdict(example), "agrees": example.agrees, "seconds": time.monotonic() - started}
    REPORT.parent.mkdir(parents=True, exist_ok=True)
    REPORT.write_text(json.dumps(report, indent=1) + "\n", "utf-8")
    failed = [name for name, entry in report.items() if not entry["agrees"]]
    verdict = f"[red]failed: {', '.join(failed)}[/red]" if failed else "[green]every check holds[/green]"
    console.print(f"{verdict}  ({REPORT})", soft_wrap=True)
    raise typer.Exit(1 if failed else 0)


def _print(example: Example, console: Console) -> None:
    console.print(f"[bold]{example.name}[/bold]: {example.shows}", soft_wrap=True)
    for part in example.tables:
        table = Table(title=part.title, title_justify="left")
        for number, heading in enumerate(part.headings):
            table.add_column(heading, justify="right" if number else "left")
        for row in part.rows:
            table.add_row(*(f"{cell:,}" if isinstance(cell, int) else cell for cell in row))
        console.print(table)
    for claim, held in example.checks.items():
        console.print(f"  {'[green]holds[/green]' if held else '[red]FAILS[/red]'}  {claim}", soft_wrap=True)
    console.print()


def main() -> None:
    """Exit codes: 0 every check holds, 1 one does not, 2 wrong usage or input."""
    errors = Console(stderr=True, highlight=False, soft_wrap=True)
    try:
        typer.run(examples)
    except InputError as error:
        errors.print(f"nmpu_examples: {error}", markup=False)
        sys.exit(2)
    except (FlowError, BenchError) as error:
        errors.print(f"nmpu_examples: {error}", markup=False)
        sys.exit(1)


if __name__ == "__main__":
    main()
