"""The verification page tells what holds from what does not, and loses nothing on the way."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from nmpu_cli.main import app
from nmpu_spec.errors import InputError
from nmpu_verif.evidence import Evidence, Outcome, read, write
from nmpu_verif.verification.page import write_page
from nmpu_verif.verification.section import Section
from nmpu_verif.verification.suites import suite_rows

SUITE = '''"""Two and two are {sum}.

More about it.
"""
import pytest

def test_sum():
    assert 2 + 2 == {sum}

def test_other():
    {other}
'''


def row(outcome: Outcome, note: str = "") -> Evidence:
    return Evidence("a | b <c>", "SMT", "8 bits", "Solver 1", 1.5, outcome, note)


def test_rows_survive_their_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    rows = [row(outcome, f"it is {outcome}") for outcome in Outcome]
    assert read(write("all", rows)) == rows


@pytest.mark.parametrize(
    ("outcomes", "holds"),
    [
        ([], False),
        ([Outcome.PROVEN, Outcome.PASSED], True),
        ([Outcome.PROVEN, Outcome.NOT_RUN], True),
        ([Outcome.PROVEN, Outcome.FAILED], False),
        ([Outcome.OPEN], False),
    ],
)
def test_a_section_holds(outcomes: list[Outcome], holds: bool) -> None:
    assert Section("title", "command", [row(outcome) for outcome in outcomes]).holds is holds


def test_the_page_shows_every_row(tmp_path: Path) -> None:
    sections = [
        Section("good", "nmpu prove", [row(Outcome.PROVEN)]),
        Section("bad", "nmpu mutate", [row(Outcome.FAILED, "x = 1")]),
        Section("none", "nmpu coverage", [], "verilator: not found"),
    ]
    html, markdown, data = write_page("title", ["a fact"], sections, tmp_path)
    page = html.read_text("utf-8")
    assert "a | b &lt;c&gt;" in page
    assert '<td class="failed">failed: x = 1' in page
    assert page.count("verilator: not found") == 2
    text = markdown.read_text("utf-8")
    assert "| a \\| b <c> | SMT | 8 bits | Solver 1 | 1.5 | failed: x = 1 |" in text
    assert "1 proven" in text
    assert [section["title"] for section in json.loads(data.read_text("utf-8"))] == ["good", "bad", "none"]


def test_a_suite_is_a_row(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "verif" / "tests"
    folder.mkdir(parents=True)
    texts = {"right": (4, "pass"), "wrong": (5, "pass"), "skips": (4, "pytest.skip('no tool')")}
    for name, (total, other) in texts.items():
        (folder / f"test_{name}.py").write_text(SUITE.format(sum=total, other=other), "utf-8")
    monkeypatch.chdir(tmp_path)
    right, skips, wrong = suite_rows(["test_*.py"], "oracle", {})
    assert (right.outcome, right.claim, right.bound) == (
        Outcome.PASSED,
        "Two and two are 4.",
        "2 tests of test_right.py",
    )
    assert wrong.outcome is Outcome.FAILED
    assert wrong.note.startswith("1 failed: test_sum: ")
    assert skips.outcome is Outcome.PASSED
    assert skips.note == "1 skipped: test_other: no tool"
    with pytest.raises(InputError, match="test_none"):
        suite_rows(["test_none*.py"], "oracle", {})


def test_an_unknown_step_is_refused() -> None:
    with pytest.raises(InputError, match="--step nothing: must be one of prove, "):
        CliRunner().invoke(app, ["verify", "--step", "nothing"], catch_exceptions=False)
