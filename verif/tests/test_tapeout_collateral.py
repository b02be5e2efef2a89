"""Every file of a hand-over is read by the tool that it is meant for; a flaw in any of them is found."""

import copy
import json
import re
import shutil
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest
from handover import hand_over

from nmpu_flow.collateral.manifest import MANIFEST
from nmpu_flow.library import find_library, read_library
from nmpu_flow.netlist import Netlist, read_json
from nmpu_flow.synthesis import SMALL, synthesise
from nmpu_spec.errors import InputError
from nmpu_spec.load import load
from nmpu_verif.tapeout.collateral import CHECKS, check_collateral
from nmpu_verif.tapeout.rows import Row
from nmpu_verif.tapeout.sdc import check_sdc

CONFIG = load("tiny")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return hand_over(CONFIG, tmp_path_factory.mktemp("handover") / "tiny")


@pytest.mark.parametrize("name", ["tiny", "hermes256", "user96"])
def test_every_file_is_what_its_tool_wants(name: str, configurations: dict[str, str], tmp_path: Path) -> None:
    config = load(configurations[name])
    before = hand_over(config, tmp_path / name)
    files = sorted(before.rglob("*"))
    seen: list[str] = []
    rows = check_collateral(before, config, lambda step, *_: seen.append(step))
    assert [row.step for row in rows] == seen == [check.step for check in CHECKS]
    assert not [row for row in rows if row.passed is False]
    assert all(row.detail and row.tool for row in rows)
    assert sorted(before.rglob("*")) == files, "a check left something behind"
    absent = [row.detail for row in rows if row.passed is None]
    assert all("not found" in detail for detail in absent)


def flawed(folder: Path, scratch: Path, name: str, change: Callable[[str], str]) -> list[Row]:
    """The checks of a copy of `folder` in which the text of file `name` was changed, and the manifest after it."""
    copy = scratch / "copy"
    shutil.copytree(folder, copy)
    text = (copy / name).read_text("utf-8")
    assert change(text) != text
    (copy / name).write_text(change(text), "utf-8")
    if name != MANIFEST:
        about = json.loads((copy / MANIFEST).read_text("utf-8"))
        about["sha256"][name] = sha256((copy / name).read_bytes()).hexdigest()
        (copy / MANIFEST).write_text(json.dumps(about), "utf-8")
    return [check.row(copy, CONFIG) for check in CHECKS]


def swap(old: str, new: str) -> Callable[[str], str]:
    return lambda text: text.replace(old, new, 1)


@pytest.mark.parametrize(
    ("name", "change", "said"),
    [
        ("nmpu.f", swap("nmpu.v\n", ""), "are not the folder's Verilog files"),
        ("nmpu.core", swap("file_type: vlt", "file_typo: vlt"), "data.filesets.waivers"),
        ("nmpu.core", swap("      - nmpu_memory.v\n", ""), "nmpu_memory"),
        ("nmpu.vlt", swap("lint_off -rule WIDTHTRUNC", "// lint_off"), "WIDTHTRUNC|warning"),
        ("Bender.yml", swap("sources:", "source:"), "source: no key"),
        ("Bender.yml", swap("  - nmpu.v\n", ""), "not the files of nmpu.f"),
        ("librelane/config.yaml", swap("CLOCK_PORT", "CLOCK_PROT"), "CLOCK_PROT"),
        ("librelane/config.yaml", swap("dir::../nmpu.sdc", "dir::nmpu.sdc"), "nmpu.sdc: no such file"),
        ("librelane/config.yaml", swap("CLOCK_PERIOD: 10", "CLOCK_PERIOD: 12"), "not that of nmpu.sdc"),
        ("orfs/config.mk", swap("$(NMPU_DIR)/nmpu.sdc", "$(NMPU_DIR)/no.sdc"), "no.sdc: no such file"),
        ("orfs/config.mk", swap("$(dir $(lastword", "$(dir $(lastward"), "make:"),
        ("nmpu_registers.h", swap("uint32_t geometry;", "uint32_t geometry[2];"), "static assertion"),
        ("nmpu_registers.h", swap("NMPU__CTRL__BANK_bm 0x2", "NMPU__CTRL__BANK_bm 0x3"), "NMPU__CTRL__BANK_bm"),
        ("nmpu_registers.rdl", swap("ctrl @ 0xC", "ctrl @ 0x14"), "ctrl: "),
        ("nmpu_registers.rdl", swap("sw = rw;", "sw = r;"), "must be"),
        ("nmpu_registers.rdl", swap("};", "}"), "nmpu_registers.rdl: "),
        ("nmpu_registers.xml", swap("<ipxact:bitWidth>1<", "<ipxact:bitWidth>2<"), "must be"),
        ("nmpu_registers.xml", swap("<ipxact:left>35<", "<ipxact:left>34<"), "port adc_payload"),
        ("nmpu_registers.xml", swap("ipxact:wire>", "ipxact:wires>"), "nmpu_registers.xml: "),
        (
            "nmpu_registers.xml",
            swap("<ipxact:bitOffset>", "<ipxact:offset>0</ipxact:offset><ipxact:bitOffset>"),
            "expected",
        ),
        ("diagrams/adc.svg", swap("</svg>", ""), "adc.svg"),
        ("diagrams/adc.json", swap('"adc_ready"', '"adc_raedy"'), "has no row adc_raedy"),
        ("INTEGRATION.md", swap("](nmpu.sdc)", "](nmpu.sdcx)"), "nmpu.sdcx: no such file"),
        (
            "INTEGRATION.md",
            lambda text: text.replace("[Bender.yml](Bender.yml)", "Bender.yml"),
            "does not name Bender.yml",
        ),
        ("nmpu.json", swap('"width": 36', '"width": 35'), "port adc_payload"),
        ("nmpu.json", swap('"columns": 6', '"columns": 8'), "not of this configuration"),
        (MANIFEST, lambda text: re.sub(r'("nmpu.sdc": ")(.{4})', r"\g<1>0000", text), "nmpu.sdc: has another SHA-256"),
        (MANIFEST, swap('"name": "tiny"', '"name": "other"'), "another configuration, other"),
    ],
)
def test_a_flaw_is_found(folder: Path, tmp_path: Path, name: str, change: Callable[[str], str], said: str) -> None:
    rows = flawed(folder, tmp_path, name, change)
    failed = [row for row in rows if row.passed is False]
    assert any(re.search(said, row.detail) for row in failed), failed
    # nmpu.vlt has no row of its own: FuseSoC runs Verilator with it; the file list is what all others are held against.
    if name not in ("nmpu.f", "nmpu.vlt"):
        assert {row.step for row in failed} <= {name, name.partition("/")[0]} | {"nmpu.core"}


def test_a_file_that_is_gone_is_found(folder: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    (copy / "nmpu_registers.rdl").unlink()
    failed = {row.step for row in check_collateral(copy, CONFIG, lambda *_: None) if row.passed is False}
    assert failed == {"nmpu_registers.rdl", "INTEGRATION.md", MANIFEST}


@pytest.fixture(scope="module")
def netlist(folder: Path) -> Netlist:
    try:
        library = read_library(find_library(None))
    except InputError as error:
        pytest.skip(str(error))
    verilog = "".join((folder / name).read_text("utf-8") for name in (folder / "nmpu.f").read_text("utf-8").split())
    # The modules alone: what stands before the first is a comment.
    modules = re.sub(r"^//.*\n", "", verilog, flags=re.M)
    return Netlist("nmpu", read_json(synthesise(modules, "nmpu", library, SMALL), library), library)


def test_the_constraints_leave_nothing_unconstrained(folder: Path, netlist: Netlist) -> None:
    row = check_sdc(folder, netlist, CONFIG)
    if row.passed is None:
        pytest.skip(row.detail)
    assert row.passed, row.detail
    assert "constant: apb_pready;" in row.detail
    for kind in ("register to register", "register to port", "port to register", "port to port"):
        assert kind in row.detail


def test_a_register_that_is_tied_off_is_told_from_one_without_a_clock(folder: Path, netlist: Netlist) -> None:
    """Stand-ins for lanes have such registers: no path ends there, and none is missing."""
    tied = copy.deepcopy(netlist)
    module, library = tied.modules[tied.top], tied.library
    flop = next(instance for instance in module.instances if library.cells[instance.of].sequential)
    pin = next(pin for pin in library.cells[flop.of].inputs if pin != library.cells[flop.of].clock)
    flop.pins[pin] = ["0"]
    row = check_sdc(folder, tied, CONFIG)
    if row.passed is None:
        pytest.skip(row.detail)
    assert row.passed and "constant: apb_pready, 1 register inputs;" in row.detail
    flop.pins[library.cells[flop.of].clock] = ["0"]
    assert check_sdc(folder, tied, CONFIG).passed is False


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (" adc_valid ", " ", "adc_valid"),
        (" busy}", "}", "busy"),
        ("create_clock -name clk -period $clk_period [get_ports clk]", "", "clk"),
        ("[get_ports {rst}]", "[get_ports {reset}]", "reset"),
        ("set_load", "set_lood", "set_lood"),
    ],
)
def test_a_hole_in_the_constraints_is_found(
    folder: Path, netlist: Netlist, tmp_path: Path, old: str, new: str, said: str
) -> None:
    text = (folder / "nmpu.sdc").read_text("utf-8")
    assert old in text
    (tmp_path / "nmpu.sdc").write_text(text.replace(old, new), "utf-8")
    row = check_sdc(tmp_path, netlist, CONFIG)
    if row.passed is None:
        pytest.skip(row.detail)
    assert not row.passed and said in row.detail, row.detail
