"""The unit answers node cases that onnx ships: QuantizeLinear with power-of-two scales, QLinearMatMul, QLinearConv."""

import importlib
import math
import re
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from onnx import numpy_helper

from nmpu_model.program import Layer
from nmpu_spec.config import CODE_BITS
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


@dataclass(frozen=True)
class NodeCase:
    """Operands by the names of the node's inputs, and the answer."""

    name: str
    inputs: dict[str, NDArray[Any]]
    axis: int
    wanted: NDArray[Any]


def shipped(module: str, operator: str, monkeypatch: pytest.MonkeyPatch) -> list[NodeCase]:
    """An operator's node cases. Their module makes them by calls of its `expect`."""
    found = []

    def expect(node: onnx.NodeProto, inputs: list[Any], outputs: list[Any], name: str, **_: object) -> None:
        arrays = [numpy_helper.to_array(a) if isinstance(a, onnx.TensorProto) else np.asarray(a) for a in inputs]
        (wanted,) = outputs
        wanted = numpy_helper.to_array(wanted) if isinstance(wanted, onnx.TensorProto) else wanted
        axis = next((attribute.i for attribute in node.attribute if attribute.name == "axis"), 1)
        found.append(NodeCase(name, dict(zip(node.input, arrays, strict=True)), axis, wanted))

    cases = importlib.import_module(f"onnx.backend.test.case.node.{module}")
    monkeypatch.setattr(cases, "expect", expect)
    exports = getattr(cases, operator)
    for name in dir(exports):
        if name.startswith("export"):
            getattr(exports, name)()
    return found


QUANTISED = {
    "test_quantizelinear": 6,
    "test_quantizelinear_axis": 12,
    "test_quantizelinear_uint4": 4,
    "test_quantizelinear_int4": 4,
}
"""How many codes of each the unit can be asked for."""


def channels(case: NodeCase) -> list[Case]:
    """Those whose input is of integers and whose scale is a power of two, in a code that the unit has."""
    code = re.fullmatch(r"(u?)int(\d+)", str(case.wanted.dtype))
    if code is None or int(code[2]) not in CODE_BITS or case.inputs["y_scale"].ndim > 1:
        return []
    layer = Layer(out_bits=int(code[2]), out_signed=not code[1])
    x, scale, zero = case.inputs.values()
    made = []
    for channel, (one_scale, one_zero) in enumerate(zip(scale.ravel().tolist(), zero.ravel().tolist(), strict=True)):
        values, wanted = (array.take(channel, case.axis).ravel() if scale.ndim else array for array in (x, case.wanted))
        if math.frexp(one_scale)[0] != 0.5 or not (values == np.rint(values)).all():
            continue
        setting = Setting(1 << 16, layer, int(one_zero) << 16, scale=ONE // int(one_scale))
        made.append(Case(setting, values.astype(int).tolist(), wanted.astype(int).tolist()))
    return made


def test_quantize_linear(monkeypatch: pytest.MonkeyPatch) -> None:
    """To 4 and 8 bits, rounded in the affine stage. Left out: floats, codes of 2 and 16 bits, other scales, blocks of
    scales. Separates the nearest modes from FLOOR (its one tie, 1.5, is 2 for all of them)."""
    cases = {case.name: channels(case) for case in shipped("quantizelinear", "QuantizeLinear", monkeypatch)}
    assert {name: sum(len(c.x) for c in found) for name, found in cases.items() if found} == QUANTISED
    flat = [case for found in cases.values() for case in found]
    agreeing_here = {mode for mode in Rounding if not disagreement(requantiser(affine=mode), flat)}
    assert agreeing_here == {Rounding.HALF_UP, Rounding.HALF_EVEN, Rounding.HALF_AWAY}
    assert not disagreement(requantiser(), flat, rtl)


def requantised(sums: NDArray[Any], scales: tuple[Any, Any, Any], zero: Any, wanted: NDArray[Any]) -> Case:
    """Accumulators through the scale a b / y, kept to 16 bits, which is no power of two."""
    a, b, y = (np.asarray(scale, np.float64).item() for scale in scales)
    significand, exponent = math.frexp(a * b / y)
    shift = 16 - exponent
    setting = multiply_add_shift(
        round(significand * (1 << 16)), shift, np.asarray(zero).item() << shift, signed=wanted.dtype == np.int8
    )
    return Case(setting, sums.ravel().tolist(), wanted.ravel().tolist())


def test_q_linear(monkeypatch: pytest.MonkeyPatch) -> None:
    """QLinearMatMul's eight cases and QLinearConv's one, 121 codes, from exact sums. Their scales are any numbers, so
    this need not hold for other operands. Separates the nearest modes from FLOOR."""
    cases = []
    for node in shipped("qlinearmatmul", "QLinearMatMul", monkeypatch):
        value = node.inputs
        a, b = (value[name].astype(int) - value[f"{name}_zero_point"].astype(int) for name in "ab")
        scales = (value["a_scale"], value["b_scale"], value["y_scale"])
        cases.append(requantised(a @ b, scales, value["y_zero_point"], node.wanted))
    for node in shipped("qlinearconv", "QLinearConv", monkeypatch):
        value = node.inputs
        x, w = (value[name].astype(int) - value[f"{name}_zero_point"].astype(int) for name in "xw")
        # A kernel of 1 x 1.
        scales = (value["x_scale"], value["w_scale"], value["y_scale"])
        cases.append(requantised(x * w, scales, value["y_zero_point"], node.wanted))
    assert sum(len(case.x) for case in cases) == 121
    assert Rounding.FLOOR not in agreeing(cases)
    assert not disagreement(requantiser(), cases)
    assert not disagreement(requantiser(), cases, rtl)
