"""DEF, the text format of placed and routed designs, as the placer and router here write it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise

from nmpu_flow.errors import FlowError

Box = tuple[float, float, float, float]
"""Left, bottom, right, top, in um."""
Via = tuple[str, str, float, float]
"""Net, the via's name, x and y in um."""


@dataclass(frozen=True)
class Placed:
    """An instance and its lower left corner, in um; `orientation` in DEF's letters: N, S, FN, FS."""

    name: str
    cell: str
    x: float
    y: float
    orientation: str


@dataclass(frozen=True)
class Pin:
    net: str
    layer: str
    box: Box


@dataclass(frozen=True)
class Wire:
    """A straight piece between two centre points, in um; `width` is 0 where it is the layer's own."""

    net: str
    layer: str
    width: float
    x0: float
    y0: float
    x1: float
    y1: float

    @property
    def length(self) -> float:
        return abs(self.x1 - self.x0) + abs(self.y1 - self.y0)


@dataclass
class Def:
    """`tracks`: each layer's places to route on; `units`: the file's for a micrometre."""

    design: str
    units: int
    die: Box
    tracks: dict[str, list[float]]
    components: list[Placed] = field(default_factory=list)
    pins: list[Pin] = field(default_factory=list)
    wires: list[Wire] = field(default_factory=list)
    vias: list[Via] = field(default_factory=list)


_SECTION = re.compile(r"^(COMPONENTS|PINS|NETS|SPECIALNETS) \d+ ;\n(.*?)^END \1", re.M | re.S)
_TRACKS = re.compile(r"^TRACKS [XY] (\S+) DO (\d+) STEP (\S+) LAYER (\S+) ;", re.M)
_ITEM = re.compile(r"^- (.*?) ;\s*$", re.M | re.S)
_POINT = r"\( *(-?[\d.]+|\*) +(-?[\d.]+|\*) *(?:-?[\d.]+ *)?\)"
_PIN = re.compile(r"(\S+) \+ NET (\S+)\s+\+ LAYER (\S+) " + _POINT + " " + _POINT + r"\s+\+ (?:PLACED|FIXED) " + _POINT)
_PART = re.compile(rf"{_POINT}|(?P<via>[A-Za-z_]\S*)")


def read_def(text: str) -> Def:
    """The design in `text`. Raises `FlowError` where it is not such a DEF."""
    units = re.search(r"^UNITS DISTANCE MICRONS (\d+) ;", text, re.M)
    design = re.search(r"^DESIGN (\S+) ;", text, re.M)
    die = re.search(rf"^DIEAREA {_POINT} {_POINT} ;", text, re.M)
    if units is None or design is None or die is None:
        raise FlowError("def: no DESIGN, UNITS or DIEAREA")
    scale = 1 / int(units[1])
    left, bottom, right, top = (float(number) * scale for number in die.groups())
    tracks = {
        layer: [(float(start) + number * float(step)) * scale for number in range(int(count))]
        for start, count, step, layer in _TRACKS.findall(text)
    }
    found = Def(design[1], int(units[1]), (left, bottom, right, top), tracks)
    for section, body in _SECTION.findall(text):
        for item in _ITEM.findall(body):
            if section == "COMPONENTS":
                name, cell, x, y, way = re.findall(rf"^(\S+) (\S+) .*?{_POINT} (\S+)", item, re.S)[0]
                found.components.append(Placed(name, cell, float(x) * scale, float(y) * scale, way))
            elif section == "PINS":
                found.pins.append(_pin(item, scale))
            else:
                _route(found, item, scale, wide=section == "SPECIALNETS")
    return found


def without_vias(text: str, unwanted: set[Via], units: int) -> str:
    """The DEF `text` without these vias of signals; a path that is only such a via goes with it."""
    nets = {net for net, *_ in unwanted}

    def change(item: re.Match[str]) -> str:
        if item["net"] not in nets:
            return item[0]
        paths = []
        for path in item["paths"].split("NEW "):
            layer, rest = path.split(maxsplit=1)
            parts = zip(_PART.finditer(rest), _points(rest, 1 / units), strict=True)
            kept = [match[0] for match, part in parts if (item["net"], *part) not in unwanted]
            if len(kept) > 1:
                paths.append(" ".join([layer, *kept]))
        routed = " \n  NEW ".join(paths)
        return f"{item['head']}+ ROUTED {routed} ;" if paths else f"{item['head']};"

    signal = re.compile(r"(?P<head>^- (?P<net>\S+)\s[^;+]*)\+ ROUTED (?P<paths>[^;]*);", re.M)
    return re.sub(r"^NETS .*?^END NETS", lambda nets: signal.sub(change, nets[0]), text, flags=re.M | re.S)


def _pin(item: str, scale: float) -> Pin:
    match = _PIN.match(item)
    if match is None:
        raise FlowError(f"def: {item.split(maxsplit=1)[0]}: not a placed pin with one rectangle")
    x0, y0, x1, y1, x, y = (float(number) for number in match.groups()[3:])
    return Pin(match[2], match[3], ((x + x0) * scale, (y + y0) * scale, (x + x1) * scale, (y + y1) * scale))


def _route(found: Def, item: str, scale: float, wide: bool) -> None:
    net = item.split(maxsplit=1)[0]
    routed = re.search(r"\+ (?:ROUTED|FIXED) (.*)", item, re.S)
    for piece in re.split(r"\bNEW\b", routed[1]) if routed else ():
        layer, rest = piece.split(maxsplit=1)
        width = 0.0
        if wide:
            number, rest = rest.split(maxsplit=1)
            width = float(number) * scale
        _pieces(found, net, layer, width, list(_points(rest, scale)))


def _points(text: str, scale: float) -> Iterator[tuple[str, float, float]]:
    """The corners and vias of one path: the via's name (empty for a corner) and where it is."""
    x = y = 0.0
    for match in _PART.finditer(text):
        if match["via"]:
            yield match["via"], x, y
        else:
            x = x if match[1] == "*" else float(match[1]) * scale
            y = y if match[2] == "*" else float(match[2]) * scale
            yield "", x, y


def _pieces(found: Def, net: str, layer: str, width: float, parts: list[tuple[str, float, float]]) -> None:
    corners = [(x, y) for via, x, y in parts if not via]
    found.vias += [(net, via, x, y) for via, x, y in parts if via]
    for (x0, y0), (x1, y1) in pairwise(corners):
        if (x0, y0) != (x1, y1):
            found.wires.append(Wire(net, layer, width, x0, y0, x1, y1))
