"""`nmpu_model.compress` is apytypes' cast in all four roundings, with a shift, for every code of a small format."""

import pytest
from apytypes import APyFixedArray, OverflowMode, QuantizationMode

from nmpu_spec.formats import Format
from nmpu_spec.overflow import Overflow
from nmpu_spec.rounding import Rounding
from nmpu_verif.oracles.small_format import CODES, SIGNED, SOURCE, compressed

MODES = {
    Rounding.FLOOR: QuantizationMode.TRN,
    Rounding.HALF_UP: QuantizationMode.RND,
    Rounding.HALF_EVEN: QuantizationMode.RND_CONV,
    Rounding.HALF_AWAY: QuantizationMode.RND_INF,
}


def theirs(mode: QuantizationMode, overflow: Overflow, target: Format, shift: int = 0) -> list[int]:
    """The run-time shift is the same bits, read with the binary point further left."""
    exact = APyFixedArray(CODES.tolist(), int_bits=SOURCE.integer - shift, frac_bits=SOURCE.fraction + shift)
    beyond = OverflowMode.SAT if overflow is Overflow.SATURATE else OverflowMode.WRAP
    result = exact.cast(int_bits=target.integer, frac_bits=target.fraction, quantization=mode, overflow=beyond)
    return (result.to_numpy() / target.resolution).tolist()


@pytest.mark.parametrize("shift", [0, 1, 3])
@pytest.mark.parametrize("target", SIGNED, ids=str)
@pytest.mark.parametrize("overflow", Overflow)
@pytest.mark.parametrize("rounding", MODES)
def test_apytypes(rounding: Rounding, overflow: Overflow, target: Format, shift: int) -> None:
    """Separates all four: TRN is FLOOR, RND has its ties towards plus infinity (HALF_UP), RND_CONV at the even
    neighbour (HALF_EVEN), RND_INF away from zero (HALF_AWAY)."""
    assert theirs(MODES[rounding], overflow, target, shift) == compressed(rounding, overflow, target, shift)


@pytest.mark.parametrize("rounding", MODES)
def test_no_other_mode_passes(rounding: Rounding) -> None:
    """The codes tell the four modes apart, so agreement with one is evidence for that one."""
    wanted = theirs(MODES[rounding], Overflow.SATURATE, Format.parse("S5.0"))
    agreeing = {mode for mode in Rounding if compressed(mode, Overflow.SATURATE, Format.parse("S5.0")) == wanted}
    assert agreeing == {rounding}
