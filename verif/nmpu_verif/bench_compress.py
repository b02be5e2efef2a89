"""Bench of the affine compression, in every rounding and overflow mode where the formats are narrow."""

import cocotb
import numpy as np
from cocotb.handle import HierarchyObject

from nmpu_model.compress import compress, rounded
from nmpu_verif.coverage.data import cover_compress
from nmpu_verif.environment import configuration
from nmpu_verif.stage_bench import compare, operands
from nmpu_verif.stages import compress_variants


@cocotb.test()
async def compress_equals_model(dut: HierarchyObject) -> None:
    """Codes and saturation flags."""
    config = configuration()
    source, target = config.sum_format, config.affine.corrected
    for stage, compression in compress_variants(config).items():
        x = operands(stage, {"value": source})
        exact = rounded(x["value"].copy(), compression, source, target)
        cover_compress(config, stage, x["value"], exact)
        codes = compress(x["value"].copy()[:, None], compression, source, target, np.ones(1, bool)).codes[:, 0]
        expected = {"code": codes, "high": (exact > target.max_raw) * 1, "low": (exact < target.min_raw) * 1}
        await compare(dut, config, stage, x, expected)
