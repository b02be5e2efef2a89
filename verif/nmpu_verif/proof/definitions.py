"""The stages of the data path as `nmpu_spec` defines them, on symbolic integers of unlimited width."""

from dataclasses import dataclass

import z3

from nmpu_spec.compression import Compression
from nmpu_spec.config import CODE_BITS, Config
from nmpu_spec.formats import Format
from nmpu_spec.overflow import fit_raw
from nmpu_verif.proof.symbolic import Bool, Int, choose, evaluate


@dataclass(frozen=True)
class Number:
    """An exact fixed-point number: value = raw * 2**-fraction."""

    raw: Int
    fraction: int

    def __add__(self, other: "Number") -> "Number":
        fraction = max(self.fraction, other.fraction)
        return Number(self.at(fraction) + other.at(fraction), fraction)

    def __sub__(self, other: "Number") -> "Number":
        fraction = max(self.fraction, other.fraction)
        return Number(self.at(fraction) - other.at(fraction), fraction)

    def __mul__(self, other: "Number") -> "Number":
        return Number(self.raw * other.raw, self.fraction + other.fraction)

    def at(self, fraction: int) -> Int:
        """The raw with so many fraction bits, not fewer than there are."""
        return self.raw << (fraction - self.fraction)


def number(wires: z3.BitVecRef, node: Format) -> Number:
    """What the wires of `node` carry."""
    assert wires.size() == node.width, f"{wires.size()} wires carry {node}"
    return Number(Int.raw(wires, node.signed), node.fraction)


@dataclass(frozen=True)
class Compressed:
    """`code` as the target holds it; `high`, `low`: the rounded number lies above, below the target."""

    code: Int
    high: Int
    low: Int


def compressed(compression: Compression, value: Int, source: Format, target: Format) -> Compressed:
    rounded = evaluate(lambda: compression.round(value, source, target))  # type: ignore[arg-type]
    return _fitted(compression, rounded, target)


def _fitted(compression: Compression, rounded: Int, target: Format) -> Compressed:
    code = evaluate(lambda: fit_raw(rounded, target, compression.overflow))  # type: ignore[arg-type]
    return Compressed(code, Int.of(rounded > target.max_raw), Int.of(rounded < target.min_raw))


def affine(config: Config, operands: "dict[str, z3.BitVecRef]") -> Number:
    """(s_p*P + o_p) - (s_n*N + o_n), without the second branch in single-code mode."""
    branches = []
    for branch in config.branches:
        code, scale, offset = (operands[f"{name}_{branch}"] for name in ("code", "scale", "offset"))
        product = number(scale, config.affine.scale) * number(code, config.adc.code)
        branches.append(product + number(offset, config.affine.offset))
    return branches[0] - branches[1] if len(branches) == 2 else branches[0]


def norm(config: Config, corrected: Number, gain: z3.BitVecRef, bias: z3.BitVecRef) -> Number:
    """g*y + b."""
    return number(gain, config.norm.gain) * corrected + number(bias, config.norm.bias)


def relu(value: Number, enable: z3.BitVecRef) -> Number:
    """max(z, 0) where it is on."""
    on = Bool(enable == 1)
    return Number(evaluate(lambda: max(value.raw, 0) if on else value.raw), value.fraction)


def residual(config: Config, value: Number, rx: z3.BitVecRef, settings: "dict[str, z3.BitVecRef]") -> Number:
    """z + r*rx where rx is on; the layer says whether rx is signed."""
    unsigned, signed = Int.raw(rx, False), Int.raw(rx, True)
    code = choose([(settings["rx_signed"] == 1, signed), (settings["rx_signed"] == 0, unsigned)])
    scaled = number(settings["rx_scale"], config.residual.scale) * Number(code, 0)
    added = choose([(settings["rx_on"] == 1, scaled.raw), (settings["rx_on"] == 0, Int.of(0))])
    return value + Number(added, scaled.fraction)


def output(config: Config, total: Int, settings: "dict[str, z3.BitVecRef]") -> Compressed:
    """compression(t / 2**shift) in the format that the layer chooses; the last code of ``out_width`` is the widest."""
    compression, source = config.output.compression, config.total_format
    widest = config.code_format(max(CODE_BITS), signed=True)

    def shifted(shift: int) -> Int:
        return evaluate(lambda: compression.round(total, source, widest, shift))  # type: ignore[arg-type]

    rounded = choose([(settings["shift"] == shift, shifted(shift)) for shift in range(config.most_shift + 1)])
    formats = [
        (
            z3.And(settings["out_width"] == field, settings["out_signed"] == signed),
            config.code_format(bits, bool(signed)),
        )
        for field, bits in enumerate((*CODE_BITS, max(CODE_BITS)))
        for signed in (0, 1)
    ]
    cases = [(chosen, _fitted(compression, rounded, target)) for chosen, target in formats]
    return Compressed(
        *(choose([(chosen, getattr(case, name)) for chosen, case in cases]) for name in ("code", "high", "low"))
    )
