"""Every stage of the data path, as its module in the emitted Verilog, equals its definition."""

from collections.abc import Iterator

import z3

from nmpu_spec.compression import Compression
from nmpu_spec.config import Config
from nmpu_spec.formats import Format
from nmpu_verif.proof import definitions
from nmpu_verif.proof.claim import Claim, all_cases
from nmpu_verif.proof.definitions import Compressed, number
from nmpu_verif.proof.machine import Machine, machine
from nmpu_verif.proof.symbolic import Int

BITS_OF_CODE = 8
"""Of the wires that carry an output code."""


def stage_claims(config: Config, verilog: str, top: str) -> Iterator[Claim]:
    """The stages of the unit `top`."""

    def module(stage: str) -> Machine:
        return machine(verilog, f"{top}_{stage}")

    yield affine_claim(config, module("affine"))
    yield compress_claim(module("compress"), config.affine.compression, config.sum_format, config.affine.corrected)
    yield norm_claim(config, module("norm"))
    for name, node in (("relu_1", config.norm_format), ("relu_2", config.total_format)):
        yield relu_claim(module(name), node)
    yield residual_claim(config, module("residual"))
    yield output_claim(config, module("output"))


def affine_claim(config: Config, stage: Machine) -> Claim:
    exact = definitions.affine(config, dict(stage.inputs))
    text = "(s_p*P + o_p) - (s_n*N + o_n)" if len(config.branches) == 2 else "s*P + o"
    return Claim(
        f"{stage.name}: sum = {text}, exact", equal(stage.signals["sum"], exact.at(config.sum_format.fraction))
    )


def compress_claim(stage: Machine, compression: Compression, source: Format, target: Format) -> Claim:
    value = number(stage.inputs["value"], source).raw
    wanted = definitions.compressed(compression, value, source, target)
    text = f"{stage.name}: {source} to {target}, {in_words(compression)}"
    return Claim(text, compressed_equal(stage, wanted, target.width))


def norm_claim(config: Config, stage: Machine) -> Claim:
    ports = stage.inputs
    corrected = number(ports["corrected"], config.affine.corrected)
    exact = definitions.norm(config, corrected, ports["gain"], ports["bias"])
    return Claim(
        f"{stage.name}: norm = g*y + b, exact", equal(stage.signals["norm"], exact.at(config.norm_format.fraction))
    )


def relu_claim(stage: Machine, node: Format) -> Claim:
    exact = definitions.relu(number(stage.inputs["value"], node), stage.inputs["enable"])
    return Claim(f"{stage.name}: max(value, 0) where enabled", equal(stage.signals["rectified"], exact.raw))


def residual_claim(config: Config, stage: Machine) -> Claim:
    ports = stage.inputs
    settings = {"rx_on": ports["rx_on"], "rx_signed": ports["rx_signed"], "rx_scale": ports["scale"]}
    value = number(ports["norm"], config.norm_format)
    exact = definitions.residual(config, value, ports["rx"], settings)
    low, high = config.norm_range
    return Claim(
        f"{stage.name}: total = norm + r*rx where rx is on, exact",
        equal(stage.signals["total"], exact.at(config.total_format.fraction)),
        assuming=[(value.raw >= low).term, (value.raw <= high).term],
        cases=all_cases(rx_on=(0, 1), rx_signed=(0, 1)),
        where=f"norm from {low} to {high} as it leaves the stage before",
    )


def output_claim(config: Config, stage: Machine) -> Claim:
    ports = stage.inputs
    settings = {"shift": ports["shift"], "out_width": ports["width"], "out_signed": ports["is_signed"]}
    wanted = definitions.output(config, number(ports["total"], config.total_format).raw, settings)
    enabled = Compressed(*(masked(one, ports["enable"]) for one in (wanted.code, wanted.high, wanted.low)))
    text = f"{stage.name}: {in_words(config.output.compression)}, every shift, width, sign"
    return Claim(text, compressed_equal(stage, enabled, BITS_OF_CODE))


def equal(wires: z3.BitVecRef, exact: Int, signed: bool = True) -> z3.BoolRef:
    """The wires carry the number itself: nothing of it was lost."""
    return (Int.raw(wires, signed) == exact).term


def compressed_equal(stage: Machine, wanted: Compressed, bits: int) -> z3.BoolRef:
    """Code and both flags; a code travels sign- or zero-extended to so many bits."""
    return z3.And(
        stage.signals["code"] == low_bits(wanted.code, bits),
        equal(stage.signals["high"], wanted.high, signed=False),
        equal(stage.signals["low"], wanted.low, signed=False),
    )


def low_bits(value: Int, bits: int) -> z3.BitVecRef:
    return z3.Extract(bits - 1, 0, value.extended(max(bits, value.width)))


def masked(value: Int, enable: z3.BitVecRef) -> Int:
    return Int(z3.If(enable == 1, value.term, z3.BitVecVal(0, value.width)))


def in_words(compression: Compression) -> str:
    cuts = f", cuts {compression.cut_before} and {compression.cut_after}"
    return f"{compression.rounding}, {compression.overflow}" + (
        cuts if compression.cut_before or compression.cut_after else ""
    )
