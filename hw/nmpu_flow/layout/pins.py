"""Where the ports of a placed block go: on its edge, close to what they join, each large enough to stand alone."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from nmpu_flow.errors import FlowError
from nmpu_flow.layout.circuit import GROUND, POWER, Circuit
from nmpu_flow.layout.deffile import Def, read_def

_CORNER = 4.0
"""Micrometres from a corner of the die: the placer keeps wires out of there."""
_STRIPE = 2.0
"""Micrometres from the middle of a power stripe, which is via stacks from metal1 up."""


@dataclass(frozen=True)
class _Slot:
    layer: str
    x: float
    y: float
    width: float
    height: float


def place_pins(text: str, circuit: Circuit) -> str:
    """The placed DEF `text` with every pin but power and ground at the free place closest to the cells of its net.

    Places are on every other track. A pin is 0.4 um x 0.8 um: a port that nothing uses is a metal shape of its own,
    which the technology wants to be 0.2 um2 at least. Raises `FlowError` where the edge is too short for the pins.
    """
    design = read_def(text)
    targets = _targets(design, circuit)
    free = list(_slots(design))
    if len(free) < len(circuit.inputs + circuit.outputs):
        raise FlowError(f"{circuit.name}: has more ports than there are places on its edge ({len(free)})")
    chosen = {}
    for port in circuit.inputs + circuit.outputs:
        x, y = targets.get(port, (design.die[0], design.die[1]))
        chosen[port] = min(free, key=lambda slot: abs(slot.x - x) + abs(slot.y - y))
        free.remove(chosen[port])
    return re.sub(
        r"^- (\S+) \+ NET \S+\n.*\n.* N ;$",
        lambda match: match[0] if match[1] in (POWER, GROUND) else _pin(match[1], chosen[match[1]], design.units),
        text,
        flags=re.M,
    )


def _pin(name: str, slot: _Slot, units: int) -> str:
    right, top = round(units * slot.width / 2), round(units * slot.height / 2)
    return (
        f"- {name} + NET {name}\n  + LAYER {slot.layer} ( {-right} {-top} ) ( {right} {top} )\n"
        f"  + PLACED ( {round(units * slot.x)} {round(units * slot.y)} ) N ;"
    )


def _targets(design: Def, circuit: Circuit) -> dict[str, tuple[float, float]]:
    """The mean place of the cells on each net."""
    places = {cell.name: (cell.x, cell.y) for cell in design.components}
    joined: dict[str, list[tuple[float, float]]] = {}
    for gate in circuit.gates:
        for net in gate.pins.values():
            joined.setdefault(net, []).append(places[gate.name])
    return {
        net: (sum(x for x, _ in points) / len(points), sum(y for _, y in points) / len(points))
        for net, points in joined.items()
    }


def _slots(design: Def) -> Iterator[_Slot]:
    """Every other track of metal3 at the left and right edge, of metal2 at the lower and upper one."""
    columns, rows = design.tracks["metal2"], design.tracks["metal3"]
    left, bottom, right, top = design.die
    stripes = {wire.x0 for wire in design.wires if wire.layer == "metal6" and wire.x0 == wire.x1}
    for y in rows[::2]:
        if bottom + _CORNER <= y <= top - _CORNER:
            for x in (columns[1], columns[-2]):
                yield _Slot("metal3", x, y, 0.8, 0.4)
    for x in columns[::2]:
        if left + _CORNER <= x <= right - _CORNER and all(abs(x - stripe) > _STRIPE for stripe in stripes):
            for y in (rows[1], rows[-2]):
                yield _Slot("metal2", x, y, 0.4, 0.8)
