"""Bench of half arithmetic: conversions for every input, multiply-add for edges and random triples."""

import os

import cocotb
import numpy as np
from cocotb.handle import HierarchyObject

from nmpu_model.half.arithmetic import bits, from_code, halves, multiply_add, to_code, to_integer
from nmpu_spec.config import CODE_BITS
from nmpu_spec.formats import Format
from nmpu_verif.environment import seed
from nmpu_verif.half_operands import Triple, edge_triples, random_blocks
from nmpu_verif.half_stages import SOURCES, from_code_name, half_stages
from nmpu_verif.operands import every
from nmpu_verif.stage_bench import bit, compare_copies


@cocotb.test()
async def multiply_add_at_the_edges(dut: HierarchyObject) -> None:
    await compare_multiply_add(dut, edge_triples())


@cocotb.test()
async def multiply_add_at_random(dut: HierarchyObject) -> None:
    """NMPU_HALF_CASES triples."""
    for block in random_blocks(seed(), int(os.environ["NMPU_HALF_CASES"])):
        await compare_multiply_add(dut, block)


async def compare_multiply_add(dut: HierarchyObject, operands: Triple) -> None:
    """a*b + c; and a*b, rounded, with c to the adder, which so meets every kind of difference too."""
    product = multiply_add(halves(operands[0]), halves(operands[1]), np.float16(0))
    wanted = bits(multiply_add(product, np.float16(1), halves(operands[2])))
    inputs = {"a": bits(product), "b": operands[2]}
    await compare_copies(dut, "sum", half_stages()["sum"](), inputs, {"result": wanted})
    wanted = bits(multiply_add(*map(halves, operands)))
    inputs = dict(zip("abc", operands, strict=True))
    await compare_copies(dut, "multiply_add", half_stages()["multiply_add"](), inputs, {"result": wanted})


@cocotb.test()
async def from_every_code(dut: HierarchyObject) -> None:
    """Every code."""
    for name in SOURCES:
        source, stage = Format.parse(name), from_code_name(name)
        x = every({"raw": source})
        await compare_copies(dut, stage, half_stages()[stage](), x, {"result": bits(from_code(x["raw"], source))})


@cocotb.test()
async def to_every_code(dut: HierarchyObject) -> None:
    """Every half to every format, with the flags of saturation."""
    x = every({"value": bit(16), "width": bit(2), "is_signed": bit()})
    values = halves(x["value"])
    integer = to_integer(values)
    expected = {port: np.zeros(len(values), np.int64) for port in ("code", "high", "low")}
    for width, is_signed in np.ndindex(4, 2):
        target = Format(bool(is_signed), (*CODE_BITS, max(CODE_BITS))[width], 0)
        chosen = (x["width"] == width) & (x["is_signed"] == is_signed)
        expected["code"][chosen] = to_code(values[chosen], target) & 0xFF
        expected["high"][chosen] = integer[chosen] > target.max_raw
        expected["low"][chosen] = integer[chosen] < target.min_raw
    await compare_copies(dut, "to_code", half_stages()["to_code"](), x, expected)
