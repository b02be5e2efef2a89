"""`nmpu verify`: all evidence that model and RTL are right, on one page."""

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from nmpu_cli.options import ConfigOption
from nmpu_flow.generic_library import GENERIC
from nmpu_flow.tools import versions
from nmpu_spec.errors import InputError
from nmpu_spec.half import require_fixed
from nmpu_spec.load import load
from nmpu_verif.builds import BUILD
from nmpu_verif.evidence import Evidence, Outcome
from nmpu_verif.verification.page import write_page
from nmpu_verif.verification.section import Section
from nmpu_verif.verification.suites import suite_rows

_CHECK = ("tapeout-check", "--config")
_FOLDER = BUILD / "verify"
_MANY = {"NMPU_FUZZ": "10"}
"""Times as many examples as CI draws, and other ones in each run."""


@dataclass(frozen=True)
class _Step:
    """`name` chooses it on the command line; `rows` makes them, `command` says how a reader does."""

    name: str
    title: str
    command: str
    rows: Callable[[], list[Evidence]]


def verify(
    config: ConfigOption = "hermes256",
    step: Annotated[
        list[str] | None, typer.Option("--step", help="Run this step only; may be repeated. Default: all.")
    ] = None,
) -> None:
    """Proofs, mutants, coverage, power-up states, netlists, campaign, oracles, fuzzing; the page is
    build/verify/index.html, verification.md and .json."""
    loaded = require_fixed(load(config))
    steps = _steps(config)
    if unknown := set(step or ()) - {one.name for one in steps}:
        raise InputError(f"--step {min(unknown)}: must be one of {', '.join(one.name for one in steps)}")
    chosen = [one for one in steps if not step or one.name in step]
    console = Console(highlight=False)
    sections = []
    for number, one in enumerate(chosen, 1):
        console.print(f"{number} of {len(chosen)}: {one.title} ...", soft_wrap=True)
        sections.append(_section(one))
        console.print(f"    {sections[-1].problem or sections[-1].counts}", markup=False, soft_wrap=True)
    tools = ", ".join(f"{name} {version}" for name, version in versions().items())
    facts = [f"configuration {loaded.name}, SHA-256 {loaded.hash}", f"made with {tools}"]
    paths = write_page(f"Why to believe {loaded.name}", facts, sections, _FOLDER)
    _print(sections, console)
    console.print(", ".join(map(str, paths)), soft_wrap=True)
    raise typer.Exit(int(not all(section.holds for section in sections)))


def _steps(config: str) -> list[_Step]:
    def verb(name: str, title: str, *arguments: str) -> _Step:
        return _Step(name, title, " ".join(("nmpu", *arguments)), lambda: _rows_of(arguments))

    def suite(name: str, title: str, method: str, *patterns: str) -> _Step:
        files = " ".join(f"verif/tests/{pattern}" for pattern in patterns)
        return _Step(name, title, f"pytest {files}", lambda: suite_rows(patterns, method, _MANY))

    names = dict.fromkeys(("tiny", config))
    return [
        *(verb("prove", f"Proofs for all inputs: {one}", "prove", "--config", one) for one in names),
        verb("mutate", "Mutants of RTL and model", "mutate"),
        verb("coverage", "Coverage", "coverage", "--config", "tiny"),
        verb("powerup", "Any power-up state", "powerup", "--config", "tiny"),
        verb("netlist", "Hand-over and netlist of generic gates: tiny", *_CHECK, "tiny", "--liberty", GENERIC),
        verb("netlist", f"Hand-over and netlist of a library's cells: {config}", *_CHECK, config),
        verb("campaign", "Campaign: compiled RTL against the model", "campaign", "--config", config),
        suite("oracles", "Arithmetic that is not ours", "oracle", "test_oracle_*.py", "test_model_half.py"),
        suite("fuzz", "Random configurations and broken files", "property-based, Hypothesis", "test_fuzz_*.py"),
    ]


def _section(step: _Step) -> Section:
    try:
        return Section(step.title, step.command, step.rows())
    except InputError as error:
        return Section(step.title, step.command, [], str(error))


def _rows_of(arguments: tuple[str, ...]) -> list[Evidence]:
    """The rows that a verb prints as JSON; its progress goes to the terminal."""
    command = [sys.executable, "-m", "nmpu_cli.main", *arguments, "--json"]
    done = subprocess.run(command, check=False, stdout=subprocess.PIPE, text=True)
    try:
        found = json.loads(done.stdout)
    except json.JSONDecodeError:
        raise InputError(f"nmpu {' '.join(arguments)}: exit code {done.returncode}, no result") from None
    if isinstance(found, dict):  # the tape-out check has rows of its own
        return [_step_of_tapeout(row) for row in found["rows"]]
    return [Evidence(**{**row, "outcome": Outcome(row["outcome"])}) for row in found]


def _step_of_tapeout(row: dict[str, Any]) -> Evidence:
    outcome = {True: Outcome.PASSED, False: Outcome.FAILED, None: Outcome.NOT_RUN}[row["passed"]]
    if outcome is Outcome.PASSED and row["method"].startswith("proven"):
        outcome = Outcome.PROVEN
    return Evidence(row["step"], row["method"], "", row["tool"], row["seconds"], outcome, row["detail"])


def _print(sections: list[Section], console: Console) -> None:
    table = Table(title="verification", title_justify="left")
    for name in ("part", "what came of it", "s"):
        table.add_column(name, justify="right" if name == "s" else "left", overflow="fold")
    for section in sections:
        row = (section.title, section.problem or section.counts, f"{section.seconds:.0f}")
        table.add_row(*row, style=None if section.holds else "red")
    console.print(table)
