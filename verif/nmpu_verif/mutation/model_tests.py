"""Test files of the suite on a mutant of the model, in a copy of the tree made of links."""

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import nmpu_verif
from nmpu_verif.mutation.killers import Killer, verification_sources
from nmpu_verif.mutation.model import source_of
from nmpu_verif.mutation.mutant import Mutant, digest

ROOT = Path(nmpu_verif.__path__[0]).parents[1]
_SECONDS = 120
_SPEC = ("rounding", "formats", "compression", "config", "cycles", "parameters", "registers")
_MODEL = ("unit_errors", "trace", "stages", "script", "tabulated")
_SOURCES = ("model", "hw", "verif", "scripts")


def model_killers() -> list[Killer]:
    """The tests of the definitions, those of the model, and then the benches, in which the RTL is the judge."""
    return [
        _killer("spec tests", [f"test_spec_{name}.py" for name in _SPEC], only="spec."),
        _killer("model tests", [f"test_model_{name}.py" for name in _MODEL]),
        _killer("unit bench", ["test_bench_nmpu.py"], chosen="test_unit and tiny and icarus", benches="*.py"),
    ]


def _killer(name: str, files: Sequence[str], only: str = "", chosen: str = "", benches: str = "__init__.py") -> Killer:
    tests = ROOT / "verif" / "tests"
    texts = [(tests / file).read_text("utf-8") for file in ("conftest.py", *files)]
    return Killer(
        name,
        lambda mutant: mutant.module.startswith(only),
        lambda mutant: run_tests(mutant, files, chosen),
        digest(chosen, *files, *texts, verification_sources(__file__, benches)),
    )


def run_tests(mutant: Mutant, files: Sequence[str], chosen: str = "") -> str | None:
    """The first test that fails, and why; the mutant has to live in a tree of its own, others work in the original."""
    with tempfile.TemporaryDirectory(prefix="nmpu_mutant_") as name:
        root = Path(name)
        _links(root, ROOT, ("model", "build"))
        _links(root / "model", ROOT / "model", (source_of(mutant.module).parent.name,))
        _links(root / "model" / source_of(mutant.module).parent.name, source_of(mutant.module).parent, ())
        file = root / source_of(mutant.module).relative_to(ROOT)
        file.unlink()
        file.write_text(mutant.text, "utf-8")
        path = os.pathsep.join(str(root / folder) for folder in _SOURCES)
        command = [sys.executable, "-m", "pytest", "-x", "-rfE", "--no-header", "--tb=line", "--hypothesis-seed=0"]
        command += [*(["-k", chosen] if chosen else []), *(f"verif/tests/{test}" for test in files)]
        environment = {**os.environ, "PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1"}
        try:
            done = subprocess.run(
                command, cwd=root, env=environment, check=False, capture_output=True, text=True, timeout=_SECONDS
            )
        except subprocess.TimeoutExpired:
            return f"hangs: no end after {_SECONDS} s"
    if done.returncode == 0:
        return None
    failed = re.search(r"^(?:FAILED|ERROR) (?:verif/tests/)?(.+)$", done.stdout, re.M)
    return failed[1] if failed else (done.stdout + done.stderr).strip().splitlines()[-1]


def _links(folder: Path, original: Path, without: Sequence[str]) -> None:
    folder.mkdir(exist_ok=True)
    for entry in original.iterdir():
        if entry.name not in (*without, "__pycache__", ".hypothesis") and not entry.name.startswith("."):
            (folder / entry.name).symlink_to(entry)
