"""LEF, the text format of technologies and cell abstracts: what layout needs of it."""

import re
from collections.abc import Container, Iterator
from dataclasses import dataclass
from pathlib import Path

from nmpu_flow.layout.deffile import Box


@dataclass(frozen=True)
class Layer:
    """Of wires. Micrometres; `area_capacitance` in farad per um2, `edge_capacitance` in farad per um of edge."""

    width: float
    area_capacitance: float
    edge_capacitance: float

    def capacitance(self, length: float, width: float) -> float:
        """Farad of a wire to what is below it, without its neighbours."""
        return length * (width * self.area_capacitance + 2 * self.edge_capacitance)


Shape = tuple[str, Box]
"""Layer and where."""


@dataclass(frozen=True)
class Lef:
    """`layers` from the lowest to the highest; `sizes`: width and height of each cell in um.

    `pins`: the metal of each cell's pins from its lower left corner; `vias`: that of each via around its centre.
    """

    layers: dict[str, Layer]
    sizes: dict[str, tuple[float, float]]
    pins: dict[str, dict[str, list[Shape]]]
    vias: dict[str, list[Shape]]


def read_lef(path: Path) -> Lef:
    text = re.sub(r"#[^\n]*", "", path.read_text("utf-8"))
    layers = {}
    for name, body in re.findall(r"^LAYER (\S+)\n(.*?)^END \1", text, re.M | re.S):
        if re.search(r"TYPE\s+ROUTING", body):
            # In LEF, capacitances are in picofarad.
            layers[name] = Layer(
                _number(body, "WIDTH"),
                _number(body, "CAPACITANCE CPERSQDIST") * 1e-12,
                _number(body, "EDGECAPACITANCE") * 1e-12,
            )
    sizes, pins = {}, {}
    for name, body in re.findall(r"^MACRO (\S+)\n(.*?)^END \1", text, re.M | re.S):
        size = re.search(r"SIZE\s+([\d.]+)\s+BY\s+([\d.]+)", body)
        if size:
            sizes[name] = float(size[1]), float(size[2])
            found = re.findall(r"^\s+PIN (\S+)\n(.*?)^\s+END \1", body, re.M | re.S)
            pins[name] = {pin: list(_metal(shapes, layers)) for pin, shapes in found}
    vias = {
        name: list(_metal(body, layers))
        for name, body in re.findall(r"^VIA (\S+)[^\n]*\n(.*?)^END \1", text, re.M | re.S)
    }
    return Lef(layers, sizes, pins, vias)


def _metal(body: str, layers: Container[str]) -> Iterator[Shape]:
    """The rectangles in `body` that are on one of `layers`."""
    layer = ""
    for name, rectangle in re.findall(r"\bLAYER (\S+)|\bRECT ([-\d. ]+)", body):
        layer = name or layer
        if rectangle and layer in layers:
            left, bottom, right, top = map(float, rectangle.split())
            yield layer, (left, bottom, right, top)


def _number(body: str, key: str) -> float:
    found = re.search(rf"^\s*{key}\s+(\S+)", body, re.M)
    return float(found[1]) if found else 0.0
