"""The golden-vector suites: what each of them is after, and how it finds it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from itertools import product

import numpy as np
from numpy.typing import NDArray

from nmpu_model.affine import affine
from nmpu_model.compress import compress
from nmpu_model.norm import norm
from nmpu_model.program import Layer, Program
from nmpu_model.stimulus import integers
from nmpu_model.traffic import Traffic, random_program, random_traffic
from nmpu_spec.compression import Compression
from nmpu_spec.config import CODE_BITS, AdcMode, Config
from nmpu_spec.formats import Format
from nmpu_spec.parameters import parameter_fields

VECTORS = 16
"""Vectors of each case."""
_CANDIDATES = 512
"""Vectors drawn, of which each column keeps the ones that come closest to what the suite is after."""

Distance = Callable[[Program, Traffic], NDArray[np.int64]]
"""How far each code, (vectors, columns), is from what is wanted; 0 is a hit."""


@dataclass(frozen=True)
class Case:
    """A program and vectors for it."""

    name: str
    program: Program
    traffic: Traffic


def corners(config: Config, seed: int) -> Iterator[Case]:
    """Random programs whose parameters and codes often lie at the ends of their formats; RX off and on."""
    for number in range(8):
        name = f"corner_{number}"
        program = random_program(config, seed, name, rx_on=bool(number % 2))
        yield Case(name, program, random_traffic(program, VECTORS, seed, name))


def ties(config: Config, seed: int) -> Iterator[Case]:
    """Numbers half-way between two codes: in the affine compression, and in the output's for several shifts."""
    scales = random_program(config, seed, "tie_affine").parameters
    plain = _plain(config, seed, "tie_affine", Layer())
    affine_only = {name: raws for name, raws in scales.items() if name not in ("gain", "bias")}
    program = replace(plain, parameters={**plain.parameters, **affine_only})
    yield _search("tie_affine", program, seed, _affine_tie)
    for shift in range(min(4, 1 << config.output.shift_bits)):
        name = f"tie_output_{shift}"
        yield _search(name, _plain(config, seed, name, Layer(shift=shift)), seed, _output_tie)


def saturation(config: Config, seed: int) -> Iterator[Case]:
    """Numbers next to the largest and smallest code: of the corrected code, and of every output width."""
    for end in ("high", "low"):
        name = f"saturation_affine_{end}"
        program = _plain(config, seed, name, Layer(shift=(1 << config.output.shift_bits) - 1))
        bound = getattr(config.affine.corrected, "max_raw" if end == "high" else "min_raw")
        yield _search(name, program, seed, partial(_from_bound, bound))
    for bits, signed in product(CODE_BITS, (True, False)):
        name = f"saturation_output_{'s' if signed else 'u'}{bits}"
        program = _plain(config, seed, name, Layer(out_bits=bits, out_signed=signed))
        yield _search(name, program, seed, _output_bound)


SUITES: dict[str, Callable[[Config, int], Iterator[Case]]] = {
    "corners": corners,
    "ties": ties,
    "saturation": saturation,
}
"""The suites that need nothing but a configuration and a seed."""


def _search(name: str, program: Program, seed: int, distance: Distance) -> Case:
    """Per column, the candidates with the smallest distance, in the order in which they were drawn."""
    drawn = random_traffic(program, _CANDIDATES, seed, name)
    order = np.argsort(distance(program, drawn), axis=0, kind="stable")[:VECTORS]
    p, n = (None if codes is None else np.take_along_axis(codes, order, axis=0) for codes in (drawn.p, drawn.n))
    assert p is not None
    return Case(name, program, Traffic(p, n, None))


def _plain(config: Config, seed: int, name: str, layer: Layer) -> Program:
    """Scales one, small offsets and biases, power-of-two gains: a coarse grid, on which ties are frequent."""
    columns = config.columns
    parameters = {}
    for field in parameter_fields(config):
        node = field.format
        if field.name.startswith("scale"):
            raws = np.full(columns, min(1 << node.fraction, node.max_raw))
        elif field.name == "gain":
            raws = np.full(columns, 1 << max(min(node.fraction, node.width - 2), 0))
            raws[1::2] = -raws[1::2]
            # A format of one bit has no 1.
            raws = raws.clip(node.min_raw, node.max_raw)
        else:
            # Halves of the unit, so that a sum with whole counts can be a tie of the output.
            half = 1 << max(node.fraction - 1, 0)
            reach = min(4, node.max_raw // half)
            raws = integers(seed, f"{name}/{field.name}", -reach, reach, (columns,)) * half
        parameters[field.name] = raws.astype(np.int64)
    return Program(config, parameters, layer)


def _sum(program: Program, traffic: Traffic) -> NDArray[np.int64]:
    names = ("scale_p", "offset_p", "scale_n", "offset_n")
    dual = program.config.adc.mode is AdcMode.DUAL
    n = traffic.n.copy() if dual and traffic.n is not None else None
    a = affine(program.config, traffic.p.copy(), n, *(program.parameters.get(name) for name in names))  # type: ignore[arg-type]
    return np.asarray(a, np.int64)


def _rounded_sum(program: Program, traffic: Traffic) -> NDArray[np.int64]:
    """a to the LSB of the corrected code, floored and not saturated."""
    fraction = program.config.sum_format.fraction - program.config.affine.corrected.fraction
    return _sum(program, traffic) >> fraction


def _from_bound(bound: int, program: Program, traffic: Traffic) -> NDArray[np.int64]:
    """Distance of the corrected number from `bound`, in its LSB."""
    return np.abs(_rounded_sum(program, traffic) - bound)


def _total(program: Program, traffic: Traffic) -> NDArray[np.int64]:
    config = program.config
    corrected = config.affine.corrected
    y = compress(_sum(program, traffic), config.affine.compression, config.sum_format, corrected, program.mask)
    z = norm(config, np.asarray(y.codes, np.int64), program.parameters["gain"], program.parameters["bias"])
    return np.asarray(z << (config.total_format.fraction - config.norm_format.fraction), np.int64)


def _affine_tie(program: Program, traffic: Traffic) -> NDArray[np.int64]:
    config = program.config
    exact = _sum(program, traffic)
    miss = _to_tie(exact, config.affine.compression, config.sum_format, config.affine.corrected, 0)
    # Of the ties the small ones: their codes are not cut off by the output.
    return np.abs(exact) + (miss << config.sum_format.width)


def _output_tie(program: Program, traffic: Traffic) -> NDArray[np.int64]:
    config, layer = program.config, program.layer
    target = config.code_format(layer.out_bits, layer.out_signed)
    total = _total(program, traffic)
    inside = np.abs(total) < (target.max_raw << (config.total_format.fraction + layer.shift))
    return _to_tie(total, config.output.compression, config.total_format, target, layer.shift) + 2 * ~inside


def _to_tie(
    raws: NDArray[np.int64], compression: Compression, source: Format, target: Format, shift: int
) -> NDArray[np.int64]:
    """0 where what the rounding removes is exactly one half, 1 elsewhere."""
    bits = compression.rounded_bits(source, target) + shift
    removed = (raws >> compression.cut_before) & ((1 << bits) - 1)
    return (removed != (1 << bits >> 1)).astype(np.int64)


def _output_bound(program: Program, traffic: Traffic) -> NDArray[np.int64]:
    """Distance from the nearer end of the output format, in units of an output code's LSB."""
    config, layer = program.config, program.layer
    target = config.code_format(layer.out_bits, layer.out_signed)
    codes = _total(program, traffic) >> (config.total_format.fraction + layer.shift)
    return np.minimum(np.abs(codes - target.max_raw), np.abs(codes - target.min_raw))
