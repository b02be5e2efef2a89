"""What the study knows of a point."""

from collections.abc import Mapping
from dataclasses import dataclass

from nmpu_aimc.accuracy import FormatScore
from nmpu_verif.lane_cost import LaneCost
from nmpu_verif.study.points import Point


@dataclass(frozen=True)
class Result:
    """What was measured of a point."""

    score: FormatScore
    cost: LaneCost


@dataclass(frozen=True)
class Row:
    """A point: either its `result`, or the `reason` why the network cannot be served with its formats."""

    name: str
    changes: int
    published: bool
    formats: Mapping[str, str]
    config_hash: str
    result: Result | None
    reason: str


def row_of(point: Point, result: Result | None, reason: str = "") -> Row:
    """The row of `point`; its reason in one line."""
    oneline = " ".join(reason.split())
    return Row(point.name, point.changes, point.published, point.formats, point.config.hash, result, oneline)
