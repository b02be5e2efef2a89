"""The tape-out check's steps on the netlist of the preset tiny: proof and benches pass, and find an altered cell."""

import copy
from dataclasses import replace

import pytest
from libraries import library

from nmpu_flow.errors import FlowError
from nmpu_flow.fanout import buffer
from nmpu_flow.library import Library
from nmpu_flow.netlist import Instance, Module, Netlist
from nmpu_flow.synthesis import SMALL, instances
from nmpu_flow.tools import icarus
from nmpu_flow.yosys import run_yosys
from nmpu_spec.load import load
from nmpu_verif.netlists import Rtl, netlist, prepare, unit_rtl
from nmpu_verif.tapeout.equivalence import check_equivalence
from nmpu_verif.tapeout.netlist_bench import netlist_bench, with_rtl_lanes
from nmpu_verif.tapeout.rows import Row
from nmpu_verif.tapeout.synthesis import sound

CONFIG = load("tiny")


@pytest.fixture(scope="module")
def cells() -> Library:
    return library()


@pytest.fixture(scope="module")
def rtl() -> Rtl:
    return unit_rtl(CONFIG)


@pytest.fixture(scope="module")
def unit(rtl: Rtl, cells: Library) -> Netlist:
    prepare([(rtl, name, SMALL) for name in rtl.modules], cells, lambda *_: None)
    made = netlist(rtl, cells, dict.fromkeys(rtl.modules, SMALL))
    buffer(made)
    return made


@pytest.fixture
def altered(unit: Netlist) -> Netlist:
    return copy.deepcopy(unit)


def rows(rtl: Rtl, unit: Netlist, *modules: str) -> dict[str, Row]:
    rtl = replace(rtl, modules=modules or rtl.modules)
    return {row.step: row for row in check_equivalence(CONFIG, rtl, unit, SMALL, lambda *_: None)}


def a_gate(module: Module, library: Library) -> Instance:
    return next(instance for instance in module.instances if instance.of == library.nand2.name)


def test_the_netlist_is_sound_and_proven(rtl: Rtl, unit: Netlist) -> None:
    assert "latches: 0" in sound(unit)
    found = rows(rtl, unit)
    assert all(row.passed for row in found.values())
    # Its bank of six words leaves addresses without one: what they read is undefined, so only the mapping is proven.
    assert found["netlist = gates"].detail == "2 of 10 modules: nmpu_memory_affine, nmpu_memory_norm"


@pytest.mark.parametrize("name", ["nmpu_path", "nmpu_sequencer", "nmpu_memory_affine"])
def test_an_altered_gate_is_found(name: str, rtl: Rtl, altered: Netlist, cells: Library) -> None:
    gate = a_gate(altered.modules[name], cells)
    first, second = cells.nand2.inputs
    gate.pins[first] = gate.pins[second]
    row = rows(rtl, altered, name)["netlist = RTL"]
    assert (row.passed, row.detail) == (False, f"{name}: different")


def test_swapped_flops_are_found(rtl: Rtl, altered: Netlist, cells: Library) -> None:
    flops = [instance for instance in altered.modules["nmpu_path"].instances if cells.cells[instance.of].sequential]
    flops[0].name, flops[1].name = flops[1].name, flops[0].name
    assert rows(rtl, altered, "nmpu_path")["netlist = RTL"].passed is False


def test_a_missing_flop_is_found(rtl: Rtl, altered: Netlist, cells: Library) -> None:
    instances = altered.modules["nmpu_path"].instances
    instances.remove(next(instance for instance in instances if cells.cells[instance.of].sequential))
    row = rows(rtl, altered, "nmpu_path")["netlist = RTL"]
    assert (row.passed, row.detail) == (False, "nmpu_path: open")


def test_a_net_driven_twice_is_found(altered: Netlist, cells: Library) -> None:
    module = altered.modules["nmpu_sequencer"]
    gate = a_gate(module, cells)
    other = next(instance for instance in module.instances if instance is not gate and instance.of == gate.of)
    output = cells.nand2.outputs[0].name
    other.pins[output] = gate.pins[output]
    with pytest.raises(FlowError, match="multiple conflicting drivers"):
        sound(altered)


def test_a_latch_is_found(altered: Netlist, cells: Library) -> None:
    latch = next((cell for cell in cells.cells.values() if any(cell.group.of("latch"))), None)
    if latch is None:
        pytest.skip(f"{cells.name} has no latch")
    altered.modules["nmpu_sequencer"].instances.append(Instance("held", latch.name, {}))
    with pytest.raises(FlowError, match=f"1 latches: {latch.name}"):
        sound(altered)


def test_inner_lanes_in_rtl() -> None:
    wide = unit_rtl(replace(CONFIG, columns=12, lanes=4))
    text = with_rtl_lanes(wide.verilog, wide)
    tree = instances(text)
    kinds = {name: of for name, of in tree["nmpu_lanes"].items() if name.startswith("lane_")}
    inner = "nmpu_lane_rtl"
    assert kinds == {"lane_0": "nmpu_lane", "lane_1": inner, "lane_2": inner, "lane_3": "nmpu_lane"}
    assert {f"{name}_rtl" for name in wide.tree[wide.lane].values()} <= set(tree[inner].values())
    script = ["read_verilog unit.v", "hierarchy -check -top nmpu", "proc", "check -assert", "tee -q -o read.txt stat"]
    run_yosys(script, {"unit.v": text}, "read.txt")


def test_the_benches_pass_on_the_netlist(rtl: Rtl, unit: Netlist) -> None:
    row = netlist_bench(unit, rtl, "tiny").row(None, CONFIG)  # type: ignore[arg-type]
    if icarus() is None:
        pytest.skip("Icarus is not installed (Debian: apt install iverilog); the four-state run is left out")
    assert row.passed, row.detail
    assert row.detail.startswith("14 tests;")


def test_the_benches_find_an_altered_gate(rtl: Rtl, altered: Netlist, cells: Library) -> None:
    if icarus() is None:
        pytest.skip("Icarus is not installed (Debian: apt install iverilog); the four-state run is left out")
    gate = a_gate(altered.modules["nmpu_path"], cells)
    gate.pins[cells.nand2.inputs[0]] = ["0"]
    row = netlist_bench(altered, rtl, "tiny").row(None, CONFIG)  # type: ignore[arg-type]
    assert row.passed is False
