"""LEF, the text format of technologies and cell abstracts: what layout needs of it."""

import re
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Layer:
    """Of wires. Micrometres; `area_capacitance` in farad per um2, `edge_capacitance` in farad per um of edge."""

    width: float
    area_capacitance: float
    edge_capacitance: float

    def capacitance(self, length: float, width: float) -> float:
        """Farad of a wire to what is below it, without its neighbours."""
        return length * (width * self.area_capacitance + 2 * self.edge_capacitance)


@dataclass(frozen=True)
class Lef:
    """`layers` from the lowest to the highest; `sizes`: width and height of each cell in um."""

    layers: dict[str, Layer]
    sizes: dict[str, tuple[float, float]]


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
    sizes = {}
    for name, body in re.findall(r"^MACRO (\S+)\n(.*?)^END \1", text, re.M | re.S):
        size = re.search(r"SIZE\s+([\d.]+)\s+BY\s+([\d.]+)", body)
        if size:
            sizes[name] = float(size[1]), float(size[2])
    return Lef(layers, sizes)


def _number(body: str, key: str) -> float:
    found = re.search(rf"^\s*{key}\s+(\S+)", body, re.M)
    return float(found[1]) if found else 0.0
