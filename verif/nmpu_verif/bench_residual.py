"""Bench of the stage residual."""

import cocotb
import numpy as np
from cocotb.handle import HierarchyObject

from nmpu_model.residual import residual
from nmpu_verif.coverage.data import cover_residual
from nmpu_verif.environment import configuration
from nmpu_verif.stage_bench import bit, compare, operands


@cocotb.test()
async def residual_equals_model(dut: HierarchyObject) -> None:
    """rx off, rx unsigned, rx signed."""
    config = configuration()
    nodes = {
        "norm": config.norm_format,
        "rx": bit(config.residual.code_bits),
        "rx_on": bit(),
        "rx_signed": bit(),
        "scale": config.residual.scale,
    }
    x = operands("residual", nodes)
    half = 1 << (config.residual.code_bits - 1)
    codes = np.where(x["rx_signed"] == 1, (x["rx"] + half) % (2 * half) - half, x["rx"])
    added = np.zeros_like(codes)
    for scale in np.unique(x["scale"]).tolist():
        here = x["scale"] == scale
        added[here] = residual(config, x["norm"][here].copy(), codes[here], scale)
    alone = residual(config, x["norm"].copy(), None, 0)
    cover_residual(config, x)
    await compare(dut, config, "residual", x, {"total": np.where(x["rx_on"] == 1, added, alone)})
