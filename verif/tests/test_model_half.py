"""`nmpu_model.half` against Berkeley SoftFloat: conversions for every input, multiply-add for edges and random triples.

NMPU_HALF_CASES is the number of random triples, for a run of a night.
"""

import os
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import softfloatpy as soft

from nmpu_model.half.arithmetic import NAN, bits, from_code, halves, multiply_add, to_code, to_integer
from nmpu_spec.formats import Format
from nmpu_verif.half_operands import EDGES, Raws, Triple, edge_triples, random_blocks, random_triples

CASES = int(os.environ.get("NMPU_HALF_CASES", "150000"))
EVERY = np.arange(1 << 16, dtype=np.uint16)
CODES = [f"{kind}{bits}.0" for kind in "US" for bits in (4, 6, 8)]


def theirs(raw: int) -> soft.Float16:
    return soft.Float16.from_bytes(int(raw).to_bytes(2, "big"))


def raws(function: Callable[..., Any], *operands: np.ndarray) -> Raws:
    """SoftFloat's results, one case at a time; its NaN is ours."""
    halves_of = [theirs(raw) for raw in range(1 << 16)]
    results = (
        function(*map(halves_of.__getitem__, case)) for case in zip(*(o.tolist() for o in operands), strict=True)
    )
    return np.array([int.from_bytes(result.to_bytes(), "big") for result in results], np.uint16)


def agree(operands: Triple) -> None:
    a, b, c = operands
    got, wanted = bits(multiply_add(halves(a), halves(b), halves(c))), raws(soft.f16_mul_add, a, b, c)
    wrong = np.flatnonzero(got != wanted)
    first = [f"{array[wrong[0]]:#06x}" for array in (a, b, c, got, wanted)] if wrong.size else []
    assert not wrong.size, f"{wrong.size} differ; a, b, c, ours, SoftFloat's: {first}"


def test_multiply_add_at_the_edges() -> None:
    agree(edge_triples())


def test_multiply_add_at_random() -> None:
    for block in random_blocks(1, CASES):
        agree(block)


def test_operands_reach_what_they_aim_at() -> None:
    """How far, in LSBs of the result, the random triples' exact sums lie from it: ties, and what is nearly one."""
    a, b, c = (halves(array).astype(np.float64) for array in random_triples(1, "half/0", 90000))
    with np.errstate(invalid="ignore"):
        exact, largest = a * b + c, np.maximum(np.abs(a * b), np.abs(c))
    overflow = np.abs(exact) >= 65520
    exact, largest = exact[np.abs(exact) < 32768], largest[np.abs(exact) < 32768]
    result = np.abs(exact.astype(np.float16))
    distance = np.abs(np.abs(exact) - result) / np.spacing(result)
    found = {
        "tie": distance == 0.5,
        "near tie": (distance != 0.5) & (np.abs(distance - 0.5) < 2.0**-9),
        "subnormal": (result < 2.0**-14) & (result > 0),
        "cancelled": result < largest * 2.0**-8,
        "overflow": overflow,
    }
    assert min(np.count_nonzero(cases) for cases in found.values()) > 500, found


@pytest.mark.parametrize(("factor", "function"), [(1.0, soft.f16_add), (-1.0, soft.f16_sub)], ids=["sum", "difference"])
def test_sums_are_multiply_adds(factor: float, function: Callable[..., Any]) -> None:
    """x + y and x - y, signed zeros and infinities included, with y times 1 or -1."""
    x, y = (array.ravel() for array in np.meshgrid(EDGES, EDGES))
    _, extra_y, extra_x = random_triples(2, "sums", 20000)
    x, y = np.concatenate((x, extra_x)), np.concatenate((y, extra_y))
    got = bits(multiply_add(halves(y), np.array(factor, np.float16), halves(x)))
    np.testing.assert_array_equal(got, raws(function, x, y))


def test_no_other_nan() -> None:
    a, b, c = (halves(array) for array in edge_triples())
    result = multiply_add(a, b, c)
    assert set(bits(result)[np.isnan(result)]) == {int(NAN.view(np.uint16))}


@pytest.mark.parametrize("node", ["U1.0", "U12.0", "S12.0", "U16.0", "S16.0"])
def test_from_code(node: str) -> None:
    source = Format.parse(node)
    every = np.arange(source.min_raw, source.max_raw + 1)
    convert, integer = (soft.i32_to_f16, soft.Int32) if source.signed else (soft.ui32_to_f16, soft.UInt32)
    wanted = [int.from_bytes(convert(integer.from_int(raw)).to_bytes(), "big") for raw in every.tolist()]
    np.testing.assert_array_equal(bits(from_code(every, source)), wanted)


@pytest.mark.parametrize("node", ["U10.2", "S4.12", "U2.14"])
def test_from_code_with_a_fraction(node: str) -> None:
    """SoftFloat has no fixed point; its float64 holds the value exactly."""
    source = Format.parse(node)
    every = np.arange(source.min_raw, source.max_raw + 1)
    exact = (soft.Float64.from_float(raw * source.resolution) for raw in every.tolist())
    wanted = [int.from_bytes(soft.f64_to_f16(value).to_bytes(), "big") for value in exact]
    np.testing.assert_array_equal(bits(from_code(every, source)), wanted)


def test_to_integer() -> None:
    """Every half but infinities and NaN, whose integers SoftFloat chooses."""
    finite = EVERY[(EVERY & 0x7C00) != 0x7C00]
    near_even = soft.RoundingMode.NEAR_EVEN
    wanted = [soft.f16_to_i32(theirs(raw), near_even).to_int() for raw in finite]
    np.testing.assert_array_equal(to_integer(halves(finite)), wanted)


@pytest.mark.parametrize("node", CODES)
def test_to_code(node: str) -> None:
    """Every half; SoftFloat's integer with Python's min and max around it. Infinities saturate, NaN is 0."""
    target = Format.parse(node)
    nan = np.isnan(halves(EVERY))
    # SoftFloat saturates infinities to the ends of 32 bits, beyond every code.
    near_even = soft.RoundingMode.NEAR_EVEN
    integers = [
        0 if none else soft.f16_to_i32(theirs(raw), near_even).to_int() for raw, none in zip(EVERY, nan, strict=True)
    ]
    wanted = [min(max(integer, target.min_raw), target.max_raw) for integer in integers]
    np.testing.assert_array_equal(to_code(halves(EVERY), target), wanted)
