"""Normally distributed numbers that are the same on every machine."""

from functools import cache
from math import prod
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from nmpu_model.stimulus import uniform_bits

_BITS = 16
_PER_WORD = 64 // _BITS
_GRID = 4096


@cache
def _quantiles() -> NDArray[np.float32]:
    """The normal quantiles of (k + 1/2) / 2**16, rounded to 1/4096, which hides the last bits of the logarithm."""
    normal = NormalDist()
    values = np.array([normal.inv_cdf((k + 0.5) / 2**_BITS) for k in range(2**_BITS)])
    return (np.floor(values * _GRID + 0.5) / _GRID).astype(np.float32)


def gaussian(seed: int, stream: str, shape: tuple[int, ...], first: int = 0) -> NDArray[np.float32]:
    """About N(0, 1): quantiles of 16 random bits each, four from one word; within +-4.33, sigma 0.99996.

    The rows (first axis) of a stream are numbered, and `first` is the number of the first one: what a row holds depends
    on its number and its size alone, so a stream can be read in pieces.
    """
    size = prod(shape[1:])
    words = -(-size // _PER_WORD)
    bits = uniform_bits(seed, stream, shape[0] * words, first * words).astype("<u8", copy=False).view("<u2")
    return np.take(_quantiles(), bits.reshape(shape[0], -1)[:, :size]).reshape(shape)
