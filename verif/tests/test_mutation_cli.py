"""`nmpu mutate`: one mutant, and a whole run of a few."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from nmpu_cli import mutate
from nmpu_flow.tools import icarus
from nmpu_spec.errors import InputError
from nmpu_verif import builds, evidence
from nmpu_verif.mutation import campaign, matrix
from nmpu_verif.mutation.killers import Killer
from nmpu_verif.mutation.mutant import Mutant

pytestmark = pytest.mark.skipif(icarus() is None, reason="Icarus is not installed (Debian: apt install iverilog)")

MUTANTS = [Mutant(f"rtl/m/x/{number}", "m", "x", number, "a", f"b{number}", f"text {number}") for number in (1, 2, 3)]


@pytest.fixture
def call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[int, str]]:
    """The verb on three mutants, of which a killer finds the first and a proof shows the second equal."""
    small = campaign.Campaign(
        "rtl",
        MUTANTS,
        [Killer("bench", lambda _: True, lambda mutant: "found" if mutant.line == 1 else None, "digest")],
        [replace(MUTANTS[0], line=0)],
        lambda mutant: "proof" if mutant.line == 2 else None,
    )
    for module, name in ((mutate, "FOLDER"), (matrix, "FOLDER"), (builds, "BUILD"), (evidence, "BUILD")):
        monkeypatch.setattr(module, name, tmp_path)
    monkeypatch.setattr(mutate, "CAMPAIGNS", {"rtl": lambda: small})
    monkeypatch.setattr(mutate, "settle", lambda _kind, rows, **_: rows)
    app = typer.Typer()
    app.command()(mutate.mutate)

    def run(*arguments: str) -> tuple[int, str]:
        done = CliRunner().invoke(app, [*arguments])
        if isinstance(done.exception, InputError):
            raise done.exception
        return done.exit_code, done.output

    return run


def test_a_survivor_fails_the_run(call: Callable[..., tuple[int, str]], tmp_path: Path) -> None:
    code, said = call("--jobs", "1")
    assert code == 1
    assert "1 failed" in said
    assert json.loads((tmp_path / "verify" / "mutate-rtl.json").read_text("utf-8"))[0]["note"] == (
        "1 killed, 1 equivalent, 1 survivor: rtl/m/x/3"
    )
    rows = json.loads((tmp_path / "rtl.json").read_text("utf-8"))
    assert [row["fate"] for row in rows] == ["killed", "equivalent", "survivor"]


@pytest.mark.parametrize(("number", "code", "said"), [(1, 0, "killed: found"), (2, 0, "proof"), (3, 1, "survivor")])
def test_one_mutant_is_shown(call: Callable[..., tuple[int, str]], number: int, code: int, said: str) -> None:
    exit_code, output = call("--mutant", f"rtl/m/x/{number}")
    assert exit_code == code
    assert f"- a\n+ b{number}" in output
    assert output.strip().endswith(said)


@pytest.mark.parametrize("name", ["soc/m/x/1", "rtl/m/x/9"])
def test_no_such_mutant(call: Callable[..., tuple[int, str]], name: str) -> None:
    with pytest.raises(InputError, match=f"mutant '{name}'"):
        call("--mutant", name)
