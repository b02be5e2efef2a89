"""The error map: every compared code, column by vector, and which of them differ in which bit."""

from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from nmpu_bringup.diagnosis.check import Report
from nmpu_bringup.diagnosis.comparison import Comparison
from nmpu_bringup.diagnosis.scene import Scene
from nmpu_bringup.diagnosis.stages import FIELD, NOTHING

_BITS = FIELD.bit_length()
_EQUAL, _MISSING = -1, _BITS
"""What a code is shown as that is right, or that did not come; otherwise by the highest bit that differs."""
_MOST_ROWS = 1600
"""More rows than that would be lost between the pixels: neighbours share one, the worst of them shows."""
_DPI = 110
_ROW = 2.2 / _DPI
"""Inches of a vector, where there is room: two pixels, so that a line between cases does not hide one."""
_MOST_GROUPS = 32
"""Up to so many groups the column axis is marked where each begins."""


def draw(report: Report, path: Path) -> None:
    """Write the picture as PNG."""
    scene = report.scene
    height = min(max(4.0, _ROW * len(scene.differs), 0.19 * len(scene.cases)), 13.0) + 3.2
    figure = Figure(figsize=(12.5, height), dpi=_DPI, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplot_mosaic("MM;LB", height_ratios=[height - 2.2, 2.2], width_ratios=[2, 1])
    _map(axes["M"], scene)
    _per_lane(axes["L"], report.comparison, scene.config.lanes)
    _per_bit(axes["B"], report.comparison)
    figure.suptitle(_title(report), fontsize=11, x=0.01, ha="left", parse_math=False)
    figure.savefig(path, metadata={"Software": None})


def _title(report: Report) -> str:
    compared = report.comparison
    first = f"{report.dump}: {compared.differing:,} of {compared.codes:,} codes differ"
    if not report.explanations:
        return first
    found = report.explanations[0]
    share = found.explained / max(compared.differing, 1)
    told = "explained by" if found.exact else f"{share:.0%} explained by"
    return f"{first}\n{told}: {found.cause}: {found.subject} {found.fault}; {found.where}"


def _map(axes: Axes, scene: Scene) -> None:
    rows, columns = scene.differs.shape
    step = -(-rows // _MOST_ROWS)
    shown = _pooled(_worst_bit(scene), step)
    colours = ["#f2f2f2", *mpl.colormaps["plasma_r"](np.linspace(0.15, 0.95, _BITS)), "#00a0a0"]
    image = axes.imshow(
        shown,
        ListedColormap(colours),
        vmin=_EQUAL - 0.5,
        vmax=_MISSING + 0.5,
        aspect="auto",
        interpolation="nearest",
        extent=(-0.5, columns - 0.5, rows - 0.5, -0.5),
    )
    for group in range(1, scene.config.groups):
        axes.axvline(group * scene.config.lanes - 0.5, color="black", linewidth=0.8, linestyle="--")
    for start in scene.starts[1:]:
        axes.axhline(start - 0.5, color="black", linewidth=0.4, alpha=0.5)
    ends = np.append(scene.starts[1:], rows)
    axes.set_yticks((scene.starts + ends - 1) / 2, scene.names, fontsize=6 if len(scene.names) > 30 else 7)
    axes.tick_params(axis="y", length=0)
    axes.set_ylabel("vectors of each case, the first on top")
    lanes, groups = scene.config.lanes, scene.config.groups
    if groups <= _MOST_GROUPS:
        axes.set_xticks([*range(0, columns, lanes), columns - 1])
    axes.set_xlabel(f"column (dashed: groups of {lanes} lanes)" if groups > 1 else "column = lane")
    bar = axes.figure.colorbar(image, ax=axes, ticks=range(_EQUAL, _MISSING + 1), pad=0.01, fraction=0.03)
    bar.set_ticklabels(["equal", *map(str, range(_BITS)), "no code"], fontsize=8)
    bar.set_label("highest bit that differs")


def _worst_bit(scene: Scene) -> NDArray[np.int64]:
    """The highest bit that differs in each code, (rows, columns)."""
    wrong = (scene.rows_got ^ scene.rows_expected).astype(np.int64)
    _, exponent = np.frexp(wrong)
    return np.where(scene.rows_got == NOTHING, _MISSING, exponent - 1)


def _pooled(shown: NDArray[np.int64], step: int) -> NDArray[np.int64]:
    return np.maximum.reduceat(shown, np.arange(0, len(shown), step), axis=0)


def _per_lane(axes: Axes, compared: Comparison, lanes: int) -> None:
    axes.bar(range(lanes), [compared.lanes.get(lane, 0) for lane in range(lanes)], color="#7a3b8f")
    axes.set_xlim(-0.6, lanes - 0.4)
    axes.set_xlabel("lane")
    axes.set_ylabel("codes that differ")
    axes.yaxis.set_major_locator(MaxNLocator(5, integer=True))
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))


def _per_bit(axes: Axes, compared: Comparison) -> None:
    places = np.arange(_BITS)
    axes.bar(places - 0.2, [bit.rises for bit in compared.bits], 0.4, color="#c0392b", label="1, must be 0")
    axes.bar(places + 0.2, [bit.falls for bit in compared.bits], 0.4, color="#2c6fbb", label="0, must be 1")
    axes.set_xticks(places)
    axes.set_xlabel("output bit")
    axes.yaxis.set_major_locator(MaxNLocator(5, integer=True))
    axes.legend(fontsize=8)
