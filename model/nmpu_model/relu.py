"""ReLU, which stands after the BatchNorm (1) and after the residual add (2)."""

import numpy as np

from nmpu_model.types import Integers


def relu(x: Integers, enabled: bool) -> Integers:
    """max(x, 0) where enabled, otherwise x; in place."""
    return np.maximum(x, 0, out=x) if enabled else x
