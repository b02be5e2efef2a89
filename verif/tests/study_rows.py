"""Rows of a study, made by hand."""

from nmpu_aimc.accuracy import FormatScore
from nmpu_spec.load import load
from nmpu_verif.lane_cost import LaneCost
from nmpu_verif.study.points import formats
from nmpu_verif.study.rows import Result, Row


def row(name: str, area: float, drop: float = 0.0, error: float = 0.0, rms: float = 1.0) -> Row:
    """A measured row whose configuration has its name for a hash."""
    result = Result(FormatScore(0.5, drop, error, rms, 2.0), LaneCost(float(area), area / 4, 2.0 * area, 5.0))
    return Row(name, 1, False, formats(load("tiny")), name, result, "")


REFUSED = Row("refused", 1, False, formats(load("tiny")), "refused", None, "conv1: does not fit")
