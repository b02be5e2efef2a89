"""Bench of the stage output: every shift, width and signedness, in every rounding mode where the formats are narrow."""

from itertools import product

import cocotb
import numpy as np
from cocotb.handle import HierarchyObject

from nmpu_model.compress import rounded
from nmpu_model.output import output
from nmpu_spec.config import CODE_BITS
from nmpu_verif.coverage.data import cover_disabled, cover_output
from nmpu_verif.environment import configuration
from nmpu_verif.stage_bench import bit, compare, operands
from nmpu_verif.stages import output_variants


@cocotb.test()
async def output_equals_model(dut: HierarchyObject) -> None:
    """Codes and saturation flags; a disabled column gives neither."""
    for stage, config in output_variants(configuration()).items():
        nodes = {
            "total": config.total_format,
            "shift": bit(config.output.shift_bits),
            "width": bit(2),
            "is_signed": bit(),
            "enable": bit(),
        }
        x = operands(stage, nodes)
        wanted = {name: np.zeros(len(x["total"]), np.int64) for name in ("code", "high", "low")}
        for shift, width, signed in product(range(1 << config.output.shift_bits), range(4), (0, 1)):
            here = np.flatnonzero(
                (x["shift"] == shift) & (x["width"] == width) & (x["is_signed"] == signed) & (x["enable"] == 1)
            )
            bits = CODE_BITS[min(width, len(CODE_BITS) - 1)]
            total = x["total"][here]
            codes = output(config, total.copy()[:, None], shift, bits, bool(signed), np.ones(1, bool)).codes[:, 0]
            wanted["code"][here] = codes & 0xFF
            target = config.code_format(bits, bool(signed))
            exact = rounded(total.copy(), config.output.compression, config.total_format, target, shift)
            cover_output(configuration(), stage, total, shift, width, signed, exact)
            wanted["high"][here], wanted["low"][here] = exact > target.max_raw, exact < target.min_raw
        cover_disabled(configuration(), stage, x["total"][x["enable"] == 0])
        await compare(dut, configuration(), stage, x, wanted)
