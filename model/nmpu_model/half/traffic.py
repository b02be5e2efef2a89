"""Random halves for programs: the edges of binary16, and numbers as a calibrated column has them."""

import numpy as np

from nmpu_model.half.arithmetic import bits
from nmpu_model.stimulus import integers
from nmpu_model.types import Integers

EDGES = (
    *(0x0000, 0x8000, 0x0001, 0x83FF, 0x0400),  # zeros, the ends of the subnormal numbers, the smallest normal one
    *(0x3C00, 0xBC00, 0x7BFF, 0xFBFF),  # 1, -1, the largest numbers
    *(0x7C00, 0xFC00, 0x7E00, 0x7C01),  # infinities, quiet and signalling NaN
)

_ORDINARY = {"scale": (768, 1280, 1024), "offset": (-128, 128, 2), "gain": (-256, 256, 1024), "bias": (-512, 512, 4)}
"""Lowest and highest numerator, and the denominator: scales near 1, small gains, as in fixed point."""


def ordinary(name: str, seed: int, stream: str, count: int) -> Integers:
    """`count` raws for the parameter `name` for which the code is mostly neither cut off nor zero."""
    low, high, denominator = _ORDINARY[name.partition("_")[0]]
    return bits((integers(seed, f"{stream}/near", low, high, (count,)) / denominator).astype(np.float16)).astype(
        np.int64
    )
