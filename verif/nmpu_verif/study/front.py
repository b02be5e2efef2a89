"""Which points are worth their area."""

from collections.abc import Callable, Sequence

from nmpu_aimc.accuracy import FormatScore
from nmpu_verif.study.rows import Row


def front(rows: Sequence[Row], loss: Callable[[FormatScore], float]) -> list[Row]:
    """The Pareto front of lane area (`small_um2`) against `loss`, by rising area.

    A row is on it when every smaller lane loses more, and no lane of the same area loses less; of rows that are equal
    in both, the first of `rows`. Rows without a result, or whose loss is NaN, are on no front.
    """
    ranked = sorted(
        (
            (row.result.cost.small_um2, loss(row.result.score), at, row)
            for at, row in enumerate(rows)
            if row.result is not None
        ),
        key=lambda entry: entry[:3],
    )
    best, found = float("inf"), []
    for _, lost, _, row in ranked:
        if lost < best:
            best = lost
            found.append(row)
    return found


def cheapest(rows: Sequence[Row], allowed_drop: float) -> Row | None:
    """The smallest lane (`small_um2`) whose drop + one standard error is at most `allowed_drop` points; none: no such.

    Of lanes of the same area the one with the smaller error (`rms_lsb`), then the first of `rows`.
    """
    within = [
        (row.result.cost.small_um2, row.result.score.rms_lsb, at, row)
        for at, row in enumerate(rows)
        if row.result is not None and row.result.score.drop + row.result.score.drop_error <= allowed_drop
    ]
    return min(within, key=lambda entry: entry[:3], default=(0.0, 0.0, 0, None))[3]
