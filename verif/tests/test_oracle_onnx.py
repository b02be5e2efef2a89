"""A HALF_EVEN unit, model and RTL, is ONNX's QuantizeLinear and BatchNormalization with power-of-two scales."""

import itertools
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from onnx import parser
from onnx.reference import ReferenceEvaluator

from nmpu_model.program import Layer
from nmpu_spec.rounding import Rounding
from nmpu_verif.oracles.requantiser import (
    ONE,
    Case,
    Setting,
    agreeing,
    disagreement,
    multiply_add_shift,
    requantiser,
    rtl,
)

QUANTISE = "(FLOAT[n] x, FLOAT ys, KIND yz) => (KIND[n] y) { y = QuantizeLinear(x, ys, yz) }"
REQUANTISE = """(KIND[n] x, FLOAT xs, KIND xz, FLOAT ys, KIND yz) => (KIND[n] y) {
    f = DequantizeLinear(x, xs, xz)
    y = QuantizeLinear(f, ys, yz) }"""
NORMALISE = """(FLOAT[n, 1] x, FLOAT[1] gamma, FLOAT[1] beta, FLOAT[1] mean, FLOAT[1] var) => (FLOAT[n, 1] y) {
    y = BatchNormalization <epsilon = 0.0009765625> (x, gamma, beta, mean, var) }"""
EPSILON = 2.0**-10


def answer(text: str, kind: str = "int8", floats: str = "float", **inputs: object) -> NDArray[Any]:
    """What the reference evaluator says."""
    graph = text.replace("FLOAT", floats).replace("KIND", kind)
    (found,) = ReferenceEvaluator(parser.parse_model(f'<ir_version: 9, opset_import: ["": 21]> g {graph}')).run(
        None, inputs
    )
    return np.asarray(found)


def quantised(x: NDArray[Any], exponent: int, zero_point: int, kind: str) -> list[int]:
    zero = np.dtype(kind).type(zero_point)
    return answer(QUANTISE, kind, x=x.astype(np.float32), ys=np.float32(2.0**exponent), yz=zero).tolist()


def after_affine(zero_point: int, kind: str, scale: int, offset: int = 0, gain: int = 1) -> Setting:
    """The affine stage rounds, then the bias adds the zero point: the order of ONNX."""
    return Setting(gain << 16, Layer(out_signed=kind == "int8"), zero_point << 16, offset, scale)


def affine_agreeing(cases: list[Case]) -> set[Rounding]:
    """The roundings of the affine stage with which the model gives every wanted code."""
    return {rounding for rounding in Rounding if not disagreement(requantiser(affine=rounding), cases)}


def test_quantise() -> None:
    """Every integer of 16 bits, scales 1 to 256, odd and even zero points, int8 and uint8. Separates HALF_EVEN from all
    others, in the affine stage: there the zero point is added after the rounding, as ONNX does."""
    cases, x = [], np.arange(-(1 << 15), 1 << 15)
    for exponent, (kind, zero_point) in itertools.product((0, 1, 3, 8), (("int8", -7), ("uint8", 0), ("uint8", 129))):
        setting = after_affine(zero_point, kind, ONE >> exponent)
        cases.append(Case(setting, x.tolist(), quantised(x, exponent, zero_point, kind)))
    assert affine_agreeing(cases) == {Rounding.HALF_EVEN}
    assert not disagreement(requantiser(), cases, rtl)


def at_the_output(zero_points: list[int]) -> list[Case]:
    x = np.arange(-3000, 3000)
    return [
        Case(
            multiply_add_shift(1, exponent, zero_point << exponent),
            x.tolist(),
            quantised(x, exponent, zero_point, "int8"),
        )
        for exponent, zero_point in itertools.product((1, 3, 6), zero_points)
    ]


def test_quantise_at_the_output() -> None:
    """Where the output stage rounds, the zero point is in the sum already: exact for even ones only, since HALF_EVEN
    looks at the parity; no mode is ONNX's for an odd one (the model)."""
    assert agreeing(at_the_output([-128, -6, 0, 64])) == {Rounding.HALF_EVEN}
    assert agreeing(at_the_output([-7])) == set()


@pytest.mark.parametrize("kind", ["int8", "uint8"])
def test_requantise(kind: str) -> None:
    """DequantizeLinear, then QuantizeLinear: every code, zero points on both sides. Separates HALF_EVEN."""
    cases, limits = [], np.iinfo(kind)
    codes = np.arange(limits.min, limits.max + 1, dtype=kind)
    zero = np.dtype(kind).type
    for exponent, (x_zero, y_zero) in itertools.product((0, 1, 2, 5), ((0, 0), (3, 10), (100, 99), (127, 1))):
        scales = {"xs": np.float32(2.0**-7), "ys": np.float32(2.0 ** (exponent - 7))}
        wanted = answer(REQUANTISE, kind, x=codes, xz=zero(x_zero), yz=zero(y_zero), **scales)
        setting = after_affine(y_zero, kind, ONE >> exponent, -x_zero * (ONE >> exponent))
        cases.append(Case(setting, codes.tolist(), wanted.tolist()))
    assert affine_agreeing(cases) == {Rounding.HALF_EVEN}
    assert not disagreement(requantiser(), cases, rtl)


@dataclass(frozen=True)
class Normalisation:
    """gamma, beta and mean in eighths; sqrt(var + epsilon) is 2**root, the output's scale 2**exponent."""

    gamma: int
    beta: int
    mean: int
    root: int
    exponent: int
    zero_point: int

    def answer(self, x: NDArray[np.int64], kind: type[np.floating[Any]]) -> NDArray[Any]:
        """ONNX's BatchNormalization, in inference, computed in floats of `kind`."""
        values = {name: np.array([getattr(self, name) / 8], kind) for name in ("gamma", "beta", "mean")}
        values["var"] = np.array([4.0**self.root - EPSILON], kind)
        floats = "double" if kind is np.float64 else "float"
        return answer(NORMALISE, floats=floats, x=x.astype(kind)[:, np.newaxis], **values).ravel()

    def codes(self, x: NDArray[np.int64]) -> list[int]:
        return quantised(self.answer(x, np.float32), self.exponent, self.zero_point, "int8")


NORMALISATIONS = [
    Normalisation(8, 0, 0, 0, 1, 0),
    Normalisation(12, 20, 8, 1, 1, -4),
    Normalisation(-8, 4, -24, 1, 2, 2),
    Normalisation(-12, -36, 80, 2, 0, -128),
]
X = np.arange(-2000, 2000)


def test_batch_normalisation() -> None:
    """Then QuantizeLinear: gain and bias, rounded at the output. Separates HALF_EVEN (the model, even zero points)."""
    cases = []
    for case in NORMALISATIONS:
        # (gamma (x - mean) / 2**root + beta) / 2**exponent + zero point, as a fraction of 2**shift.
        shift = 6 + case.root + case.exponent
        addend = -case.gamma * case.mean + (case.beta << 3 + case.root) + (case.zero_point << shift)
        cases.append(Case(multiply_add_shift(case.gamma << 3, shift, addend), X.tolist(), case.codes(X)))
    assert agreeing(cases) == {Rounding.HALF_EVEN}


def test_batch_normalisation_in_the_affine_stage() -> None:
    """The same by scale and offset, rounded there. The sign of gamma is left to the gain: half even is symmetric. Model
    and RTL. Separates HALF_EVEN."""
    cases = []
    for case in NORMALISATIONS:
        divided, sign = case.root + case.exponent, 1 if case.gamma > 0 else -1
        offset = sign * (-case.gamma * case.mean + (case.beta << 3 + case.root)) << 2 >> divided
        setting = after_affine(case.zero_point, "int8", abs(case.gamma) << 5 >> divided, offset, sign)
        cases.append(Case(setting, X.tolist(), case.codes(X)))
    assert affine_agreeing(cases) == {Rounding.HALF_EVEN}
    assert not disagreement(requantiser(), cases, rtl)


def test_floats_lose_nothing_here() -> None:
    """Why equality can be asked of floats: every number on the way is a multiple of 2**-8 below 2**12, and float32
    holds 20 bits. float64 gives the same numbers."""
    for case in NORMALISATIONS:
        assert np.array_equal(case.answer(X, np.float32), case.answer(X, np.float64))
