"""Synthesis, netlists and timing on small components; area and clock of the preset tiny."""

import copy
import re
import subprocess
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest
from amaranth.hdl import Module as Hdl
from amaranth.hdl import Signal, signed
from amaranth.lib.wiring import Component, In, Out
from libraries import library

from nmpu_flow.errors import FlowError
from nmpu_flow.fanout import MOST_LOADS, buffer
from nmpu_flow.gates import GateSimulator
from nmpu_flow.library import Library
from nmpu_flow.netlist import Instance, Module, Netlist, Port, loads, read_json
from nmpu_flow.power import energy
from nmpu_flow.standin import lighten
from nmpu_flow.synthesis import FAST, SMALL, Recipe, instances, only, synthesise
from nmpu_flow.timing import analyse
from nmpu_flow.verilog import emit
from nmpu_flow.yosys import run_yosys
from nmpu_spec.load import load
from nmpu_verif.netlists import netlist, prepare, unit_rtl
from nmpu_verif.ppa import UnitPpa, measure


class MultiplyAdd(Component):
    """result = a*b + c; a register behind it."""

    def __init__(self) -> None:
        super().__init__({"a": In(signed(5)), "b": In(5), "c": In(signed(7)), "result": Out(signed(11))})

    def elaborate(self, platform: object) -> Hdl:
        m = Hdl()
        held = Signal(signed(11), reset_less=True)
        m.d.sync += held.eq(self.a * self.b + self.c)
        m.d.comb += self.result.eq(held)
        return m


@pytest.fixture(scope="module")
def cells() -> Library:
    return library()


@pytest.fixture(scope="module")
def rtl() -> str:
    return emit(MultiplyAdd(), "unit")


@pytest.fixture(scope="module", params=[FAST, SMALL], ids=lambda recipe: recipe.name)
def mapped(request: pytest.FixtureRequest, cells: Library, rtl: str) -> Netlist:
    recipe: Recipe = request.param
    return Netlist("unit", read_json(synthesise(rtl, "unit", cells, recipe), cells), cells)


def test_area_is_the_sum_over_the_cells(mapped: Netlist) -> None:
    commands = [
        "read_liberty -lib -ignore_miss_func cells.lib",
        "read_verilog netlist.v",
        "tee -q -o stat.txt stat -top unit -liberty cells.lib",
    ]
    files = {"cells.lib": mapped.library.text, "netlist.v": mapped.verilog()}
    said = run_yosys(commands, files, "stat.txt")
    found = re.search(r"Chip area for module '\\unit': ([\d.]+)", said)
    assert found is not None
    assert mapped.area() == pytest.approx(float(found[1]))
    assert mapped.flops() == 11


def test_the_cells_compute_what_the_rtl_does(mapped: Netlist, rtl: str) -> None:
    commands = [
        "read_liberty -ignore_miss_func cells.lib",
        "read_verilog netlist.v",
        "rename unit mapped",
        "read_verilog rtl.v",
        "proc",
        "flatten mapped",
        "async2sync",
        "equiv_make unit mapped both",
        "hierarchy -top both",
        "clean -purge",
        "equiv_simple -seq 2",
        "equiv_induct -seq 3",
        "equiv_status -assert",
        "tee -q -o proven.txt stat",
    ]
    files = {"cells.lib": mapped.library.text, "netlist.v": mapped.verilog(), "rtl.v": rtl}
    run_yosys(commands, files, "proven.txt")


def test_the_period_leaves_no_slack(mapped: Netlist, tmp_path: Path) -> None:
    period = analyse(mapped, ports=True).period * 1e9
    (tmp_path / "cells.lib").write_text(mapped.library.text, "utf-8")
    (tmp_path / "netlist.v").write_text(mapped.verilog(), "utf-8")
    (tmp_path / "run.tcl").write_text(
        f"""read_liberty cells.lib\nset_cmd_units -time ns\nread_verilog netlist.v\nlink_design unit
        create_clock -name clk -period {period} [get_ports clk]
        set_input_delay 0 -clock clk [all_inputs]\nset_output_delay 0 -clock clk [all_outputs]
        report_worst_slack -digits 6\nexit""",
        "utf-8",
    )
    done = subprocess.run(["sta", "-no_splash", "-exit", "run.tcl"], cwd=tmp_path, check=True, capture_output=True)
    assert abs(float(done.stdout.split()[-1])) < 2e-6


def test_a_gate_without_a_cell(cells: Library) -> None:
    text = '{"modules": {"unit": {"ports": {}, "cells": {"a": {"type": "$_DLATCH_P_", "connections": {}}}}}}'
    with pytest.raises(FlowError, match=r"unit: the library has no cell for \$_DLATCH_P_"):
        read_json(text, cells)


def test_large_loads_are_divided(cells: Library) -> None:
    gate = cells.nand2
    first, second = gate.inputs
    sinks = [Instance(f"g{i}", gate.name, {first: [2], second: [2], gate.outputs[0].name: [i + 3]}) for i in range(500)]
    module = Module("unit", {"a": Port("a", True, [2]), "clk": Port("clk", True, [1])}, sinks, 503)
    netlist = Netlist("unit", {"unit": module}, cells)
    inside = buffer(netlist)
    found = loads(module, cells, {})
    most = MOST_LOADS * cells.unit_load
    assert max(found.values()) <= most
    assert inside["unit"] == {"a": [found[2]], "clk": [0.0]}
    driver = {
        instance.pins[cells.strong_buffer.outputs[0].name][0]: instance.pins[cells.strong_buffer.inputs[0]][0]
        for instance in module.instances
        if instance.of == cells.strong_buffer.name
    }
    for instance in module.instances:
        net = instance.pins.get(first, [2])[0]
        while net in driver:
            net = driver[net]
        assert net == 2


def test_the_verilog_of_a_part() -> None:
    text = "module a(x);\n  input x;\n  b one (\n    .x(x)\n  );\nendmodule\nmodule b(x,\n y);\n  input x;\n  c two (\n"
    text += "  );\nendmodule\nmodule c(x);\n  input x;\nendmodule\n"
    assert instances(text) == {"a": {"one": "b"}, "b": {"two": "c"}, "c": {}}
    assert only(text, "b") == text[text.index("module b") :]
    assert only(text, "a", {"b"}) == text[: text.index("module b")] + "module b(x,\n y);\n  input x;\nendmodule\n"


@pytest.fixture(scope="module")
def tiny(cells: Library, tmp_path_factory: pytest.TempPathFactory) -> UnitPpa:
    return measure(load("tiny"), cells, lambda *_: None)


def test_components_add_up(tiny: UnitPpa) -> None:
    for point in (tiny.fast, tiny.small):
        assert sum(component.area_um2 for component in point.components) == pytest.approx(point.area_um2)
        in_lane = [component for component in point.components if component.place.startswith("lanes/lane")]
        assert {component.count for component in in_lane} == {tiny.lanes}
        assert sum(component.area_um2 for component in in_lane) == pytest.approx(tiny.lanes * point.lane_area_um2)
    assert tiny.fast.period_ns < tiny.small.period_ns
    assert tiny.fast.area_um2 > tiny.small.area_um2


def test_more_lanes_are_more_of_the_same_lane(tiny: UnitPpa, cells: Library) -> None:
    config = replace(load("tiny"), columns=12, lanes=4)
    wider = measure(config, cells, lambda *_: None)
    assert wider.small.lane_area_um2 == tiny.small.lane_area_um2
    assert wider.small.area_um2 - tiny.small.area_um2 > 2 * tiny.small.lane_area_um2


def test_stand_ins_keep_the_clock(cells: Library) -> None:
    rtl = unit_rtl(replace(load("tiny"), columns=12, lanes=6))
    recipes = dict.fromkeys(rtl.modules, SMALL)
    prepare([(rtl, name, SMALL) for name in rtl.modules], cells, lambda *_: None)
    whole = netlist(rtl, cells, recipes)
    inside = buffer(whole)
    light = lighten(copy.deepcopy(whole), rtl.lane, inside)
    assert light.area() < whole.area()
    assert analyse(light).period == pytest.approx(analyse(whole).period, rel=0.02)


def test_the_gates_run_and_their_energy_is_linear(mapped: Netlist) -> None:
    copies, random = 100, Random(1)
    simulator = GateSimulator(mapped, copies)
    names = {"a": 5, "b": 5, "c": 7}
    history = []
    for clock in range(6):
        bits = {name: [random.getrandbits(copies) for _ in range(width)] for name, width in names.items()}
        if clock == 0:
            simulator.load({}, bits)
        simulator.settle(bits, count=clock > 0)
        if clock:
            result = _numbers(simulator.read("result"), copies, is_signed=True)
            assert result == [a * b + c for a, b, c in zip(*history, strict=True)]
        simulator.clock()
        history = [_numbers(bits[name], copies, name != "b") for name in names]
    once = energy(simulator.flat, mapped.library, simulator.toggles, 5 * copies)[""]
    twice = energy(simulator.flat, mapped.library, [2 * count for count in simulator.toggles], 5 * copies)[""]
    assert (twice.internal, twice.switching) == (pytest.approx(2 * once.internal), pytest.approx(2 * once.switching))
    assert (twice.clock, twice.leakage) == (once.clock, once.leakage)
    assert once.leakage == pytest.approx(
        sum(count * mapped.library.cells[cell].leakage for cell, count in mapped.cells().items())
    )
    still = energy(simulator.flat, mapped.library, [0] * len(simulator.toggles), 0)[""]
    assert (still.internal, still.switching, still.clock) == (0, 0, 0)


def _numbers(bits: list[int], copies: int, is_signed: bool) -> list[int]:
    raws = [sum((value >> copy & 1) << place for place, value in enumerate(bits)) for copy in range(copies)]
    top = 1 << len(bits) - 1
    return [(raw ^ top) - top if is_signed else raw for raw in raws]
