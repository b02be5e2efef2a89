"""A HALF_UP unit is Arm's `ethos-u-vela` where TFLite's double rounding rounds once; where it rounds twice, none is."""

import pytest

from nmpu_spec.errors import InputError
from nmpu_spec.rounding import Rounding
from nmpu_verif.oracles.definitions import INT8, tflite_single_rounding
from nmpu_verif.oracles.gemmlowp import gemmlowp
from nmpu_verif.oracles.operands import operands
from nmpu_verif.oracles.requantiser import Case, agreeing, disagreement, multiply_add_shift, requantiser, rtl

fp_math = pytest.importorskip("ethosu.vela.fp_math", reason="ethos-u-vela is not installed")
scaling = pytest.importorskip("ethosu.vela.scaling", reason="ethos-u-vela is not installed")


def theirs(x: list[int], multiplier: int, shift: int) -> list[int]:
    """Codes of int8; `shift` is vela's: how far the product is shifted right."""
    low, high = INT8
    scaled = (int(fp_math.multiply_by_quantized_multiplier(value, multiplier, shift)) for value in x)
    return [min(max(value, low), high) for value in scaled]


def cases(scales: list[float]) -> list[Case]:
    made = []
    for scale in scales:
        multiplier, shift = scaling.quantise_scale(scale)
        # Theirs are of 32 bits after the left shift.
        x = operands(multiplier, shift, limit=1 << 29 >> max(31 - shift, 0))[::3]
        made.append(Case(multiply_add_shift(multiplier, shift), x, theirs(x, multiplier, shift)))
    return made


def test_without_a_right_shift() -> None:
    """Scales of at least 1/2, quantised by vela: one rounding, HALF_UP, is left, and only that agrees."""
    once = cases([0.5, 0.75, 0.801, 1.0, 1.5, 2.7, 12.5])
    assert agreeing(once) == {Rounding.HALF_UP}
    assert not disagreement(requantiser(), once, rtl)


def test_with_a_right_shift() -> None:
    """Scales below 1/2: rounded to 31 bits (HALF_UP), then again (HALF_AWAY). No single rounding is that; the codes are
    one apart where they differ."""
    twice = cases([0.25, 0.1875, 0.0123, 0.3])
    assert agreeing(twice) == set()
    for scale, case in zip([0.25, 0.1875, 0.0123, 0.3], twice, strict=True):
        multiplier, shift = scaling.quantise_scale(scale)
        single = [tflite_single_rounding(x, multiplier, 31 - shift) for x in case.x]
        assert {abs(one - two) for one, two in zip(single, case.wanted, strict=True)} <= {0, 1}


def test_vela_is_gemmlowp() -> None:
    """The two public double roundings agree, so either is evidence for the other."""
    try:
        library = gemmlowp()
    except InputError as error:
        pytest.skip(str(error))
    for scale in (0.25, 0.0123, 0.3, 0.801):
        multiplier, shift = scaling.quantise_scale(scale)
        x = operands(multiplier, shift)[::3]
        high = library.high_mul(x, [multiplier] * len(x))
        wanted = [min(max(value, INT8[0]), INT8[1]) for value in library.divide_by_pot(high, shift - 31)]
        assert theirs(x, multiplier, shift) == wanted
