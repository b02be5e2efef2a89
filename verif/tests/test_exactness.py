"""docs/exactness.md: every row names tests that exist, and every oracle is in a row."""

import ast
import re
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
PAGE = TESTS.parents[1] / "docs" / "exactness.md"
NAMED = re.compile(r"`(test_\w+\.py)::(test_\w+)`")


def functions(file: str) -> dict[str, str | None]:
    """The test functions of a file, and their docstrings."""
    path = TESTS / file
    body = ast.parse(path.read_text("utf-8")).body if path.is_file() else []
    found = [node for node in body if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")]
    return {node.name: ast.get_docstring(node) for node in found}


def problems(page: str) -> list[str]:
    """The rows of tables with a column "test" that name none, and tests that do not exist."""
    found, tested = [], False
    for line in page.splitlines():
        if not line.startswith("|"):
            tested = False
            continue
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if cells[-1] == "test" or not tested:
            tested = cells[-1] == "test"
            continue
        if set(line) <= set("|-"):
            continue
        names = NAMED.findall(cells[-1])
        found += [] if names else [f"{cells[0]}: no test"]
        found += [f"{cells[0]}: there is no {file}::{test}" for file, test in names if test not in functions(file)]
    return found


def test_every_row_has_its_tests() -> None:
    assert not problems(PAGE.read_text("utf-8"))


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ("| wishes | any | |", "wishes: no test"),
        ("| wishes | any | `test_exactness.py::test_wish` |", "wishes: there is no test_exactness.py::test_wish"),
        ("| wishes | any | `test_wish.py::test_wish` |", "wishes: there is no test_wish.py::test_wish"),
        ("| facts | any | `test_exactness.py::test_a_row_without_one_is_found` |", ""),
    ],
)
def test_a_row_without_one_is_found(row: str, problem: str) -> None:
    page = f"| definition | unit | test |\n|---|---|---|\n{row}\n\n| other | table |\n|---|---|\n| a | b |\n"
    assert problems(page) == [problem] * bool(problem)


def test_every_oracle_is_in_a_row_and_says_what_it_separates() -> None:
    page = PAGE.read_text("utf-8")
    files = sorted(path.name for path in TESTS.glob("test_oracle_*.py"))
    assert files
    assert [file for file in files if f"`{file}::" not in page] == []
    assert [(file, test) for file in files for test, words in functions(file).items() if not words] == []
