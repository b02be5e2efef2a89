"""Liberty files, and what the flow takes from a library."""

from itertools import product
from pathlib import Path

import pytest
from libraries import TINY
from typer.testing import CliRunner

from nmpu_cli.main import app
from nmpu_flow.cell_function import truth_table
from nmpu_flow.liberty import parse
from nmpu_flow.library import VARIABLE, find_library, read_library
from nmpu_spec.errors import InputError


@pytest.mark.parametrize(
    ("function", "inputs", "ones"),
    [
        ("!(A*B)", "AB", {"00", "01", "10"}),
        ("(!(A B))", "AB", {"00", "01", "10"}),
        ("(!A) | (!B)", "AB", {"00", "01", "10"}),
        ("A' + B", "AB", {"00", "01", "11"}),
        ("A^B*C", "ABC", {"011", "101"}),
        ("A+B&!C", "ABC", {"010", "100", "101", "110", "111"}),
        ("1", "A", {"0", "1"}),
    ],
)
def test_functions(function: str, inputs: str, ones: set[str]) -> None:
    table = truth_table(function, list(inputs))
    rows = [format(number, f"0{len(inputs)}b") for number in range(2 ** len(inputs))]
    assert {row for row, value in zip(rows, table, strict=True) if value} == ones


def test_statements_without_semicolons_and_over_several_lines() -> None:
    group = parse('library (x) { /* a ; } */ area : 3\n  unit (1, "pf") ;\n cell ("y") { v ("1, \\\n 2") } }')
    assert (group.arguments, group.attributes) == (("x",), {"area": "3", "unit": "1, pf"})
    (cell,) = group.of("cell")
    assert (cell.arguments, cell.attributes["v"].replace(" ", "")) == (("y",), "1,2")


@pytest.mark.parametrize("text", ["", "module m; endmodule", "library (x) { cell (y) { }"])
def test_what_is_no_library(text: str) -> None:
    with pytest.raises(InputError, match="not a Liberty library"):
        parse(text)


def test_cells(tmp_path: Path) -> None:
    file = tmp_path / "tiny.lib"
    file.write_text(TINY, "utf-8")
    library = read_library(file)
    assert library.nand2.name == "ND2", "ND2S is smaller, but must not be used"
    assert library.buffer.name == "BF"
    assert library.unit_load == pytest.approx(2.5e-15)
    assert [cell.name for cell in library.cells.values() if cell.sequential] == ["DF"]
    assert library.cells["DF"].clock == "CK"
    assert library.cells["ND2"].leakage == pytest.approx(3e-12)


def test_the_library_that_is_meant(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given, named = tmp_path / "given.lib", tmp_path / "named.lib"
    given.touch()
    monkeypatch.setenv(VARIABLE, str(named))
    assert find_library(given) == given
    with pytest.raises(InputError, match=r"named\.lib: no such Liberty file"):
        find_library(None)
    named.touch()
    assert find_library(None) == named


def test_without_a_library_one_line_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    monkeypatch.setattr("nmpu_flow.library.DEFAULT", Path("nowhere.lib"))
    result = CliRunner().invoke(app, ["ppa"])
    assert isinstance(result.exception, InputError)
    said = str(result.exception)
    assert "qflow-tech-osu018" in said and "--liberty" in said and VARIABLE in said and "\n" not in said


def test_the_generic_library_needs_no_file(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each gate does what its name says, and nothing else is needed for a netlist."""
    monkeypatch.setenv(VARIABLE, "generic")
    library = read_library(find_library(None))
    meant = {
        "INV": lambda a: not a,
        "BUF": lambda a: a,
        "NAND2": lambda a, b: not (a and b),
        "NOR2": lambda a, b: not (a or b),
        "AND2": lambda a, b: a and b,
        "OR2": lambda a, b: a or b,
        "NAND3": lambda a, b, c: not (a and b and c),
        "NOR3": lambda a, b, c: not (a or b or c),
        "XOR2": lambda a, b: a != b,
        "XNOR2": lambda a, b: a == b,
        "AOI21": lambda a, b, c: not ((a and b) or c),
        "OAI21": lambda a, b, c: not ((a or b) and c),
        "MUX2": lambda a, b, c: b if c else a,
    }
    gates = {name: cell for name, cell in library.cells.items() if not cell.sequential}
    assert gates.keys() == meant.keys()
    for name, cell in gates.items():
        table = truth_table(cell.outputs[0].function, cell.inputs)
        wanted = [bool(meant[name](*bits)) for bits in product((False, True), repeat=len(cell.inputs))]
        assert list(table) == wanted, name
    assert (library.nand2.name, library.nand2.area, library.buffer.name) == ("NAND2", 1.0, "BUF")
    assert {name for name, cell in library.cells.items() if cell.clock == "CK"} == {"DFF", "DFFR", "DFFS"}
