"""Random numbers that are the same on every machine and with every numpy version.

A counter-based generator: word k of a stream is mix(key + (k + 1) * GAMMA) modulo 2**64, where mix is the finaliser of
SplitMix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number generators", OOPSLA 2014),

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;  z = z ^ (z >> 31)

GAMMA = 0x9e3779b97f4a7c15, and key is the first 8 bytes (little-endian) of SHA-256("<seed>/<stream>").
"""

import hashlib

import numpy as np
from numpy.typing import NDArray

_GAMMA = np.uint64(0x9E3779B97F4A7C15)
_MIX = ((np.uint64(30), np.uint64(0xBF58476D1CE4E5B9)), (np.uint64(27), np.uint64(0x94D049BB133111EB)))


def uniform_bits(seed: int, stream: str, count: int, first: int = 0) -> NDArray[np.uint64]:
    """`count` words of a stream from word `first` on, 64 random bits each."""
    key = np.frombuffer(hashlib.sha256(f"{seed}/{stream}".encode()).digest()[:8], dtype="<u8")
    words: NDArray[np.uint64] = np.arange(first + 1, first + count + 1, dtype=np.uint64)
    words *= _GAMMA
    words += key
    for shift, factor in _MIX:
        words ^= words >> shift
        words *= factor
    words ^= words >> np.uint64(31)
    return words


def integers(seed: int, stream: str, low: int, high: int, shape: tuple[int, ...]) -> NDArray[np.int64]:
    """Integers from `low` to `high`, both included: low + (top 32 bits * span) >> 32; the span is at most 2**32.

    The ends are hit about 2**-32 more or less often than the rest, which no stimulus notices.
    """
    span = high - low + 1
    if not 1 <= span <= 1 << 32:
        raise ValueError(f"range {low} to {high}: must hold 1 to 2**32 integers")
    words = uniform_bits(seed, stream, int(np.prod(shape))) >> np.uint64(32)
    return ((words * np.uint64(span)) >> np.uint64(32)).astype(np.int64).reshape(shape) + low
