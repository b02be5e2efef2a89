"""A HALF_UP unit, model and RTL, is TFLite's single-rounding requantisation with 31-bit multipliers and zero points."""

import itertools
from dataclasses import replace

import numpy as np

from nmpu_model.program import Layer, Program
from nmpu_model.unit import run
from nmpu_spec.config import Config
from nmpu_spec.formats import Format
from nmpu_spec.load import load
from nmpu_spec.rounding import Rounding
from nmpu_verif.oracles.definitions import INT8, UINT8, tflite_single_rounding
from nmpu_verif.oracles.operands import operands
from nmpu_verif.oracles.requantiser import Case, Setting, agreeing, disagreement, multiply_add_shift, requantiser, rtl

MULTIPLIERS = [1 << 30, 3 << 29, 205 << 23, 0x5555_5555, 0x7FFF_FFFF]
"""With few and with many significant bits: of the first three the products have ties."""
SHIFTS = [15, 9, 7, 0, -1, -5, -9, -16]


def test_single_rounding() -> None:
    """MultiplyByQuantizedMultiplier: any multiplier of 31 bits, shifts from 15 to -16. Separates HALF_UP: ties above
    and below zero."""
    cases = []
    for multiplier in MULTIPLIERS:
        for shift in SHIFTS:
            x = operands(multiplier, 31 - shift)
            wanted = [tflite_single_rounding(value, multiplier, shift) for value in x]
            cases.append(Case(multiply_add_shift(multiplier, 31 - shift), x, wanted))
    assert {code for case in cases for code in case.wanted} == set(range(-128, 128))
    assert agreeing(cases) == {Rounding.HALF_UP}
    assert not disagreement(requantiser(), cases, rtl)


ZERO_POINTS = [-128, -127, -1, 3, 127]


def test_zero_point() -> None:
    """Added after the rounding there, before it here: the same for HALF_UP, which moving by an integer leaves alone.
    Separates it from HALF_EVEN and HALF_AWAY, for which it is not the same. To int8 and to uint8."""
    cases = []
    for shift, activation in itertools.product((15, 12, 9), (INT8, UINT8)):
        total = 31 - shift
        # Scale 3/32, not normalised to 31 bits: the function takes any multiplier that is not negative.
        multiplier = 3 << total - 5
        for zero_point in ZERO_POINTS:
            addend = zero_point << total
            x = operands(multiplier, total, addend)
            wanted = [tflite_single_rounding(value, multiplier, shift, zero_point, activation) for value in x]
            cases.append(Case(multiply_add_shift(multiplier, total, addend, signed=activation == INT8), x, wanted))
    assert agreeing(cases) == {Rounding.HALF_UP}
    assert not disagreement(requantiser(), cases, rtl)


def without_left_shift(rounding: Rounding) -> Config:
    """The multiplier's binary point where TFLite has it, and a bias of integers."""
    config = requantiser(rounding)
    return replace(
        config,
        affine=replace(config.affine, corrected=Format.parse("S30.0")),
        norm=replace(config.norm, gain=Format.parse("S1.31"), bias=Format.parse("S24.0")),
    )


def test_zero_point_of_usual_layers() -> None:
    """Scales below 1, any multiplier of 31 bits: a bias without fraction bits holds a zero point times 2**-shift, and
    the run-time shift is theirs (the model). Separates HALF_UP."""
    cases = []
    for shift, multiplier, zero_point in itertools.product((0, -6, -9, -15), MULTIPLIERS, ZERO_POINTS):
        setting = Setting(multiplier, Layer(shift=-shift), zero_point << -shift)
        x = operands(multiplier, 31 - shift, zero_point << 31 - shift, limit=1 << 28)
        wanted = [tflite_single_rounding(value, multiplier, shift, zero_point) for value in x]
        cases.append(Case(setting, x, wanted))
    assert {mode for mode in Rounding if not disagreement(without_left_shift(mode), cases)} == {Rounding.HALF_UP}


def test_hermes256() -> None:
    """The preset's gain has 9 bits and a sign: for multipliers with no more significant bits, every corrected code that
    is an integer, and every shift of the unit, it is exact too."""
    config = load("hermes256")
    gains = np.resize([1, 255, 256, 257, 320, 409, 500, 511], config.columns)
    x = np.arange(-2047, 2048)
    codes = np.repeat(x[:, np.newaxis], config.columns, axis=1)
    one, zero = np.full(config.columns, 1 << config.affine.scale.fraction), np.zeros(config.columns, np.int64)
    raws = {"scale_p": one, "offset_p": zero, "scale_n": one, "offset_n": zero, "gain": gains, "bias": zero}
    for shift in range(config.most_shift + 1):
        out = run(Program(config, raws, Layer(shift=shift)), np.maximum(codes, 0), np.maximum(-codes, 0)).out
        for column, gain in enumerate(gains[:8].tolist()):
            bits = gain.bit_length()
            multiplier, exponent = gain << (31 - bits), bits - config.norm.gain.fraction - shift
            assert out[:, column].tolist() == [
                tflite_single_rounding(value, multiplier, exponent) for value in x.tolist()
            ]


def test_a_multiplier_of_31_bits_is_not_hermes256s() -> None:
    """What is lost where a multiplier is cut to the preset's gain: the codes differ."""
    multiplier = 0x5555_5555
    x = range(-2047, 2048)
    exact = [tflite_single_rounding(value, multiplier, -3) for value in x]
    cut = [tflite_single_rounding(value, multiplier >> 22 << 22, -3) for value in x]
    assert exact != cut
