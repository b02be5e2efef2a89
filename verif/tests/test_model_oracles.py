"""`nmpu_model.compress` against two fixed-point libraries that we did not write, for every code of a small format."""

import numpy as np
import pytest
from apytypes import APyFixedArray, OverflowMode, QuantizationMode
from fxpmath import Fxp

from nmpu_model.compress import compress
from nmpu_spec.compression import Compression
from nmpu_spec.formats import Format
from nmpu_spec.overflow import Overflow
from nmpu_spec.rounding import Rounding

SOURCE = Format.parse("S5.4")
CODES = np.arange(SOURCE.min_raw, SOURCE.max_raw + 1)
SIGNED = [Format.parse(text) for text in ("S5.0", "S3.0", "S1.0", "S3.2", "S2.3", "S5.4", "S6.1")]
UNSIGNED = [Format.parse(text) for text in ("U5.0", "U2.0", "U0.1", "U3.2", "U4.4")]


def ours(rounding: Rounding, overflow: Overflow, target: Format, shift: int = 0) -> list[int]:
    x = CODES[:, np.newaxis].copy()
    mask = np.ones(1, bool)
    return compress(x, Compression(rounding, overflow), SOURCE, target, mask, shift).codes[:, 0].tolist()


@pytest.mark.parametrize("target", SIGNED + UNSIGNED, ids=str)
@pytest.mark.parametrize("overflow", Overflow)
@pytest.mark.parametrize(
    ("rounding", "theirs"), [(Rounding.FLOOR, "floor"), (Rounding.HALF_EVEN, "around")], ids=["floor", "half_even"]
)
def test_fxpmath(rounding: Rounding, theirs: str, overflow: Overflow, target: Format) -> None:
    """'floor' separates FLOOR from the three nearest ones, 'around' (numpy's: ties to even) HALF_EVEN from all others;
    fxpmath has no other tie rule."""
    number = Fxp(
        CODES * SOURCE.resolution,
        signed=target.signed,
        n_word=target.width,
        n_frac=target.fraction,
        rounding=theirs,
        overflow=str(overflow),
    )
    assert np.asarray(number.val).tolist() == ours(rounding, overflow, target)


MODES = {
    Rounding.FLOOR: QuantizationMode.TRN,
    Rounding.HALF_UP: QuantizationMode.RND,
    Rounding.HALF_EVEN: QuantizationMode.RND_CONV,
    Rounding.HALF_AWAY: QuantizationMode.RND_INF,
}


@pytest.mark.parametrize("shift", [0, 1, 3])
@pytest.mark.parametrize("target", SIGNED, ids=str)
@pytest.mark.parametrize("overflow", Overflow)
@pytest.mark.parametrize("rounding", MODES)
def test_apytypes(rounding: Rounding, overflow: Overflow, target: Format, shift: int) -> None:
    """Separates all four: TRN is FLOOR, RND has its ties towards plus infinity (HALF_UP), RND_CONV at the even
    neighbour (HALF_EVEN), RND_INF away from zero (HALF_AWAY). The run-time shift is the same bits, read with the
    binary point further left."""
    exact = APyFixedArray(CODES.tolist(), int_bits=SOURCE.integer - shift, frac_bits=SOURCE.fraction + shift)
    mode = OverflowMode.SAT if overflow is Overflow.SATURATE else OverflowMode.WRAP
    theirs = exact.cast(int_bits=target.integer, frac_bits=target.fraction, quantization=MODES[rounding], overflow=mode)
    assert (theirs.to_numpy() / target.resolution).tolist() == ours(rounding, overflow, target, shift)


def test_the_codes_tell_the_modes_apart() -> None:
    """No two modes agree on all of these codes, so an oracle that agrees with one is evidence for that one."""
    results = {tuple(ours(mode, Overflow.SATURATE, Format.parse("S5.0"))) for mode in Rounding}
    assert len(results) == len(Rounding)
