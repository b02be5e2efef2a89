"""Layout of a small block with Debian's tools, and the faults that its checks must report."""

import csv
import json
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from amaranth.hdl import Module as Hdl
from amaranth.hdl import Mux, Signal, signed
from amaranth.lib.wiring import Component, In, Out

from nmpu_flow.layout import flow, routing
from nmpu_flow.layout.checks import compare, design_rules
from nmpu_flow.layout.circuit import Circuit, Gate, circuit
from nmpu_flow.layout.deffile import Def, Wire, read_def, without_vias
from nmpu_flow.layout.flow import Layout, lay_out
from nmpu_flow.layout.lef import Layer, Lef, read_lef
from nmpu_flow.layout.loose_vias import without_loose_vias
from nmpu_flow.layout.tools import LEF, missing, require
from nmpu_flow.library import DEFAULT, Library, read_library
from nmpu_flow.netlist import Netlist, read_json
from nmpu_flow.synthesis import SMALL, synthesise
from nmpu_flow.verilog import emit
from nmpu_spec.errors import InputError


class Block(Component):
    """A register of max(a + b, 0), and what a layout has no wire for: constant ports, ports alike, a port unused."""

    def __init__(self) -> None:
        inputs = {"a": In(signed(4)), "b": In(signed(4)), "unused": In(1)}
        super().__init__({**inputs, "result": Out(5), "again": Out(1), "low": Out(1), "high": Out(1)})

    def elaborate(self, platform: object) -> Hdl:
        m = Hdl()
        total, held = Signal(signed(5)), Signal(5)
        m.d.comb += [total.eq(self.a + self.b), self.result.eq(held), self.again.eq(held[0]), self.high.eq(1)]
        m.d.sync += held.eq(Mux(total < 0, 0, total))
        return m


@dataclass(frozen=True)
class LaidOut:
    layout: Layout
    circuit: Circuit
    folder: Path
    design: Def


def _cells() -> Library:
    absent = missing()
    if absent:
        pytest.skip(f"layout tools are not installed (Debian: {' '.join(sorted(set(absent.values())))})")
    return read_library(DEFAULT)


def _netlist(library: Library) -> Netlist:
    return Netlist("block", read_json(synthesise(emit(Block(), "block"), "block", library, SMALL), library), library)


def _laid_out(folder: Path) -> LaidOut:
    netlist = _netlist(_cells())
    layout, _ = lay_out(netlist, folder, str)
    text = (folder / "block.def").read_text("utf-8")
    return LaidOut(layout, circuit(netlist.modules["block"]), folder, read_def(text))


@pytest.fixture(scope="module")
def block(tmp_path_factory: pytest.TempPathFactory) -> LaidOut:
    return _laid_out(tmp_path_factory.mktemp("layout"))


def test_the_layout_is_clean(block: LaidOut) -> None:
    assert block.layout.failed_nets == 0
    assert block.layout.design_rule_errors == {}
    assert block.layout.comparison.matches, block.layout.comparison
    assert block.layout.clean


def test_every_cell_net_and_port_is_in_the_def(block: LaidOut) -> None:
    design = block.design
    placed = {cell.name: cell.cell for cell in design.components if cell.cell != "FILL"}
    assert placed == {gate.name: gate.cell for gate in block.circuit.gates}
    assert {pin.net for pin in design.pins} == {*block.circuit.inputs, *block.circuit.outputs, "vdd", "gnd"}
    assert {"result[0]", "again", "low", "high", "unused"} <= {pin.net for pin in design.pins}
    ends: dict[str, int] = dict.fromkeys(block.circuit.inputs + block.circuit.outputs, 1)
    for gate in block.circuit.gates:
        for net in gate.pins.values():
            ends[net] = ends.get(net, 0) + 1
    routed = {wire.net for wire in design.wires} | {net for net, *_ in design.vias}
    assert {net for net, count in ends.items() if count > 1} <= routed


def test_ports_lie_in_the_die_and_apart(block: LaidOut) -> None:
    left, bottom, right, top = block.design.die
    boxes = [pin.box for pin in block.design.pins]
    assert all(left <= x0 and bottom <= y0 and x1 <= right and y1 <= top for x0, y0, x1, y1 in boxes)
    for at, (x0, y0, x1, y1) in enumerate(boxes):
        for other in boxes[:at]:
            assert x1 < other[0] or other[2] < x0 or y1 < other[1] or other[3] < y0


def test_the_reports_say_the_same(block: LaidOut) -> None:
    report = json.loads((block.folder / "layout.json").read_text("utf-8"))
    with (block.folder / "nets.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert report["clean"] is True
    assert report["cells"] == len(block.circuit.gates)
    assert sum(int(row["vias"]) for row in rows) == report["vias"]
    assert report["vias"] == sum(net not in ("vdd", "gnd") for net, *_ in block.design.vias)
    length = sum(wire.length for wire in block.design.wires if wire.net not in ("vdd", "gnd"))
    assert sum(report["wire_um"].values()) == pytest.approx(length, abs=0.1)
    assert max(float(row["wire_femtofarad"]) for row in rows) == pytest.approx(
        report["net_femtofarad"]["largest"], abs=0.01
    )
    assert (block.folder / "layout.png").read_bytes().startswith(b"\x89PNG")


def test_the_same_netlist_gives_the_same_bytes(block: LaidOut, tmp_path: Path) -> None:
    _laid_out(tmp_path)
    for name in ("block.def", "block.v", "block.spice", "nets.csv"):
        assert (tmp_path / name).read_bytes() == (block.folder / name).read_bytes(), name


def test_nets_that_find_no_way_are_counted(block: LaidOut, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With one layer, where six were enough."""
    for name in ("block.def", "block.obs"):
        shutil.copy(block.folder / "work" / name, tmp_path / name)
    monkeypatch.setattr(routing, "LAYERS", 1)
    _, failed = routing.route(tmp_path / "block.def", str)
    assert failed > 0
    assert not replace(block.layout, failed_nets=failed).clean


def test_swapped_nets_are_found(block: LaidOut) -> None:
    one, two = _of_two_kinds(block.circuit)
    pin_one, pin_two = next(iter(one.pins)), next(iter(two.pins))
    swapped = {
        one.name: replace(one, pins=one.pins | {pin_one: two.pins[pin_two]}),
        two.name: replace(two, pins=two.pins | {pin_two: one.pins[pin_one]}),
    }
    gates = [swapped.get(gate.name, gate) for gate in block.circuit.gates]
    _found(block, replace(block.circuit, gates=gates), lambda text: text)


def test_swapped_ports_are_found(block: LaidOut) -> None:
    names = {"a[0]": "a[3]", "a[3]": "a[0]"}
    gates = [
        replace(gate, pins={pin: names.get(net, net) for pin, net in gate.pins.items()}) for gate in block.circuit.gates
    ]
    _found(block, replace(block.circuit, gates=gates), lambda text: text)


def test_a_cut_wire_is_found(block: LaidOut) -> None:
    _found(block, block.circuit, lambda text: text.replace(_piece(text, block.design), "", 1))


def test_a_missing_via_is_found(block: LaidOut) -> None:
    """The only one between a pin and its net's wires."""
    vias = [via for via in block.design.vias if via[1] == "M2_M1" and via[0] in block.circuit.nets]
    needed = next(via for via in vias if sum(via[0] == other[0] for other in vias) == 2)
    _found(block, block.circuit, lambda text: without_vias(text, {needed}, block.design.units))


@pytest.mark.parametrize(("via", "layer"), [("M4_M3", "metal4"), ("M3_M2", "metal2")])
def test_a_loose_via_is_taken_out(block: LaidOut, via: str, layer: str) -> None:
    """Its upper or its lower end touches nothing; the wire that it stands on stays."""
    wire, x, y = _free_place(block.design, layer)
    corners = f"metal3 ( {round(100 * wire.x0)} {round(100 * wire.y0)} ) ( {round(100 * x)} {round(100 * y)} )"
    planted = _with_path(_text(block), wire.net, f"{corners} {via}")
    assert any(" area " in rule for rule in design_rules(_work(block, planted)))
    cleaned, loose = without_loose_vias(planted, block.circuit, read_lef(LEF))
    assert [taken[:2] for taken in loose] == [(wire.net, via)]
    assert cleaned == _with_path(_text(block), wire.net, corners)
    assert design_rules(_work(block, cleaned)) == {}
    assert compare(_work(block, cleaned), block.circuit).matches


def test_no_via_that_is_needed_is_taken_out(block: LaidOut) -> None:
    """Also those that end on the pin of a cell, without a wire there."""
    assert without_loose_vias(_text(block), block.circuit, read_lef(LEF)) == (_text(block), set())
    assert block.layout.loose_vias == 0


def test_the_flow_takes_loose_vias_out_and_counts_them(
    block: LaidOut, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wire, x, y = _free_place(block.design, "metal4")

    def route(placed: Path, progress: Callable[[str], None]) -> tuple[Path, int]:
        routed, failed = routing.route(placed, progress)
        path = f"metal3 ( {round(100 * x)} {round(100 * y)} ) M4_M3"
        routed.write_text(_with_path(routed.read_text("utf-8"), wire.net, path), "utf-8")
        return routed, failed

    monkeypatch.setattr(flow, "route", route)
    done = _laid_out(tmp_path)
    assert done.layout.loose_vias == 1
    assert json.loads((tmp_path / "layout.json").read_text("utf-8"))["loose_vias"] == 1
    assert done.layout.clean
    assert _text(done) == _text(block)


def test_a_short_is_found(block: LaidOut) -> None:
    one, two = _two_wires(block.design)
    _found(block, block.circuit, lambda text: _with_wire(text, one, two.x0, two.y0))


def test_a_broken_spacing_is_found(block: LaidOut) -> None:
    """A piece of metal3 0.1 um beside a wire of another net: 0.3 um are needed."""
    wire = next(wire for wire in block.design.wires if wire.layer == "metal3" and wire.length > 2)
    text = _with_wire(
        _text(block), replace(wire, net="rst", y0=wire.y0 + 0.4, y1=wire.y1 + 0.4), wire.x1, wire.y0 + 0.4
    )
    errors = design_rules(_work(block, text))
    assert any(rule.startswith("Metal3 spacing") for rule in errors), errors


def test_a_cell_of_another_library_is_refused(tmp_path: Path) -> None:
    netlist = _netlist(_cells())
    netlist.modules["block"].instances[0].of = "sky130_fd_sc_hd__inv_1"
    library = replace(
        netlist.library, cells={**netlist.library.cells, "sky130_fd_sc_hd__inv_1": netlist.library.buffer}
    )
    with pytest.raises(InputError, match="block: sky130_fd_sc_hd__inv_1 is no cell of osu018"):
        lay_out(replace(netlist, library=library), tmp_path, str)


def test_missing_tools_are_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(InputError) as error:
        require()
    lines = str(error.value).splitlines()
    assert "qrouter: not found; install Debian's package qrouter" in lines
    assert "tclsh: not found; install Debian's package tcl" in lines
    assert all(re.fullmatch(r"\S+: not found; install Debian's package \S+", line) for line in lines)


DEF = """
DESIGN two ;
UNITS DISTANCE MICRONS 100 ;
DIEAREA ( -100 0 ) ( 900 500 ) ;
TRACKS X -100 DO 3 STEP 80 LAYER metal2 ;
COMPONENTS 1 ;
- u1 INVX1 + PLACED ( 40 50 ) FS ;
END COMPONENTS
PINS 1 ;
- a[0] + NET a[0]
  + LAYER metal3 ( -40 -20 ) ( 40 20 )
  + PLACED ( 100 200 ) N ;
END PINS
NETS 1 ;
- a[0]
  ( PIN a[0] )
  ( u1 A )
+ ROUTED metal3 ( 100 200 ) ( 300 * ) M3_M2
  NEW metal2 ( 300 200 ) ( * 450 ) ( 340 * ) M2_M1 ;
END NETS
SPECIALNETS 1 ;
- vdd
+ FIXED metal1 40 ( 500 0 ) ( * * ) post
  NEW metal6 160 ( 500 0 ) ( * 500 ) ;
END SPECIALNETS
"""


def test_the_def_reader() -> None:
    design = read_def(DEF)
    assert (design.design, design.die) == ("two", (-1.0, 0.0, 9.0, 5.0))
    assert design.tracks["metal2"] == pytest.approx([-1.0, -0.2, 0.6])
    assert [(cell.name, cell.cell, cell.orientation) for cell in design.components] == [("u1", "INVX1", "FS")]
    assert design.pins[0].box == pytest.approx((0.6, 1.8, 1.4, 2.2))
    pieces = [(wire.net, wire.layer, wire.width, round(wire.length, 9)) for wire in design.wires]
    assert pieces == [
        ("a[0]", "metal3", 0.0, 2.0),
        ("a[0]", "metal2", 0.0, 2.5),
        ("a[0]", "metal2", 0.0, 0.4),
        ("vdd", "metal6", 1.6, 5.0),
    ]
    assert design.vias == [("a[0]", "M3_M2", 3.0, 2.0), ("a[0]", "M2_M1", 3.4, 4.5), ("vdd", "post", 5.0, 0.0)]


def test_vias_are_cut_out_of_a_def() -> None:
    text = DEF.replace("M3_M2\n", "M3_M2 \n")  # As qrouter writes it.
    upper, lower, power = read_def(text).vias
    assert without_vias(text, {upper}, 100) == text.replace("M3_M2 ", "")
    assert without_vias(text, {lower}, 100) == text.replace(" M2_M1", "")
    assert without_vias(text, {power}, 100) == text
    alone = text.replace("+ ROUTED", "+ ROUTED metal2 ( 50 50 ) M2_M1 \n  NEW")
    assert without_vias(alone, {("a[0]", "M2_M1", 0.5, 0.5)}, 100) == text
    only = re.sub(r"\+ ROUTED .*?;", "+ ROUTED metal2 ( 50 50 ) M2_M1 ;", text, count=1, flags=re.S)
    assert read_def(without_vias(only, {("a[0]", "M2_M1", 0.5, 0.5)}, 100)).vias == [power]


@pytest.mark.parametrize("orientation", ["N", "S", "FN", "FS"])
def test_vias_on_a_port_and_on_the_pin_of_a_turned_cell_are_not_loose(orientation: str) -> None:
    """The cell is 1.6 um x 10 um at (0.4, 0.5), its pin from (0.2, 1.9) to (0.6, 2.7)."""
    places = {"N": (80, 280), "S": (160, 820), "FN": (160, 280), "FS": (80, 820)}
    lef = Lef(
        {layer: Layer(0.3, 0.0, 0.0) for layer in ("metal1", "metal2", "metal3")},
        {"INVX1": (1.6, 10.0)},
        {"INVX1": {"A": [("metal1", (0.2, 1.9, 0.6, 2.7))]}},
        {
            "M2_M1": [("metal1", (-0.2, -0.2, 0.2, 0.2)), ("metal2", (-0.2, -0.2, 0.2, 0.2))],
            "M3_M2": [("metal2", (-0.2, -0.2, 0.2, 0.2)), ("metal3", (-0.2, -0.2, 0.2, 0.2))],
        },
    )
    wanted = Circuit("two", ["a[0]"], [], [Gate("u1", "INVX1", {"A": "a[0]"})])
    joined = DEF.replace("( 300 * ) M3_M2\n  NEW metal2 ( 300 200 )", "M3_M2\n  NEW metal2 ( 100 200 )")
    for other, (x, y) in places.items():
        text = joined.replace(" FS ;", f" {orientation} ;").replace("( * 450 ) ( 340 * )", f"( * {y} ) ( {x} * )")
        loose = without_loose_vias(text, wanted, lef)[1]
        assert [via[:2] for via in loose] == ([] if other == orientation else [("a[0]", "M2_M1")])


def test_wire_capacitance() -> None:
    """Of 100 um x 0.3 um: 30 um2 at 20 aF and 200 um of edge at 60 aF."""
    assert Layer(0.3, 20e-18, 60e-18).capacitance(100, 0.3) == pytest.approx(12.6e-15)


def _found(block: LaidOut, wanted: Circuit, change: Callable[[str], str]) -> None:
    """The comparison fails with the fault, and passes without."""
    assert compare(_work(block, _text(block)), block.circuit).matches
    result = compare(_work(block, change(_text(block))), wanted)
    assert not result.matches
    assert not replace(block.layout, comparison=result).clean


def _text(block: LaidOut) -> str:
    return (block.folder / "block.def").read_text("utf-8")


def _work(block: LaidOut, text: str) -> Path:
    path = block.folder / "work" / "changed.def"
    path.write_text(text, "utf-8")
    return path


def _of_two_kinds(wanted: Circuit) -> tuple[Gate, Gate]:
    one = wanted.gates[0]
    two = next(
        gate for gate in wanted.gates if gate.cell != one.cell and not set(gate.pins.values()) & {*one.pins.values()}
    )
    return one, two


def _piece(text: str, design: Def) -> str:
    """A piece of wire of a signal that is longer than 5 um, so that no neighbouring piece bridges the gap."""
    nets = text[text.index("\nNETS") :]
    scale = design.units
    for match in re.finditer(r"\n  NEW metal\d \( (-?\d+) (-?\d+) \) \( (\S+) (\S+) \)(?= M\d_M\d $| $)", nets, re.M):
        x = 0 if match[3] == "*" else abs(int(match[3]) - int(match[1]))
        y = 0 if match[4] == "*" else abs(int(match[4]) - int(match[2]))
        if x + y > 5 * scale:
            return match[0]
    raise AssertionError("the layout has no such piece of wire")


def _two_wires(design: Def) -> tuple[Wire, Wire]:
    wires = [wire for wire in design.wires if wire.layer == "metal3" and wire.length > 2]
    one = wires[0]
    return one, next(wire for wire in wires if wire.net != one.net)


def _free_place(design: Def, layer: str) -> tuple[Wire, float, float]:
    """A wire of metal3 and a place on it, 1.5 um and more from all vias and all metal of `layer`."""
    shapes = [wire for wire in design.wires if wire.layer == layer]
    for wire in design.wires:
        x, y = (wire.x0 + wire.x1) / 2, (wire.y0 + wire.y1) / 2
        close: list[object] = [
            other
            for other in shapes
            if min(other.x0, other.x1) - 1.5 < x < max(other.x0, other.x1) + 1.5
            and min(other.y0, other.y1) - 1.5 < y < max(other.y0, other.y1) + 1.5
        ]
        close += [via for via in design.vias if abs(via[2] - x) + abs(via[3] - y) < 1.5]
        if wire.layer == "metal3" and not close:
            return wire, x, y
    raise AssertionError("the layout has no such place")


def _with_wire(text: str, start: Wire, x: float, y: float) -> str:
    """`text` with metal3 from the beginning of `start` to (x, y), as part of its net."""
    corners = [(start.x0, start.y0), (x, start.y0), (x, y)]
    points = " ".join(f"( {round(100 * a)} {round(100 * b)} )" for a, b in corners)
    return _with_path(text, start.net, f"metal3 {points}")


def _with_path(text: str, net: str, path: str) -> str:
    return re.sub(
        rf"(\n- {re.escape(net)}\n(?:  \(.*\n)*\+ ROUTED )",
        lambda match: f"{match[1]}{path} \n  NEW ",
        text,
        count=1,
    )
