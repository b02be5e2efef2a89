"""The digital part in half precision, as the predecessor of the unit does it: the baseline to compare with."""

import numpy as np
from numpy.typing import NDArray

from nmpu_aimc.calibrate import Correction

Half = NDArray[np.float16]


def ldpu(
    p: NDArray[np.uint16],
    n: NDArray[np.uint16],
    rx: NDArray[np.int16] | None,
    *,
    correction: Correction,
    gain: NDArray[np.float64],
    bias: NDArray[np.float64],
    rx_scale: float,
    relu: bool,
) -> NDArray[np.int16]:
    """INT8 codes (vectors, columns) from counters p, n and partial sums rx of the same shape.

    gain and bias (columns,) turn corrected counts into output codes; rx_scale is what a code of rx stands for in them.

    The order is that of the HERMES chip's LDPU [P] (JSSC 2022): convert and scale each branch, subtract, channel
    affine, add rx, ReLU, convert to INT8. Every parameter and every single result is rounded to float16, half to even,
    also where the chip fuses a multiplication with its addition; the last rounding saturates at -128 and 127.
    """
    branches = [
        _half(codes) * _half(scale) + _half(offset)
        for codes, scale, offset in zip((p, n), correction.scale, correction.offset, strict=True)
    ]
    y = (branches[0] - branches[1]) * _half(gain) + _half(bias)
    if rx is not None:
        y = y + _half(rx) * np.float16(rx_scale)
    if relu:
        y = np.maximum(y, np.float16(0))
    return np.asarray(np.clip(np.rint(y), -128, 127), np.int16)


def _half(values: NDArray[np.float64] | NDArray[np.uint16] | NDArray[np.int16]) -> Half:
    return values.astype(np.float16)
