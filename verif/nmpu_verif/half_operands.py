"""Operands for a multiply-add of halves: every triple of the edges, and random ones aimed at what is hard to round."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from nmpu_model.half.arithmetic import bits, halves
from nmpu_model.stimulus import integers

Raws = NDArray[np.uint16]
"""Bits of halves."""
Triple = tuple[Raws, Raws, Raws]

SIGN = 0x8000
EDGES = np.array(
    [
        *(0x0000, 0x0001, 0x0002, 0x0003),  # zero, the smallest subnormals
        *(0x0200, 0x03FE, 0x03FF, 0x0400, 0x0401, 0x07FF, 0x0800),  # around the smallest normal number
        *(0x13FF, 0x1400, 0x1401),  # 2**-10: times a number next to 1, half an LSB of it
        *(0x3800, 0x3BFF, 0x3C00, 0x3C01, 0x3E00, 0x4200),  # 1/2, around 1, 3/2, 3
        *(0x6400, 0x6801, 0x77FF, 0x7800),  # the first without a fraction; half the range
        *(0x7BFE, 0x7BFF, 0x7C00, 0x7C01, 0x7E00),  # the largest numbers, infinity, signalling and quiet NaN
    ],
    np.uint16,
)
EDGES = np.concatenate((EDGES, EDGES | SIGN))


def edge_triples() -> Triple:
    """Every a, b, c of `EDGES`."""
    a, b, c = np.meshgrid(EDGES, EDGES, EDGES, indexing="ij")
    return a.ravel(), b.ravel(), c.ravel()


_RANGES = np.array(
    [
        #  exponent fields of a, of a and b together, of c
        ((0, 31), (0, 62), (0, 31)),  # anything
        ((10, 20), (20, 40), (10, 20)),  # near each other: normal numbers of moderate exponent
        ((8, 22), (16, 44), (0, 0)),  # cancelling: c (below) is within some LSBs of -a*b
        ((10, 20), (20, 40), (5, 22)),  # few significant bits, where ties are frequent
        ((1, 29), (2, 17), (0, 2)),  # small: a*b around the subnormal numbers, c one of them
        ((0, 0), (24, 30), (0, 12)),  # a subnormal, b large: the rounding may fall below the product's lowest bit
        ((15, 29), (43, 47), (28, 30)),  # large: a*b and c around the largest number
        ((1, 30), (3, 5), (0, 30)),  # a*b (its exponent is above that of c) about half an LSB of c
        ((10, 30), (35, 45), (0, 6)),  # c far below a*b, which is 3 times an odd number: often a tie
    ]
)
_CANCELLING, _COARSE, _HALF_LSB, _ODD = 2, 3, 7, 8


def random_triples(seed: int, stream: str, cases: int) -> Triple:
    """`cases` triples, an equal part of each kind in `_RANGES`."""

    def draw(name: str, low: int, high: int) -> NDArray[np.int64]:
        return integers(seed, f"{stream}/{name}", low, high, (cases,))

    def between(name: str, low: NDArray[np.int64], high: NDArray[np.int64]) -> NDArray[np.int64]:
        return (low + draw(name, 0, (1 << 20) - 1) % (high - low + 1)).clip(0, 31)

    kind = np.arange(cases) % len(_RANGES)
    low, high = _RANGES[kind].transpose(2, 1, 0)
    exponent = {name: between(f"{name}/exponent", low[part], high[part]) for part, name in ((0, "a"), (2, "c"))}
    above = np.where(kind == _HALF_LSB, exponent["c"], 0) - exponent["a"]
    exponent["b"] = between("b/exponent", low[1] + above, high[1] + above)

    raws = {}
    for name in "abc":
        fraction = draw(f"{name}/fraction", 0, 1023)
        coarse = draw(f"{name}/coarse", 0, 31) << draw(f"{name}/place", 0, 5)
        fraction = np.where(kind == _COARSE, coarse, fraction)
        if name != "c":
            near_a_power = np.array([0, 0, 1, 1023])[draw(f"{name}/near", 0, 3)]
            fraction = np.where(kind == _HALF_LSB, near_a_power, fraction)
            fraction = np.where(kind == _ODD, fraction // 3 | 1 if name == "a" else 512, fraction)
        raws[name] = (draw(f"{name}/sign", 0, 1) << 15 | exponent[name] << 10 | fraction).astype(np.uint16)
    a, b = raws["a"], raws["b"]
    with np.errstate(over="ignore", invalid="ignore"):
        opposite = bits(-(halves(a) * halves(b))).astype(np.int64)
    cancelling = (opposite + draw("c/near", -2, 2)).clip(0, 0xFFFF).astype(np.uint16)
    return a, b, np.where(kind == _CANCELLING, cancelling, raws["c"])


def random_blocks(seed: int, cases: int, size: int = 1 << 18) -> Iterator[Triple]:
    """`cases` random triples, at most `size` at a time, each block from a stream of its own."""
    for start in range(0, cases, size):
        yield random_triples(seed, f"half/{start}", min(size, cases - start))
