"""`nmpu_model.compress` is fxpmath's floor and half even, saturating and wrapping, for every code of a small format."""

import numpy as np
import pytest
from fxpmath import Fxp

from nmpu_spec.formats import Format
from nmpu_spec.overflow import Overflow
from nmpu_spec.rounding import Rounding
from nmpu_verif.oracles.small_format import CODES, SIGNED, SOURCE, UNSIGNED, compressed

MODES = {Rounding.FLOOR: "floor", Rounding.HALF_EVEN: "around"}


def theirs(mode: str, overflow: Overflow, target: Format) -> list[int]:
    number = Fxp(
        CODES * SOURCE.resolution,
        signed=target.signed,
        n_word=target.width,
        n_frac=target.fraction,
        rounding=mode,
        overflow=str(overflow),
    )
    return np.asarray(number.val).tolist()


@pytest.mark.parametrize("target", SIGNED + UNSIGNED, ids=str)
@pytest.mark.parametrize("overflow", Overflow)
@pytest.mark.parametrize("rounding", MODES)
def test_fxpmath(rounding: Rounding, overflow: Overflow, target: Format) -> None:
    """'floor' separates FLOOR from the three nearest ones, 'around' (numpy's: ties to even) HALF_EVEN from all others;
    fxpmath has no other tie rule."""
    assert theirs(MODES[rounding], overflow, target) == compressed(rounding, overflow, target)


@pytest.mark.parametrize("rounding", MODES)
def test_no_other_mode_passes(rounding: Rounding) -> None:
    """The codes tell the four modes apart, so agreement with one is evidence for that one."""
    wanted = theirs(MODES[rounding], Overflow.SATURATE, Format.parse("S5.0"))
    agreeing = {mode for mode in Rounding if compressed(mode, Overflow.SATURATE, Format.parse("S5.0")) == wanted}
    assert agreeing == {rounding}
