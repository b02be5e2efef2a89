"""The bins of whole arrays of cases."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from nmpu_spec.formats import Format
from nmpu_verif.coverage.bins import CoverGroup, hits

Cases = NDArray[np.integer]
ENDS = ("lowest", "inside", "highest")


def sample(group: CoverGroup, places: Mapping[str, Cases | int]) -> None:
    """Record the bins of `group` that the cases hit: the place of each case on each axis, below 0 where on none."""
    record = hits()
    if record is None:
        return
    columns = np.broadcast_arrays(*(places[axis] for axis in group.axes))
    cases = np.stack([column.ravel() for column in columns])
    for found in np.unique(cases[:, (cases >= 0).all(axis=0)], axis=1).T.tolist():
        record.hit(group.name, *(values[at] for values, at in zip(group.axes.values(), found, strict=True)))


def ends(raws: Cases, node: Format) -> Cases:
    """Where raws of `node` are, as places in `ENDS`."""
    return np.where(raws == node.min_raw, 0, np.where(raws == node.max_raw, 2, 1))


def signs(raws: Cases) -> Cases:
    """0 for negative ones, 1 for others."""
    return (np.asarray(raws) >= 0).astype(np.int64)
