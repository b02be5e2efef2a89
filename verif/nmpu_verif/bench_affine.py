"""Bench of the stage affine."""

import cocotb
from cocotb.handle import HierarchyObject

from nmpu_model.affine import affine
from nmpu_verif.coverage.data import cover_affine
from nmpu_verif.environment import configuration
from nmpu_verif.stage_bench import compare, operands
from nmpu_verif.stages import affine_variants


@cocotb.test()
async def affine_equals_model(dut: HierarchyObject) -> None:
    """Both ADC modes."""
    for stage, config in affine_variants(configuration()).items():
        nodes = {}
        for branch in config.branches:
            nodes[f"code_{branch}"] = config.adc.code
            nodes[f"scale_{branch}"] = config.affine.scale
            nodes[f"offset_{branch}"] = config.affine.offset
        x = operands(stage, nodes)
        wanted = affine(
            config,
            x["code_p"].copy(),
            x["code_n"].copy() if "code_n" in x else None,
            x["scale_p"],
            x["offset_p"],
            x.get("scale_n"),
            x.get("offset_n"),
        )
        cover_affine(configuration(), stage, x, wanted)
        await compare(dut, configuration(), stage, x, {"sum": wanted})
