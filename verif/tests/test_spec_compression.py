"""Overflow and compression: cut, round, cut, fit, against rational numbers over every raw of small formats."""

import math
from fractions import Fraction
from itertools import product

import pytest
from test_spec_rounding import DEFINITIONS

from nmpu_spec.compression import Compression
from nmpu_spec.errors import InputError
from nmpu_spec.formats import Format
from nmpu_spec.overflow import Overflow, fit_raw
from nmpu_spec.rounding import Rounding

SOURCE = Format.parse("S4.4")
SMALL = [Format(signed, width, 0) for signed in (False, True) for width in range(1, 6)]


def raws(node: Format) -> range:
    return range(node.min_raw, node.max_raw + 1)


@pytest.mark.parametrize("target", SMALL, ids=str)
def test_saturate_is_the_nearest_code(target: Format) -> None:
    for raw in range(-100, 100):
        assert fit_raw(raw, target, Overflow.SATURATE) == min(raws(target), key=lambda code: abs(code - raw))


@pytest.mark.parametrize("target", SMALL, ids=str)
def test_wrap_is_the_congruent_code(target: Format) -> None:
    for raw in range(-100, 100):
        congruent = [code for code in raws(target) if (code - raw) % 2**target.width == 0]
        assert [fit_raw(raw, target, Overflow.WRAP)] == congruent


def by_definition(compression: Compression, value: Fraction, source: Format, target: Format, shift: int) -> int:
    """The four steps on the value: each works at the place of the bit that it leaves lowest."""
    value /= 2**shift
    place = Fraction(2**compression.cut_before, 2 ** (source.fraction + shift))
    value = math.floor(value / place) * place
    place = Fraction(1, 2 ** (target.fraction + compression.cut_after))
    value = DEFINITIONS[compression.rounding](value / place) * place
    place = Fraction(1, 2**target.fraction)
    return fit_raw(math.floor(value / place), target, compression.overflow)


@pytest.mark.parametrize("overflow", Overflow)
@pytest.mark.parametrize("rounding", Rounding)
@pytest.mark.parametrize("target", ["S3.0", "U2.0", "S2.2", "U3.3"])
def test_every_raw_cut_and_shift(target: str, rounding: Rounding, overflow: Overflow) -> None:
    source, goal = Format.parse("S3.3"), Format.parse(target)
    spare = source.fraction - goal.fraction
    cuts = [pair for pair in product(range(spare + 1), repeat=2) if sum(pair) <= spare]
    for (before, after), shift in product(cuts, (0, 1, 3)):
        compression = Compression(rounding, overflow, before, after)
        for raw in raws(source):
            wanted = by_definition(compression, Fraction(raw, 2**source.fraction), source, goal, shift)
            assert compression.apply(raw, source, goal, shift) == wanted


@pytest.mark.parametrize("rounding", Rounding)
def test_the_shift_rounds_once(rounding: Rounding) -> None:
    """Without cuts, the shifted number is rounded from its exact value: never rounded twice."""
    target = Format.parse("S8.0")
    for shift in range(8):
        for raw in raws(SOURCE):
            exact = Fraction(raw, 2 ** (SOURCE.fraction + shift))
            assert Compression(rounding).apply(raw, SOURCE, target, shift) == DEFINITIONS[rounding](exact)


def lossless(rounding: Rounding, cut: int) -> bool:
    """Cutting `cut` bits before rounding changes no raw's code."""
    target = Format.parse("S4.0")
    return all(
        Compression(rounding, cut_before=cut).round(raw, SOURCE, target)
        == Compression(rounding).round(raw, SOURCE, target)
        for raw in raws(SOURCE)
    )


@pytest.mark.parametrize("cut", range(SOURCE.fraction))
def test_half_up_loses_nothing_while_one_bit_is_left_to_round(cut: int) -> None:
    assert lossless(Rounding.HALF_UP, cut)
    assert lossless(Rounding.FLOOR, cut)


def test_half_up_loses_where_no_bit_is_left_to_round() -> None:
    assert not lossless(Rounding.HALF_UP, SOURCE.fraction)


@pytest.mark.parametrize("cut", range(1, SOURCE.fraction + 1))
@pytest.mark.parametrize("rounding", [Rounding.HALF_EVEN, Rounding.HALF_AWAY])
def test_the_other_ties_miss_the_cut_bits(rounding: Rounding, cut: int) -> None:
    assert not lossless(rounding, cut)


@pytest.mark.parametrize(("before", "after"), [(5, 0), (0, 5), (3, 2), (100, 0)])
def test_cuts_of_more_bits_than_there_are(before: int, after: int) -> None:
    with pytest.raises(InputError, match=rf"^cut_before = {before}, cut_after = {after}: from S4.4 to S4.0 .* 4 bits"):
        Compression(cut_before=before, cut_after=after).apply(0, SOURCE, Format.parse("S4.0"))


def test_a_target_with_more_fraction_bits() -> None:
    with pytest.raises(InputError, match=r"from S4\.4 to S4\.5 there are -1 bits"):
        Compression().apply(0, SOURCE, Format.parse("S4.5"))


@pytest.mark.parametrize("name", ["cut_before", "cut_after"])
def test_negative_cuts(name: str) -> None:
    with pytest.raises(InputError, match=f"^{name} = -1: "):
        Compression(**{name: -1})
