"""Normally distributed numbers that are the same on every machine."""

import numpy as np
from numpy.typing import NDArray

from nmpu_model.stimulus import uniform_bits

_TERMS, _BITS = 12, 5
_MEAN = _TERMS * (2**_BITS - 1) // 2


def gaussian(seed: int, stream: str, shape: tuple[int, ...]) -> NDArray[np.float64]:
    """About N(0, 1) by Irwin-Hall: the sum of 12 uniform 5-bit numbers of one random word, centred, over 32.

    No logarithm or cosine, whose last bit differs between libraries. The results are multiples of 1/32 within +-5.8;
    their sigma is sqrt(1023) / 32 = 0.9995.
    """
    words = uniform_bits(seed, stream, int(np.prod(shape)))
    total = np.zeros(words.shape, np.int64)
    for term in range(_TERMS):
        total += ((words >> np.uint64(_BITS * term)) & np.uint64(2**_BITS - 1)).astype(np.int64)
    return np.asarray((total - _MEAN) / 2**_BITS).reshape(shape)
