"""Pictures of a calibration: residuals per column, their histogram, and the worst counter's line."""

from collections.abc import Iterator

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from nmpu_bringup.calibration.calibrate import Calibration

_BEFORE, _AFTER, _LOST = "#999999", "#0072b2", "#d55e00"
_BINS = 80


def plots(calibration: Calibration) -> Iterator[tuple[str, Figure]]:
    """File name and figure; the last two only where a column is corrected."""
    yield "residuals.png", _columns(calibration)
    if calibration.corrected.any():
        yield "histogram.png", _histogram(calibration)
        yield "worst.png", _worst(calibration)


def _name(calibration: Calibration, branch: int) -> str:
    branches = calibration.measured.config.branches
    return f"counter {branches[branch].upper()}" if len(branches) > 1 else "code"


def _columns(calibration: Calibration) -> Figure:
    """Residual of each column before and after; the columns that are not corrected are marked."""
    branches, columns = calibration.scale.shape
    index = np.arange(columns)
    figure = Figure(figsize=(12, 1 + 3 * branches), layout="constrained")
    axes: Axes
    for branch, axes in enumerate(figure.subplots(branches, 1, sharex=True, sharey=True, squeeze=False)[:, 0]):
        axes.plot(index, calibration.before.rms[branch], ".", color=_BEFORE, label="rms before")
        axes.plot(index, calibration.after.rms[branch], ".", color=_AFTER, label="rms after")
        axes.plot(index, calibration.rounding[branch], "-", color="black", linewidth=0.7, label="rounding adds at most")
        for number, column in enumerate(calibration.problems):
            axes.axvline(column, color=_LOST, linewidth=1, label=None if number else "not corrected")
        axes.set_yscale("log")
        axes.set_xlim(-1, columns)
        axes.set_title(_name(calibration, branch), loc="left")
        axes.set_ylabel("residual, counts")
        axes.grid(axis="y", alpha=0.3)
        if not branch:
            axes.legend(loc="upper left", bbox_to_anchor=(1, 1), frameon=False)
    axes.set_xlabel("column")
    return figure


def _histogram(calibration: Calibration) -> Figure:
    """Residuals of all points of the corrected columns."""
    corrected = calibration.corrected
    figure = Figure(figsize=(8, 4.5), layout="constrained")
    axes = figure.add_subplot()
    found = {}
    for name, residual in (("before", calibration.before), ("after", calibration.after)):
        errors = residual.errors[:, :, corrected]
        found[name] = errors[~np.isnan(errors)]
    bins = np.histogram_bin_edges(np.concatenate(list(found.values())), _BINS)
    for (name, errors), color in zip(found.items(), (_BEFORE, _AFTER), strict=True):
        label = f"{name}: rms {np.sqrt((errors * errors).mean()):.2f}"
        axes.hist(errors, bins.tolist(), color=color, alpha=0.6, label=label)
    axes.set_yscale("log")
    axes.set_xlabel("corrected code - nominal count, counts")
    axes.set_ylabel("codes")
    axes.legend(frameon=False)
    return figure


def _worst(calibration: Calibration) -> Figure:
    """The counter with the largest rms after: its codes and its line, and its residuals."""
    branch, column = np.unravel_index(np.nanargmax(calibration.after.rms), calibration.scale.shape)
    used = calibration.used[branch, :, column]
    nominal, codes = calibration.nominal[branch, :, column], calibration.codes[branch, :, column]
    figure = Figure(figsize=(12, 4.5), layout="constrained")
    line, rest = figure.subplots(1, 2)
    line.plot(nominal[used], codes[used], ".", color=_AFTER, label="measured")
    if not used.all():
        line.plot(nominal[~used], codes[~used], "x", color=_LOST, label="left out: at an end of the range")
    ends = np.array([nominal.min(), nominal.max()])
    scale, offset = calibration.scale[branch, column], calibration.offset[branch, column]
    line.plot(ends, (ends - offset) / scale, "-", color="black", linewidth=0.7, label="fitted line")
    line.set_ylabel("code")
    rest.plot(nominal, calibration.before.errors[branch, :, column], ".", color=_BEFORE, label="before")
    rest.plot(nominal, calibration.after.errors[branch, :, column], ".", color=_AFTER, label="after")
    rest.axhline(0, color="black", linewidth=0.7)
    rest.set_ylabel("residual, counts")
    for axes in (line, rest):
        axes.set_xlabel("nominal count")
        axes.grid(alpha=0.3)
        axes.legend(frameon=False)
    line.set_title(
        f"largest rms residual after correction: column {column}, {_name(calibration, int(branch))}", loc="left"
    )
    return figure
