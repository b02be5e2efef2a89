"""The FP16 data path's model against Berkeley SoftFloat, one result at a time, and its programs."""

from collections.abc import Mapping

import numpy as np
import pytest
import softfloatpy as soft

from nmpu_model.half.arithmetic import bits, halves
from nmpu_model.half.program import half_program
from nmpu_model.program import Layer, Program
from nmpu_model.trace import trace
from nmpu_model.traffic import Traffic, random_program, random_traffic
from nmpu_model.unit import run
from nmpu_spec.config import AdcMode
from nmpu_spec.errors import InputError
from nmpu_spec.half import beside
from nmpu_spec.load import load

FP16 = load("fp16")
NAN = 0x7E00


def theirs(raw: int) -> soft.Float16:
    return soft.Float16.from_bytes(int(raw).to_bytes(2, "big"))


def raw(number: soft.Float16) -> int:
    return int.from_bytes(number.to_bytes(), "big")


def settled(number: soft.Float16) -> soft.Float16:
    """SoftFloat's NaN as ours."""
    word = raw(number)
    return theirs(NAN) if word & 0x7FFF > 0x7C00 else number


def relu(number: soft.Float16, enable: bool) -> soft.Float16:
    return theirs(0) if enable and raw(number) >> 15 else number


def wanted(program: Program, traffic: Traffic, vector: int, column: int) -> tuple[int, int, int]:
    """y, z and t by SoftFloat's own operations."""
    layer, config = program.layer, program.config
    words = {name: theirs(values[column]) for name, values in program.parameters.items()}

    def branch(name: str, codes: np.ndarray) -> soft.Float16:
        code = int(codes[vector, column])
        half = soft.f32_to_f16(soft.Float32.from_float(code / 2**config.adc.code.fraction))
        return settled(soft.f16_mul_add(half, words[f"scale_{name}"], words[f"offset_{name}"]))

    y = branch("p", traffic.p)
    if config.adc.mode is AdcMode.DUAL:
        assert traffic.n is not None
        y = settled(soft.f16_sub(y, branch("n", traffic.n)))
    z = settled(soft.f16_mul_add(y, words["gain"], words["bias"]))
    rx, scale = soft.i32_to_f16(soft.Int32.from_int(0)), theirs(0)
    if traffic.rx is not None:
        rx, scale = soft.i32_to_f16(soft.Int32.from_int(int(traffic.rx[vector, column]))), theirs(layer.rx_scale)
    t = relu(settled(soft.f16_mul_add(rx, scale, relu(z, layer.relu_1))), layer.relu_2)
    return raw(y), raw(z), raw(t)


@pytest.mark.parametrize("name", ["fp16", "half_single6"])
@pytest.mark.parametrize("seed", range(6))
def test_every_number_is_softfloats(configurations: Mapping[str, str], name: str, seed: int) -> None:
    program = random_program(load(configurations[name]), seed, "path", rx_on=bool(seed % 2))
    traffic = random_traffic(program, 4, seed, "path")
    seen = trace(program, traffic)
    for vector, column in np.ndindex(*traffic.p.shape):
        ours = tuple(int(numbers[vector, column]) for numbers in (seen.corrected, seen.norm, seen.total))
        assert ours == wanted(program, traffic, vector, column), f"vector {vector}, column {column}"


def test_the_order_of_operations_on_plain_numbers() -> None:
    """2*P + 1 - (N + 0.5), times 3, minus 4, plus 0.5*rx: numbers that are exact, so that only the order matters."""
    values = {"scale_p": 2, "offset_p": 1, "scale_n": 1, "offset_n": 0.5, "gain": 3, "bias": -4}
    program = half_program(FP16, values, 0.5, Layer(rx_on=True, out_bits=8))
    codes = np.zeros((1, 256), np.int64)
    result = run(program, codes + 10, codes + 12, codes - 6)
    assert (result.out == round((2 * 10 + 1 - 12.5) * 3 - 4 - 3)).all()
    assert result.counters["output_high"] == 0


def test_infinities_are_counted_as_saturation_of_the_affine_stage() -> None:
    values: dict[str, float] = dict.fromkeys(("offset_p", "offset_n", "bias"), 0.0)
    values |= {"scale_p": 60000.0, "scale_n": 1.0, "gain": 1.0}
    program = half_program(FP16, values, mask=np.arange(256) < 10)
    codes = np.full((3, 256), 100)
    counters = run(program, codes, codes).counters
    assert (counters["affine_high"], counters["affine_low"], counters["output_high"]) == (30, 0, 30)


@pytest.mark.parametrize("value", [float("nan"), 65520.0, -1e9, float("inf")])
def test_what_is_no_binary16_is_refused(value: float) -> None:
    values = dict.fromkeys(("scale_p", "offset_p", "scale_n", "offset_n", "gain"), 1.0)
    bias = np.zeros(256)
    bias[7] = value
    with pytest.raises(InputError, match=r"^bias of column 7: .* is no number of binary16"):
        half_program(FP16, {**values, "bias": bias})
    with pytest.raises(InputError, match=r"^rx_scale of column 0"):
        half_program(FP16, {**values, "bias": 0.0}, rx_scale=value)


def test_a_shift_is_refused() -> None:
    """Floating point needs none."""
    values = dict.fromkeys(("scale_p", "offset_p", "scale_n", "offset_n", "gain", "bias"), 1.0)
    with pytest.raises(InputError, match=r"^shift = 1: must be 0 to 0"):
        half_program(FP16, values, layer=Layer(shift=1))


def test_parameters_are_rounded_to_the_nearest() -> None:
    values = dict.fromkeys(("scale_p", "offset_p", "scale_n", "offset_n", "gain", "bias"), 0.1)
    program = half_program(beside(load("tiny")), values)
    assert {int(raws[0]) for raws in program.parameters.values()} == {int(bits(np.array([0.1], np.float16))[0])}
    assert halves(program.parameters["gain"])[0] == np.float16(0.1)
