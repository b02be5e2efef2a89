"""The cover groups of the data path's stages, and how the stage benches' operands are looked at for them.

The places come from the operands and from the golden model's exact numbers, never from the RTL.
"""

from collections.abc import Iterator, Mapping
from functools import lru_cache, partial
from itertools import product

import numpy as np

from nmpu_spec.config import CODE_BITS, Config
from nmpu_spec.formats import Format
from nmpu_verif.coverage.arrays import ENDS, Cases, ends, sample, signs
from nmpu_verif.coverage.bins import CoverGroup
from nmpu_verif.coverage.compression import (
    SIGNS,
    range_group,
    rounding_group,
    sample_range,
    sample_rounding,
)
from nmpu_verif.stages import affine_variants, compress_variants, output_variants

Range = tuple[int, int]

OFF_ON = ("off", "on")
VALUES = ("lowest", "negative", "-1", "0", "1", "positive", "highest")
CODES = ("0", "highest signed", "lowest signed", "all ones", "other")
"""Of rx, as the wires carry it."""
OUT_FORMATS = tuple(
    f"{'S' if signed else 'U'}{CODE_BITS[min(field, len(CODE_BITS) - 1)]} (out_width {field})"
    for field in range(len(CODE_BITS) + 1)
    for signed in (0, 1)
)
"""Every value of the register fields out_width and out_signed."""


@lru_cache(maxsize=4)
def data_groups(config: Config) -> dict[str, CoverGroup]:
    """Every group of every stage and variant, by name."""
    return {group.name: group for group in _groups(config)}


def _groups(config: Config) -> Iterator[CoverGroup]:
    for stage, variant in affine_variants(config).items():
        for branch in variant.branches:
            what = f"operands of branch {branch}, and the sign of the sum"
            axes = {"code": ENDS, "scale": ENDS, "offset": ENDS, "sum": SIGNS}
            yield CoverGroup(f"{stage}: {branch}", what, axes, partial(_no_sum, variant, branch))
    source, target = config.sum_format, config.affine.corrected
    for stage, compression in compress_variants(config).items():
        yield rounding_group(stage, compression, source, target, shifts=1)
        yield range_group(stage, compression, source, {str(target): target})
    yield CoverGroup("norm", "operands", {"corrected": ENDS, "gain": ENDS, "bias": ENDS})
    yield CoverGroup("relu", "operands", {"relu": OFF_ON, "value": VALUES})
    yield CoverGroup(
        "residual",
        "operands",
        {"rx": OFF_ON, "rx_signed": OFF_ON, "code": CODES, "scale": ENDS, "norm": SIGNS},
    )
    for stage, variant in output_variants(config).items():
        compression, total = variant.output.compression, variant.total_format
        yield rounding_group(stage, compression, total, _ratio(config), 1 << config.output.shift_bits)
        yield range_group(stage, compression, total, {name: _out_format(name) for name in OUT_FORMATS})
        yield CoverGroup(f"{stage}: disabled", "a column that is masked out", {"total": ENDS})


def _no_sum(config: Config, branch: str, code: str, scale: str, offset: str, sign: str) -> str:
    """Why a branch whose operands lie there cannot make a sum of that sign."""
    affine, fraction = config.affine, config.affine.scale.fraction + config.adc.code.fraction
    common = max(fraction, affine.offset.fraction)

    def branch_range(code: Range, scale: Range, offset: Range) -> Range:
        products = [a * b << common - fraction for a, b in product(code, scale)]
        low, high = (raw << common - affine.offset.fraction for raw in offset)
        return min(products) + low, max(products) + high

    nodes = (config.adc.code, affine.scale, affine.offset)
    places = [_raws(node, place) for node, place in zip(nodes, (code, scale, offset), strict=True)]
    if any(low > high for low, high in places):
        return "the format has no numbers between its ends"
    low, high = branch_range(*places)
    if len(config.branches) > 1:
        least, most = branch_range(*((node.min_raw, node.max_raw) for node in nodes))
        low, high = (low - most, high - least) if branch == "p" else (least - high, most - low)
    possible = low < 0 if sign == SIGNS[0] else high >= 0
    return "" if possible else f"then the sum lies between {low} and {high}"


def _raws(node: Format, place: str) -> Range:
    low, high = node.min_raw, node.max_raw
    return {"lowest": (low, low), "inside": (low + 1, high - 1), "highest": (high, high)}[place]


def _ratio(config: Config) -> Format:
    return config.code_format(max(CODE_BITS), True)


def _out_format(name: str) -> Format:
    return Config.code_format(int(name[1]), name.startswith("S"))


def cover_affine(config: Config, stage: str, x: Mapping[str, Cases], total: Cases) -> None:
    """`config` is that of the unit; `x` has the ports' operands, `total` the exact sum."""
    variant = affine_variants(config)[stage]
    for branch in variant.branches:
        places = {
            "code": ends(x[f"code_{branch}"], variant.adc.code),
            "scale": ends(x[f"scale_{branch}"], variant.affine.scale),
            "offset": ends(x[f"offset_{branch}"], variant.affine.offset),
            "sum": signs(total),
        }
        sample(data_groups(config)[f"{stage}: {branch}"], places)


def cover_compress(config: Config, stage: str, raws: Cases, exact: Cases) -> None:
    """`exact` is what the golden model rounds `raws` to, before it saturates."""
    compression = compress_variants(config)[stage]
    groups, target = data_groups(config), config.affine.corrected
    bits = compression.rounded_bits(config.sum_format, target)
    sample_rounding(groups[f"{stage}: rounding"], compression, bits, 0, raws)
    sample_range(groups[f"{stage}: range"], 0, target, exact)


def cover_norm(config: Config, x: Mapping[str, Cases]) -> None:
    nodes = {"corrected": config.affine.corrected, "gain": config.norm.gain, "bias": config.norm.bias}
    sample(data_groups(config)["norm"], {name: ends(x[name], node) for name, node in nodes.items()})


def cover_relu(config: Config, x: Mapping[str, Cases]) -> None:
    value, node = x["value"], config.norm_format
    named = [value == node.min_raw, value < -1, value == -1, value == 0, value == 1, value < node.max_raw]
    sample(data_groups(config)["relu"], {"relu": x["enable"], "value": np.select(named, range(6), 6)})


def cover_residual(config: Config, x: Mapping[str, Cases]) -> None:
    half = 1 << (config.residual.code_bits - 1)
    rx = x["rx"]
    places = {
        "rx": x["rx_on"],
        "rx_signed": x["rx_signed"],
        "code": np.select([rx == 0, rx == half - 1, rx == half, rx == 2 * half - 1], range(4), 4),
        "scale": ends(x["scale"], config.residual.scale),
        "norm": signs(x["norm"]),
    }
    sample(data_groups(config)["residual"], places)


def cover_output(config: Config, stage: str, total: Cases, shift: int, width: int, signed: int, exact: Cases) -> None:
    """`exact` is what the golden model rounds `total` to, before it saturates."""
    groups, compression = data_groups(config), output_variants(config)[stage].output.compression
    bits = compression.rounded_bits(config.total_format, _ratio(config)) + shift
    sample_rounding(groups[f"{stage}: rounding"], compression, bits, shift, total)
    target = 2 * width + signed
    sample_range(groups[f"{stage}: range"], target, _out_format(OUT_FORMATS[target]), exact)


def cover_disabled(config: Config, stage: str, total: Cases) -> None:
    """Columns that are masked out."""
    sample(data_groups(config)[f"{stage}: disabled"], {"total": ends(total, config.total_format)})
