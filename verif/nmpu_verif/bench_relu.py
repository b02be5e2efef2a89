"""Bench of ReLU."""

import cocotb
import numpy as np
from cocotb.handle import HierarchyObject

from nmpu_model.relu import relu
from nmpu_verif.coverage.data import cover_relu
from nmpu_verif.environment import configuration
from nmpu_verif.stage_bench import bit, compare, operands


@cocotb.test()
async def relu_equals_model(dut: HierarchyObject) -> None:
    config = configuration()
    x = operands("relu", {"value": config.norm_format, "enable": bit()})
    wanted = np.where(x["enable"], relu(x["value"].copy(), True), relu(x["value"].copy(), False))
    cover_relu(config, x)
    await compare(dut, config, "relu", x, {"rectified": wanted})
