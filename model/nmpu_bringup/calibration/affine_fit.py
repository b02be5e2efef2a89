"""A counter's line, inverted and rounded to the formats of scale and offset."""

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from nmpu_aimc.calibrate import Lines
from nmpu_model.quantise import quantise
from nmpu_spec.config import Config
from nmpu_spec.formats import Format


@dataclass(frozen=True)
class AffineFit:
    """Of n lines, arrays (n,): the real scale and offset, the raws of the best ones that the registers hold, and why
    they are not good enough ("" where they are)."""

    scale: NDArray[np.float64]
    offset: NDArray[np.float64]
    scale_raw: NDArray[np.int64]
    offset_raw: NDArray[np.int64]
    problems: tuple[str, ...]


def fit_affine(config: Config, lines: Lines, lsb: Fraction) -> AffineFit:
    """scale * code + offset = t / lsb for lines code = g * t + b with codes as raws and g > 0.

    The scale, 1/(g lsb), is rounded to its format first; the offset is then the least-squares one for the rounded
    scale, mean(t) / lsb - scale * mean(code), and is rounded last. The error that the rounding of the scale makes then
    grows with a code's distance from the mean code, not from 0. A scale that rounds to 0, and a scale or an offset
    beyond its format, is a problem.
    """
    code, affine = config.adc.code, config.affine
    exact = lines.inverse(lsb)
    scale = exact.scale * 2.0**code.fraction
    scales = quantise(scale, affine.scale, "scale", "saturate")
    step = Fraction(1, 1 << (affine.scale.fraction + code.fraction))
    best = (lines.sum_t / lsb - scales.raws.astype(object) * step * lines.sum_c) / lines.count
    offset = best.astype(np.float64)
    offsets = quantise(offset, affine.offset, "offset", "saturate")
    problems = tuple(
        _outside("scale", value, affine.scale, affine.scale.resolution)
        if raw < 1 or abs(error) > affine.scale.resolution / 2
        else _outside("offset", other, affine.offset, affine.offset.min_value)
        if abs(other_error) > affine.offset.resolution / 2
        else ""
        for value, raw, error, other, other_error in zip(
            scale, scales.raws, scales.error, offset, offsets.error, strict=True
        )
    )
    return AffineFit(scale, exact.offset, scales.raws, offsets.raws, problems)


def _outside(name: str, value: float, node: Format, low: float) -> str:
    return f"{name} {value:.5g} is outside {node} ({low:g} to {node.max_value:g})"
