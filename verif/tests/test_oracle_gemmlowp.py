"""A HALF_AWAY unit, model and RTL, is gemmlowp's integer output pipeline, compiled from Debian's headers."""

import numpy as np
import pytest

from nmpu_model.compress import compress
from nmpu_spec.compression import Compression
from nmpu_spec.errors import InputError
from nmpu_spec.formats import Format
from nmpu_spec.rounding import Rounding
from nmpu_verif.oracles.gemmlowp import Gemmlowp, gemmlowp
from nmpu_verif.oracles.operands import operands
from nmpu_verif.oracles.requantiser import Case, agreeing, disagreement, multiply_add_shift, requantiser, rtl

INT32 = Format.parse("S32.0")
PIPELINES = [
    (0, 1, 1, True),
    (5, 3, 2, True),
    (-7, -3, 5, True),
    (128, 205, 9, False),
    (0, 1, 0, False),
    (-1000, 32767, 15, True),
    (77, 40000, 16, True),
    (-(1 << 20), 96, 20, False),
    (12345, -1536, 24, True),
    (0, 127, 31, True),
]
"""result_offset, result_mult_int, result_shift, to int8 or uint8."""


@pytest.fixture(scope="module")
def theirs() -> Gemmlowp:
    try:
        return gemmlowp()
    except InputError as error:
        pytest.skip(str(error))


def compressed(x: list[int], rounding: Rounding, source: Format, target: Format, shift: int = 0) -> list[int]:
    array = np.array(x, np.int64)[:, np.newaxis]
    return compress(array, Compression(rounding), source, target, np.ones(1, bool), shift).codes[:, 0].tolist()


@pytest.mark.parametrize("exponent", range(32))
def test_rounding_divide_by_pot(theirs: Gemmlowp, exponent: int) -> None:
    """`compress` with HALF_AWAY and a run-time shift: every number of 13 bits, and of 32 bits the ends, ties and
    what is beside them. Separates HALF_AWAY: no other mode agrees where there is anything to round."""
    half = 1 << exponent >> 1
    ties = [k * (half or 1) + near for k in range(-9, 10) for near in (-1, 0, 1)]
    ends = [end + near for end in (INT32.min_raw, INT32.max_raw) for near in range(-2, 3)]
    x = [*range(-4096, 4097), *(value for value in ties + ends if INT32.contains(value))]
    wanted = theirs.divide_by_pot(x, exponent)
    same = {mode for mode in Rounding if compressed(x, mode, INT32, INT32, exponent) == wanted}
    assert same == ({Rounding.HALF_AWAY} if exponent else set(Rounding))


def test_saturating_rounding_doubling_high_mul(theirs: Gemmlowp) -> None:
    """a b / 2**31 rounded HALF_UP, at ties, ends and at random; only this mode agrees. The one product that saturates,
    -2**31 squared, has 64 bits, more than a node may have."""
    ends = [INT32.min_raw, INT32.min_raw + 1, INT32.max_raw - 1, INT32.max_raw]
    small = [*range(-9, 10), *(sign << 30 for sign in (1, -1)), *(odd << 29 for odd in (-3, -1, 1, 3)), *ends]
    random = np.random.default_rng(7).integers(INT32.min_raw, INT32.max_raw + 1, (2, 20000)).tolist()
    pairs = [(a, b) for a in small for b in small if (a, b) != (INT32.min_raw, INT32.min_raw)]
    a, b = [*(a for a, _ in pairs), *random[0]], [*(b for _, b in pairs), *random[1]]
    wanted = theirs.high_mul(a, b)
    products = [first * second for first, second in zip(a, b, strict=True)]
    product = Format.parse("S32.31")
    assert {mode for mode in Rounding if compressed(products, mode, product, INT32) == wanted} == {Rounding.HALF_UP}
    assert theirs.high_mul([INT32.min_raw], [INT32.min_raw]) == [INT32.max_raw]


def pipeline_cases(theirs: Gemmlowp) -> list[Case]:
    cases = []
    for offset, multiplier, shift, signed in PIPELINES:
        limit = min((1 << 29), ((1 << 31) - 1) // abs(multiplier) - abs(offset))
        x = operands(multiplier, shift, offset=offset, limit=limit)
        setting = multiply_add_shift(multiplier, shift, offset=offset, signed=signed)
        cases.append(Case(setting, x, theirs.quantise_down(x, offset, multiplier, shift, signed)))
    return cases


def test_output_pipeline(theirs: Gemmlowp) -> None:
    """OutputStageQuantizeDownInt32ToUint8Scale and the saturating cast, as long as their product fits int32: affine
    offset, gain, shift and output code of a HALF_AWAY unit. Separates HALF_AWAY from HALF_UP, which the comment above
    that stage in their header describes."""
    cases = pipeline_cases(theirs)
    assert agreeing(cases) == {Rounding.HALF_AWAY}
    assert not disagreement(requantiser(Rounding.HALF_AWAY), cases, rtl)
