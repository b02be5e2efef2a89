"""A FLOOR unit, or a HALF_UP unit with half an LSB less bias (model and RTL), is PULP NE16's normalise-and-quantise."""

from nmpu_spec.rounding import Rounding
from nmpu_verif.oracles.definitions import ne16_normquant
from nmpu_verif.oracles.operands import operands
from nmpu_verif.oracles.requantiser import Case, agreeing, disagreement, multiply_add_shift, requantiser, rtl

NORMALISATIONS = [
    (1, 0, 0, False),
    (1, 0, 1, False),
    (200, -5000, 8, True),
    (255, 5000, 10, False),
    (64, 0, 13, True),
    (9999, 77777, 15, False),
    (65535, -(1 << 24), 18, True),
    (3 << 20, 1 << 28, 25, False),
    ((1 << 24) - 1, 0, 31, True),
]
"""scale (8, 16 or 24 bits), bias, shift, ReLU."""


def cases(half_less: bool = False) -> list[Case]:
    """`half_less`: with half an LSB taken off the bias."""
    made = []
    for scale, bias, shift, relu in NORMALISATIONS:
        limit = min(1 << 29, ((1 << 31) - 1 - abs(bias)) // scale)
        x = operands(scale, shift, bias, limit=limit)
        wanted = [ne16_normquant(value, scale, bias, shift, relu=relu) for value in x]
        addend = bias - ((1 << shift >> 1) if half_less else 0)
        made.append(Case(multiply_add_shift(scale, shift, addend, signed=not relu, relu=relu), x, wanted))
    return made


def test_normquant() -> None:
    """INT8 without and UINT8 with ReLU, as long as their 32 bits do not wrap. Separates FLOOR from the nearest ones."""
    assert agreeing(cases()) == {Rounding.FLOOR}


def test_normquant_on_a_half_up_unit() -> None:
    """With half an LSB of the code taken off the bias: model and RTL. Separates HALF_UP."""
    assert agreeing(cases(half_less=True)) == {Rounding.HALF_UP}
    assert not disagreement(requantiser(), cases(half_less=True), rtl)


def test_where_their_accumulator_wraps_the_unit_saturates() -> None:
    """Not the unit's: nothing in it wraps before the code."""
    x = 1 << 28
    case = Case(multiply_add_shift(200, 8), [x], [ne16_normquant(x, 200, 0, 8, relu=False)])
    assert case.wanted == [-128]
    assert "answers 127" in disagreement(requantiser(Rounding.FLOOR), [case])
