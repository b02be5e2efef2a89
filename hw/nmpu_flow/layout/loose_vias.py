"""Vias that join nothing: qrouter leaves one behind now and then, and its metal alone is too small an area."""

from collections import defaultdict
from collections.abc import Iterator

from nmpu_flow.layout.circuit import GROUND, POWER, Circuit
from nmpu_flow.layout.deffile import Box, Def, Placed, Via, Wire, read_def, without_vias
from nmpu_flow.layout.lef import Lef, Shape

_MIRRORED = {"N": (False, False), "S": (True, True), "FN": (True, False), "FS": (False, True)}
"""Whether a cell's left and right, and its bottom and top, have changed places."""

_Nanometres = tuple[int, ...]
"""A box in whole numbers: what abuts does touch."""


def without_loose_vias(text: str, circuit: Circuit, lef: Lef) -> tuple[str, set[Via]]:
    """The routed DEF `text` of `circuit` without its loose vias, and these.

    A via is loose where one of its ends touches no metal of its net on that layer: no wire, no other via, no pin of a
    cell, no port. Power and ground are left as they are.
    """
    design = read_def(text)
    vias = {via for via in design.vias if via[0] not in (POWER, GROUND)}
    ends = {via: [(layer, _whole(_at(box, *via[2:]))) for layer, box in lef.vias[via[1]]] for via in vias}
    metal: dict[tuple[str, str], list[tuple[Via | None, _Nanometres]]] = defaultdict(list)
    for net, (layer, box) in _fixed(design, circuit, lef):
        metal[net, layer].append((None, _whole(box)))
    for via, shapes in ends.items():
        for layer, end in shapes:
            metal[via[0], layer].append((via, end))

    def joined(via: Via, layer: str, end: _Nanometres) -> bool:
        return any(owner != via and _touch(end, box) for owner, box in metal[via[0], layer])

    loose = {via for via, shapes in ends.items() if not all(joined(via, *shape) for shape in shapes)}
    return without_vias(text, loose, design.units), loose


def _fixed(design: Def, circuit: Circuit, lef: Lef) -> Iterator[tuple[str, Shape]]:
    """Net and metal of all that is not a via."""
    for wire in design.wires:
        yield wire.net, (wire.layer, _wire(wire, lef))
    for pin in design.pins:
        yield pin.net, (pin.layer, pin.box)
    cells = {cell.name: cell for cell in design.components}
    for gate in circuit.gates:
        for name, net in gate.pins.items():
            for layer, box in lef.pins[gate.cell][name]:
                yield net, (layer, _placed(box, cells[gate.name], lef.sizes[gate.cell]))


def _wire(wire: Wire, lef: Lef) -> Box:
    """DEF: a wire of the layer's own width goes half of it beyond its ends, one with a width of its own does not."""
    half = (wire.width or lef.layers[wire.layer].width) / 2
    x, y = (half, half) if not wire.width else (0.0, half) if wire.y0 == wire.y1 else (half, 0.0)
    return (
        min(wire.x0, wire.x1) - x,
        min(wire.y0, wire.y1) - y,
        max(wire.x0, wire.x1) + x,
        max(wire.y0, wire.y1) + y,
    )


def _placed(box: Box, cell: Placed, size: tuple[float, float]) -> Box:
    (left, bottom, right, top), (width, height) = box, size
    mirrored_x, mirrored_y = _MIRRORED[cell.orientation]
    if mirrored_x:
        left, right = width - right, width - left
    if mirrored_y:
        bottom, top = height - top, height - bottom
    return _at((left, bottom, right, top), cell.x, cell.y)


def _at(box: Box, x: float, y: float) -> Box:
    return box[0] + x, box[1] + y, box[2] + x, box[3] + y


def _whole(box: Box) -> _Nanometres:
    return tuple(round(1000 * edge) for edge in box)


def _touch(one: _Nanometres, two: _Nanometres) -> bool:
    return one[0] <= two[2] and two[0] <= one[2] and one[1] <= two[3] and two[1] <= one[3]
