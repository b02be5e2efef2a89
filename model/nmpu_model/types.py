"""Array types of the model."""

import numpy as np
from numpy.typing import NDArray

Integers = NDArray[np.int32] | NDArray[np.int64]
"""Raws; int32 where every node of the configuration fits, which is twice as fast, otherwise int64."""

Mask = NDArray[np.bool_]
"""Column enables, shape (columns,)."""
