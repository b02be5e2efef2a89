"""The routed layout as a picture: cells in their rows, wires by layer, power stripes, ports."""

from pathlib import Path

from matplotlib.collections import LineCollection, PatchCollection
from matplotlib.figure import Figure
from matplotlib.patches import Patch, Rectangle

from nmpu_flow.layout.circuit import FILLER, GROUND, POWER
from nmpu_flow.layout.deffile import Def
from nmpu_flow.layout.lef import Lef

_COLOURS = {
    "metal1": "#1f77b4",
    "metal2": "#d62728",
    "metal3": "#2ca02c",
    "metal4": "#9467bd",
    "metal5": "#ff7f0e",
    "metal6": "#8c564b",
}
_SEQUENTIAL, _OTHER = "#c6dbef", "#eeeeee"


def draw(design: Def, lef: Lef, path: Path) -> None:
    """Write the picture of `design` as a PNG; wires are drawn as wide as they are."""
    left, bottom, right, top = design.die
    size = 12.0
    figure = Figure(figsize=(size, size * (top - bottom) / (right - left) + 0.9), dpi=200, layout="constrained")
    axes = figure.add_subplot()
    axes.set(xlim=(left - 2, right + 2), ylim=(bottom - 2, top + 2), aspect="equal", xlabel="um", ylabel="um")
    for colour, kept in ((_OTHER, False), (_SEQUENTIAL, True)):
        boxes = [
            Rectangle((cell.x, cell.y), *lef.sizes[cell.cell])
            for cell in design.components
            if cell.cell != FILLER and cell.cell.startswith(("DFF", "LATCH")) == kept
        ]
        axes.add_collection(PatchCollection(boxes, facecolor=colour, edgecolor="#bbbbbb", linewidth=0.15))
    figure.draw_without_rendering()
    points = 72 / figure.dpi * axes.get_window_extent().width / (right - left + 4)
    for layer, colour in _COLOURS.items():
        for power in (True, False):
            wires = [wire for wire in design.wires if wire.layer == layer and (wire.net in (POWER, GROUND)) == power]
            axes.add_collection(
                LineCollection(
                    [[(wire.x0, wire.y0), (wire.x1, wire.y1)] for wire in wires],
                    linewidths=[points * (wire.width or lef.layers[layer].width) for wire in wires],
                    colors=colour,
                    alpha=0.25 if power else 0.8,
                )
            )
    ports = [Rectangle((x0, y0), x1 - x0, y1 - y0) for x0, y0, x1, y1 in (pin.box for pin in design.pins)]
    axes.add_collection(PatchCollection(ports, facecolor="black", edgecolor="black", linewidth=1))
    used = {wire.layer for wire in design.wires}
    keys = [Patch(color=colour, label=layer) for layer, colour in _COLOURS.items() if layer in used]
    keys += [
        Patch(color=_SEQUENTIAL, label="flop"),
        Patch(color=_OTHER, label="gate"),
        Patch(color="black", label="port"),
    ]
    figure.legend(handles=keys, loc="outside lower center", ncols=len(keys), frameon=False)
    axes.set_title(f"{design.design}: {right - left:.0f} um x {top - bottom:.0f} um, {len(design.wires)} wires")
    figure.savefig(path, metadata={"Software": None})
