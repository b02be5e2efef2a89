"""Bench of the stage norm."""

import cocotb
from cocotb.handle import HierarchyObject

from nmpu_model.norm import norm
from nmpu_verif.coverage.data import cover_norm
from nmpu_verif.environment import configuration
from nmpu_verif.stage_bench import compare, operands


@cocotb.test()
async def norm_equals_model(dut: HierarchyObject) -> None:
    config = configuration()
    nodes = {"corrected": config.affine.corrected, "gain": config.norm.gain, "bias": config.norm.bias}
    x = operands("norm", nodes)
    wanted = norm(config, x["corrected"].copy(), x["gain"], x["bias"])
    cover_norm(config, x)
    await compare(dut, config, "norm", x, {"norm": wanted})
