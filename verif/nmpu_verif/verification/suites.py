"""Test files as evidence: one row for each file, which claims what the first line of its docstring says."""

import ast
import os
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ET
from collections.abc import Mapping, Sequence
from importlib import metadata
from pathlib import Path

from nmpu_spec.errors import InputError
from nmpu_verif.evidence import Evidence, Outcome

TESTS = Path("verif") / "tests"


def suite_rows(patterns: Sequence[str], method: str, environment: Mapping[str, str]) -> list[Evidence]:
    """Run the test files that match `patterns`, below the current folder, which must be the repository's.

    Raises `InputError` where there are none.
    """
    files = sorted({file for pattern in patterns for file in TESTS.glob(pattern)})
    if not files:
        raise InputError(f"{TESTS}: no {' or '.join(patterns)} here; run this at the top of the repository")
    return [_row(file, method, environment) for file in files]


def _row(file: Path, method: str, environment: Mapping[str, str]) -> Evidence:
    with tempfile.TemporaryDirectory(prefix="nmpu_suite_") as folder:
        found = Path(folder) / "found.xml"
        command = [sys.executable, "-m", "pytest", "-q", str(file), f"--junitxml={found}"]
        full = {**os.environ, **environment}
        done = subprocess.run(command, env=full, check=False, capture_output=True, text=True)
        if not found.is_file():
            raise InputError(f"{file}: pytest did not run: {(done.stderr or done.stdout).strip().splitlines()[-1]}")
        suite = ET.parse(found).getroot().find("testsuite")
    assert suite is not None
    failed = int(suite.get("failures", 0)) + int(suite.get("errors", 0))
    tests, skipped = int(suite.get("tests", 0)), int(suite.get("skipped", 0))
    outcome, note = Outcome.PASSED, f"{skipped} skipped: {_first(suite, 'skipped')}" if skipped else ""
    if skipped == tests:
        outcome = Outcome.NOT_RUN
    if failed:
        outcome, note = Outcome.FAILED, f"{failed} failed: {_first(suite, 'failure') or _first(suite, 'error')}"
    bound = f"{tests - skipped} tests of {file.name}"
    seconds = float(suite.get("time", 0))
    return Evidence(_claim(file), method, bound, f"pytest {metadata.version('pytest')}", seconds, outcome, note)


def _claim(file: Path) -> str:
    docstring = ast.get_docstring(ast.parse(file.read_text("utf-8")))
    assert docstring, f"{file}: no docstring"
    return docstring.partition("\n\n")[0].replace("\n", " ")


def _first(suite: ET.Element, kind: str) -> str:
    """The first message of that kind, with the name of its test."""
    for case in suite.iter("testcase"):
        found = case.find(kind)
        if found is not None:
            return f"{case.get('name')}: {(found.get('message') or '').splitlines()[0] if found.get('message') else ''}"
    return ""
