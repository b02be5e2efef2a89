"""Facts about the definitions themselves, which the hardware rests on: no RTL is in them."""

from collections.abc import Iterator
from dataclasses import replace

import z3

from nmpu_spec.compression import Compression
from nmpu_spec.config import Config
from nmpu_spec.formats import MAX_WIDTH, Format
from nmpu_spec.rounding import Rounding, round_raw
from nmpu_verif.proof import definitions
from nmpu_verif.proof.claim import Claim, all_cases
from nmpu_verif.proof.definitions import Number, number
from nmpu_verif.proof.symbolic import Int, evaluate


def width_claims(config: Config) -> Iterator[Claim]:
    """No node of the data path ever needs more than its declared width."""
    affine, norm = config.affine, config.norm
    operands: dict[str, z3.BitVecRef] = {}
    for branch in config.branches:
        nodes = {"code": config.adc.code, "scale": affine.scale, "offset": affine.offset}
        operands |= {f"{name}_{branch}": z3.BitVec(f"{name}_{branch}", node.width) for name, node in nodes.items()}
        parts = [number(operands[f"{name}_{branch}"], node) for name, node in nodes.items()]
        yield _fits(f"branch_{branch}", parts[1] * parts[0] + parts[2], config.branch_format)
    yield _fits("sum", definitions.affine(config, operands), config.sum_format)

    corrected = number(z3.BitVec("corrected", affine.corrected.width), affine.corrected)
    gain, bias = z3.BitVec("gain", norm.gain.width), z3.BitVec("bias", norm.bias.width)
    normed = definitions.norm(config, corrected, gain, bias)
    yield _fits("norm", normed, config.norm_format)
    low, high = config.norm_range
    raw = normed.at(config.norm_format.fraction)
    yield Claim(f"norm lies from {low} to {high}", z3.And((raw >= low).term, (raw <= high).term), of_rtl=False)

    settings = {
        "rx_on": z3.BitVec("rx_on", 1),
        "rx_signed": z3.BitVec("rx_signed", 1),
        "rx_scale": z3.BitVec("rx_scale", config.residual.scale.width),
    }
    value = number(z3.BitVec("norm", config.norm_format.width), config.norm_format)
    total = definitions.residual(config, value, z3.BitVec("rx", config.residual.code_bits), settings)
    claim = _fits("total", total, config.total_format)
    inside = [(value.raw >= low).term, (value.raw <= high).term]
    cases = all_cases(rx_on=(0, 1), rx_signed=(0, 1))
    yield replace(claim, assuming=inside, cases=cases, where=f"norm from {low} to {high}")


def cut_claim() -> Claim:
    """Rounding half up of what is left after a cut is rounding half up of the whole, while a bit is left to round.

    For every number of 63 bits, which is the widest node, every cut and every number of bits to round.
    """
    value = Int.raw(z3.BitVec("value", MAX_WIDTH), signed=True)
    terms = []
    for whole in range(1, MAX_WIDTH):
        at_once = _rounded(value, whole)
        terms += [(_rounded(value >> cut, whole - cut) == at_once).term for cut in range(1, whole)]
    return Claim(
        f"half_up: {len(terms):,} pairs of cut_before and rounded bits lose nothing while one bit is left to round",
        z3.And(*terms),
        of_rtl=False,
    )


def cut_loses(rounding: Rounding) -> Claim:
    """The same for another rounding: false, and so it shows that the lemma says something."""
    value = Int.raw(z3.BitVec("value", 8), signed=True)
    kept = evaluate(lambda: round_raw(value >> 1, 2, rounding))  # type: ignore[arg-type]
    whole = evaluate(lambda: round_raw(value, 3, rounding))  # type: ignore[arg-type]
    return Claim(f"{rounding}: a cut of one bit before rounding two loses nothing", (kept == whole).term, of_rtl=False)


def _rounded(value: Int, bits: int) -> Int:
    compression = Compression(Rounding.HALF_UP)
    source, target = Format(True, MAX_WIDTH - bits, bits), Format(True, MAX_WIDTH - bits, 0)
    return evaluate(lambda: compression.round(value, source, target))  # type: ignore[arg-type]


def _fits(name: str, exact: Number, node: Format) -> Claim:
    raw = exact.at(node.fraction)
    holds = z3.And((raw >= node.min_raw).term, (raw <= node.max_raw).term)
    return Claim(f"node {name}: the exact number always fits {node}", holds, of_rtl=False)
