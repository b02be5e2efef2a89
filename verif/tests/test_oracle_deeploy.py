"""A HALF_UP unit, model and RTL, is Deeploy's RequantShift with its rounding; a FLOOR unit is it without."""

from nmpu_spec.rounding import Rounding
from nmpu_verif.oracles.definitions import INT8, UINT8, deeploy_requant_shift
from nmpu_verif.oracles.operands import operands
from nmpu_verif.oracles.requantiser import Case, agreeing, disagreement, multiply_add_shift, requantiser, rtl

KERNELS = [
    (1, 0, 0, 0, 0, True),
    (1, 0, 1, 0, 5, True),
    (3, -7, 4, -128, 0, True),
    (-5, 1000, 7, 0, -3, True),
    (205, 0, 9, 12, 128, False),
    (12345, -98765, 15, 0, 0, True),
    (77, 1 << 20, 16, 100, 1, False),
    (96, -(1 << 24), 20, 0, 0, True),
    (-(1 << 12), 12345678, 24, 0, 7, True),
]
"""mul, add, log2D, input_offset, output_offset, to int8 or uint8."""


def cases(rounding: bool, half_less: bool = False) -> list[Case]:
    """`half_less`: with half an LSB taken off the bias."""
    made = []
    for mul, add, log2d, input_offset, output_offset, signed in KERNELS:
        limit = min(1 << 29, ((1 << 31) - 1 - abs(add) - (1 << 23)) // abs(mul) - abs(input_offset))
        addend = add + (output_offset << log2d)
        x = operands(mul, log2d, addend, input_offset, limit)
        wanted = [
            deeploy_requant_shift(
                value,
                mul,
                add,
                log2d,
                rounding=rounding,
                input_offset=input_offset,
                output_offset=output_offset,
                limits=INT8 if signed else UINT8,
            )
            for value in x
        ]
        addend -= (1 << log2d >> 1) if half_less else 0
        made.append(Case(multiply_add_shift(mul, log2d, addend, input_offset, signed), x, wanted))
    return made


def test_with_rounding() -> None:
    """Both offsets, mul and add, as long as their int32 does not overflow. Separates HALF_UP from all others."""
    assert agreeing(cases(rounding=True)) == {Rounding.HALF_UP}
    assert not disagreement(requantiser(), cases(rounding=True), rtl)


def test_without_rounding() -> None:
    """Separates FLOOR from the three nearest ones."""
    assert agreeing(cases(rounding=False)) == {Rounding.FLOOR}


def test_without_rounding_on_a_half_up_unit() -> None:
    """A HALF_UP unit is a FLOOR unit where the bias is half an LSB of the code less: model and RTL."""
    assert agreeing(cases(rounding=False, half_less=True)) == {Rounding.HALF_UP}
    assert not disagreement(requantiser(), cases(rounding=False, half_less=True), rtl)
