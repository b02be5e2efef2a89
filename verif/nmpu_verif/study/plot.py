"""The plot of the study: lane area against what the formats lose."""

from collections.abc import Callable, Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from nmpu_aimc.accuracy import FormatScore
from nmpu_verif.study.rows import Result, Row
from nmpu_verif.study.study import Study

_MARKS = {"published": ("*", "C3", 220), "chosen": ("D", "C2", 70)}


def draw(study: Study) -> Figure:
    """Every measured point twice: area against drop and against rms error; fronts, published, chosen point marked."""
    figure = Figure(figsize=(12, 5.5), layout="constrained")
    left, right = figure.subplots(1, 2)
    _panel(left, study, study.by_drop, lambda score: score.drop)
    results = _results(study.rows)
    left.errorbar(
        [result.cost.small_gates for result in results],
        [result.score.drop for result in results],
        yerr=[result.score.drop_error for result in results],
        fmt="none",
        ecolor="0.8",
        zorder=0,
    )
    left.axhline(study.allowed_drop, color="0.5", linestyle=":", label=f"stated drop, {study.allowed_drop:g} points")
    # Formats that fail lose tens of points; around the stated drop is where the choice is made.
    left.set_yscale("symlog", linthresh=max(abs(study.allowed_drop), 0.1))
    left.set_ylabel("drop against the FP16 unit, points")
    left.legend()
    _panel(right, study, study.by_error, lambda score: score.rms_lsb)
    right.set_yscale("log")
    right.set_ylabel("rms error of the output codes, LSB")
    entries = study.table.study
    figure.suptitle(f"{entries['task']['network']}, a lane in {entries['library']['name']}, before layout")
    return figure


def _panel(axes: Axes, study: Study, front: Sequence[Row], loss: Callable[[FormatScore], float]) -> None:
    for color, size, rows in (("C0", 14, study.rows), ("C1", 30, front)):
        results = _results(rows)
        places = [result.cost.small_gates for result in results], [loss(result.score) for result in results]
        axes.scatter(*places, s=size, color=color, label="front" if rows is front else "format point")
        if rows is front:
            axes.step(*places, where="post", color=color)
    for name, row in (("published", study.published), ("chosen", study.chosen)):
        for result in _results([row] if row else []):
            marker, color, size = _MARKS[name]
            place = result.cost.small_gates, loss(result.score)
            axes.scatter(*place, s=size, marker=marker, color=color, edgecolor="black", zorder=3, label=name)
    axes.set_xlabel("lane area by the recipe for area, gate equivalents")
    axes.grid(alpha=0.3)


def _results(rows: Sequence[Row]) -> list[Result]:
    return [row.result for row in rows if row.result is not None]
