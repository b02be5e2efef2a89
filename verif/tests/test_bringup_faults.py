"""Faulty RTL: every die of the wafer plays the bundle's files, and its diagnosis must name what was done to it."""

import io
import json
from pathlib import Path

import pytest
from dumps import SMALL_TOML, make_bundle
from rich.console import Console
from rich.table import Table

from nmpu_bringup.diagnosis.check import Report, check
from nmpu_hw.nmpu import Nmpu
from nmpu_spec.load import load
from nmpu_verif.builds import BUILD, build, verilog_of
from nmpu_verif.dies import Die, dies
from nmpu_verif.simulate import simulate
from nmpu_verif.wafer import Wafer

VERDICTS = BUILD / "check" / "verdicts.txt"
"""The table cause x verdict, as the test prints it."""


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Report]:
    """What `check` finds for the right unit and for every faulty one, from one simulation."""
    work = tmp_path_factory.mktemp("faults")
    source = work / "small.toml"
    source.write_text(SMALL_TOML, "utf-8")
    config = load(source)
    bundle = make_bundle(config, work / "bundle")
    units = {"nothing": Nmpu(config)} | {name: die.make(config) for name, die in dies(config).items()}
    (work / "dies.json").write_text(json.dumps(list(units)), "utf-8")
    wafer = build(verilog_of(config, "wafer", lambda: Wafer(list(units.values()))), "wafer")
    simulate(wafer, "bench_capture", str(source), environment={"NMPU_WORK": str(work)})
    return {name: check(bundle, work / "dumps" / str(number)) for number, name in enumerate(units)}


def test_the_right_unit_is_right(reports: dict[str, Report]) -> None:
    assert reports["nothing"].equal


def test_every_fault_is_named_first(reports: dict[str, Report], tmp_path: Path) -> None:
    """One table row per faulty unit; the verdict is exact, has the right cause, and says place and value."""
    source = tmp_path / "small.toml"
    source.write_text(SMALL_TOML, "utf-8")
    faulty = dies(load(source))
    table = Table(title="cause x verdict", title_justify="left")
    for heading in (
        "done to the RTL",
        "codes that differ",
        "named first",
        "what and where",
        "others that fit",
        "right",
    ):
        table.add_column(heading, justify="right" if heading == "codes that differ" else "left")
    wrong = []
    for name, die in faulty.items():
        report = reports[name]
        right = _named(report, die)
        wrong += [] if right else [name]
        first = report.explanations[0] if report.explanations else None
        others = ", ".join(dict.fromkeys(found.cause for found in report.exact[1:]))
        told = f"{first.subject} {first.fault}; {first.where}" if first else "-"
        verdict = first.cause if first else "-"
        table.add_row(name, str(report.comparison.differing), verdict, told, others, "yes" if right else "NO")
    text = io.StringIO()
    Console(file=text, width=190).print(table)
    VERDICTS.parent.mkdir(parents=True, exist_ok=True)
    VERDICTS.write_text(text.getvalue(), "utf-8")
    print(f"\n{text.getvalue()}")
    assert not wrong, f"not named first: {wrong}; see {VERDICTS}"
    assert len(faulty) == len({die.cause + str(die.told) for die in faulty.values()}), "two faults with one diagnosis"


def _named(report: Report, die: Die) -> bool:
    if not report.explanations:
        return False
    first = report.explanations[0]
    text = " ".join((f"{first.subject} {first.fault}", f"{first.where} ", *first.notes))
    return first.exact and first.cause == die.cause and all(words in text for words in die.told)
