"""Seeded programs and codes that reach the ordinary range as well as every edge of the formats."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nmpu_model.half import traffic as half
from nmpu_model.program import Layer, Program
from nmpu_model.stimulus import integers
from nmpu_spec.config import CODE_BITS, AdcMode, Config
from nmpu_spec.formats import Format
from nmpu_spec.half import HalfConfig
from nmpu_spec.parameters import parameter_fields

Codes = NDArray[np.integer]


@dataclass(frozen=True)
class Traffic:
    """Vectors for the unit: raws of shape (vectors, columns); n, rx are None where the program does not use them."""

    p: Codes
    n: Codes | None
    rx: Codes | None


def random_program(config: Config, seed: int, stream: str, rx_on: bool | None = None) -> Program:
    """A program with every setting random; `rx_on` fixes that one.

    A third of the columns has parameters from the ends of their formats, a third random ones, and a third such that
    the code is neither cut off nor zero: scales near one, small gains.
    """
    columns, binary16 = config.columns, isinstance(config, HalfConfig)
    kind = integers(seed, f"{stream}/kind", 0, 2, (columns,))
    parameters = {}
    for field in parameter_fields(config):
        node, name = field.format, f"{stream}/{field.name}"
        here = (field.name, seed, name, columns)
        anywhere = integers(seed, name, node.min_raw, node.max_raw, (columns,))
        ends = half.EDGES if binary16 else [node.min_raw, node.min_raw + 1, 0, 1, node.max_raw - 1, node.max_raw]
        end = np.array(ends)[integers(seed, f"{name}/end", 0, len(ends) - 1, (columns,))]
        near = half.ordinary(*here) if binary16 else _ordinary(node, *here)
        # A signed format of one bit has no 1.
        parameters[field.name] = np.choose(kind, [end, anywhere, near]).clip(node.min_raw, node.max_raw)

    def draw(name: str, low: int, high: int) -> int:
        return int(integers(seed, f"{stream}/{name}", low, high, (1,))[0])

    scale = config.residual.scale
    rx_scale = draw("rx_scale", scale.min_raw, scale.max_raw)
    if binary16:
        usual = int(half.ordinary("scale", seed, f"{stream}/rx_scale", 1)[0])
        edge = half.EDGES[draw("rx_scale/end", 0, len(half.EDGES) - 1)]
        rx_scale = (rx_scale, edge, usual)[draw("rx_scale/kind", 0, 2)]
    layer = Layer(
        relu_1=bool(draw("relu_1", 0, 1)),
        relu_2=bool(draw("relu_2", 0, 1)),
        rx_on=bool(draw("rx_on", 0, 1)) if rx_on is None else rx_on,
        rx_signed=bool(draw("rx_signed", 0, 1)),
        rx_scale=rx_scale,
        shift=draw("shift", 0, config.most_shift),
        out_bits=CODE_BITS[draw("out_bits", 0, len(CODE_BITS) - 1)],
        out_signed=bool(draw("out_signed", 0, 1)),
    )
    mask = integers(seed, f"{stream}/mask", 0, 7, (columns,)) > 0
    return Program(config, parameters, layer, mask)


def random_traffic(program: Program, vectors: int, seed: int, stream: str) -> Traffic:
    """`vectors` vectors for `program`: an eighth of the codes at each end of the format, the rest anywhere."""
    config, layer = program.config, program.layer
    shape = (vectors, config.columns)
    rx = config.code_format(config.residual.code_bits, layer.rx_signed)
    return Traffic(
        _codes(config.adc.code, seed, f"{stream}/p", shape),
        _codes(config.adc.code, seed, f"{stream}/n", shape) if config.adc.mode is AdcMode.DUAL else None,
        _codes(rx, seed, f"{stream}/rx", shape) if layer.rx_on else None,
    )


def _ordinary(node: Format, name: str, seed: int, stream: str, columns: int) -> Codes:
    if name.startswith("scale"):
        one = min(1 << node.fraction, node.max_raw)
        return integers(seed, f"{stream}/near", one - one // 4, min(one + one // 4, node.max_raw), (columns,))
    reach = max(node.max_raw // 8, 1)
    return integers(seed, f"{stream}/near", -reach, reach, (columns,))


def _codes(node: Format, seed: int, stream: str, shape: tuple[int, ...]) -> Codes:
    codes = integers(seed, stream, node.min_raw, node.max_raw, shape)
    choice = integers(seed, f"{stream}/end", 0, 7, shape)
    return np.where(choice == 0, node.min_raw, np.where(choice == 1, node.max_raw, codes))
