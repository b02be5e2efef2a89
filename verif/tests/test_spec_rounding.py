"""Rounding: the plain-integer definition against rational numbers, and the tie table."""

import inspect
import math
from collections.abc import Callable
from fractions import Fraction

import pytest

from nmpu_spec.rounding import Rounding, round_raw

TIES = {  # value: floor, half up (ties to +inf), half even, half away from zero
    -2.5: (-3, -2, -2, -3),
    -1.5: (-2, -1, -2, -2),
    -0.5: (-1, 0, 0, -1),
    0.5: (0, 1, 0, 1),
    1.5: (1, 2, 2, 2),
    2.5: (2, 3, 2, 3),
}
MODES = (Rounding.FLOOR, Rounding.HALF_UP, Rounding.HALF_EVEN, Rounding.HALF_AWAY)


def nearest(value: Fraction, choose: Callable[[set[int]], int]) -> int:
    """The integers at the smallest distance; `choose` takes one where there are two."""
    around = range(math.floor(value) - 1, math.floor(value) + 3)
    distance = min(abs(value - integer) for integer in around)
    return choose({integer for integer in around if abs(value - integer) == distance})


DEFINITIONS: dict[Rounding, Callable[[Fraction], int]] = {
    Rounding.FLOOR: math.floor,
    Rounding.HALF_UP: lambda value: nearest(value, max),
    Rounding.HALF_EVEN: round,
    Rounding.HALF_AWAY: lambda value: nearest(value, lambda pair: max(pair, key=abs)),
}


@pytest.mark.parametrize("value", TIES)
def test_tie_table(value: float) -> None:
    for bits in (1, 2, 7):
        assert tuple(round_raw(int(value * 2**bits), bits, mode) for mode in MODES) == TIES[value]


@pytest.mark.parametrize("mode", Rounding)
def test_docstrings_quote_the_tie_table(mode: Rounding) -> None:
    """The members' documentation lists the same six numbers, in the same order."""
    source = inspect.getsource(Rounding)
    after = source.split(f'"{mode}"\n', 1)[1].split('"""')[1]
    listed = tuple(int(number) for number in after.rsplit(":", 1)[1].rstrip(".").split())
    assert listed == tuple(DEFINITIONS[mode](Fraction(value)) for value in TIES)


@pytest.mark.parametrize("mode", Rounding)
@pytest.mark.parametrize("bits", range(7))
def test_every_code(mode: Rounding, bits: int) -> None:
    for raw in range(-(1 << 8), 1 << 8):
        assert round_raw(raw, bits, mode) == DEFINITIONS[mode](Fraction(raw, 1 << bits))


@pytest.mark.parametrize("mode", Rounding)
def test_whole_numbers_stay(mode: Rounding) -> None:
    for whole in (-(1 << 61), -5, 0, 5, (1 << 61) + 1):
        for bits in (0, 1, 40):
            assert round_raw(whole << bits, bits, mode) == whole


@pytest.mark.parametrize("mode", Rounding)
def test_beside_the_ties_of_large_numbers(mode: Rounding) -> None:
    for bits in (31, 50, 61):
        for whole in (-3, -2, -1, 0, 1, 2):
            for step in (-1, 0, 1):
                raw = (2 * whole + 1) * (1 << (bits - 1)) + step
                assert round_raw(raw, bits, mode) == DEFINITIONS[mode](Fraction(raw, 1 << bits))
