"""Array types of the model."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Integers = NDArray[np.signedinteger[Any]]
"""Raws; int32 where every node of the configuration fits, which is twice as fast, otherwise int64."""

Mask = NDArray[np.bool_]
"""Column enables, shape (columns,)."""
