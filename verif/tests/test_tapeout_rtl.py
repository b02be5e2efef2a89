"""The tape-out check's steps on the handed-over Verilog: each accepts what we write, and finds what is planted."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from nmpu_flow.package import write_package
from nmpu_hw.nmpu import Nmpu
from nmpu_spec.load import load
from nmpu_verif.tapeout import lint
from nmpu_verif.tapeout.check import Check
from nmpu_verif.tapeout.report import Report, write
from nmpu_verif.tapeout.rows import Row
from nmpu_verif.tapeout.rtl_bench import rtl_checks
from nmpu_verif.tapeout.run import SAME_BYTES, SAME_MODULES

CONFIG = load("tiny")
LINT = {check.step: check for check in lint.CHECKS}


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("handover") / "package"
    write_package(Nmpu(CONFIG), CONFIG, folder)
    return folder


@pytest.fixture
def package(written: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(written, tmp_path / "package"))


def passed(check: Check, folder: Path) -> bool:
    """Whether the check passed; skips the test where its tool is not installed."""
    row = check.row(folder, CONFIG)
    if row.passed is None:
        pytest.skip(row.detail)
    return row.passed


@pytest.mark.parametrize("check", [SAME_BYTES, SAME_MODULES, *lint.CHECKS], ids=lambda check: check.step)
def test_what_we_write_is_accepted(check: Check, package: Path) -> None:
    assert passed(check, package)


def test_an_altered_byte_is_found(package: Path) -> None:
    path = package / "nmpu_registers.h"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    row = SAME_BYTES.row(package, CONFIG)
    assert (row.passed, row.detail) == (False, "nmpu_registers.h: differs")


def test_a_file_too_many_is_found(package: Path) -> None:
    (package / "more.v").write_text("", "utf-8")
    row = SAME_BYTES.row(package, CONFIG)
    assert (row.passed, row.detail) == (False, "more.v: is there once")


def test_another_module_than_the_synthesised_one_is_found(package: Path) -> None:
    alter(package, lambda text: text.replace(" + ", " - ", 1))
    assert not passed(SAME_MODULES, package)


def alter(package: Path, change: Callable[[str], str]) -> None:
    path = package / "nmpu.v"
    before = path.read_text("utf-8")
    assert change(before) != before
    path.write_text(change(before), "utf-8")


def add(package: Path, statement: str) -> None:
    """Put `statement` at the end of the top module."""

    def change(text: str) -> str:
        top = text.index("\nmodule nmpu(")
        end = text.index("\nendmodule", top)
        return f"{text[:end]}\n{statement}{text[end:]}"

    alter(package, change)


@pytest.mark.parametrize("step", ["lint: Yosys", "lint: system's Yosys", "lint: Verilator"])
def test_a_latch_is_found(step: str, package: Path) -> None:
    add(package, "  reg held;\n  always @* if (adc_valid) held = out_ready;")
    assert not passed(LINT[step], package)


@pytest.mark.parametrize("step", ["lint: Yosys", "lint: system's Yosys"])
def test_a_net_driven_twice_is_found(step: str, package: Path) -> None:
    add(package, "  assign busy = adc_valid;")
    assert not passed(LINT[step], package)


@pytest.mark.parametrize("step", LINT)
def test_an_unknown_name_is_found(step: str, package: Path) -> None:
    add(package, "  nmpu_nothing nothing(.clk(clk));")
    assert not passed(LINT[step], package)


def test_the_benches_find_a_changed_operator(package: Path) -> None:
    icarus = rtl_checks("tiny")[1]
    alter(package, lambda text: text.replace(" + ", " - ", 1))
    assert not passed(icarus, package)


@pytest.mark.parametrize(("results", "fine"), [((True, None), True), ((True, False, None), False)])
def test_a_report_passes_where_nothing_failed(results: tuple[bool | None, ...], fine: bool, tmp_path: Path) -> None:
    rows = [Row(f"step {at}", "tool", "a | b", result, "detail", 1.0) for at, result in enumerate(results)]
    report = Report("tiny", CONFIG.hash, rows)
    assert report.passed is fine
    for path in write(report, tmp_path):
        assert all(row.step in path.read_text("utf-8") for row in rows)
