"""A program of the FP16 unit from real numbers."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nmpu_model.half.arithmetic import Half, bits
from nmpu_model.program import Layer, Program
from nmpu_model.types import Mask
from nmpu_spec.errors import InputError
from nmpu_spec.half import HalfConfig
from nmpu_spec.parameters import parameter_fields


def half_program(
    config: HalfConfig,
    values: Mapping[str, ArrayLike],
    rx_scale: float = 0.0,
    layer: Layer = Layer(),
    mask: Mask | None = None,
) -> Program:
    """Real `values`, scalars or of shape (columns,), each as the nearest binary16, ties to even.

    `rx_scale` takes the place of the layer's own. Raises `InputError`, naming parameter and column, for NaN and for
    what binary16 does not hold (65520 and above).
    """
    names = [field.name for field in parameter_fields(config)]
    if set(values) != set(names):
        raise InputError(f"parameters {sorted(values)}: must be exactly {sorted(names)}")
    wide = {name: np.broadcast_to(np.asarray(values[name], np.float64), (config.columns,)) for name in names}
    return Program(
        config,
        {name: bits(_nearest(name, wide[name])).astype(np.int64) for name in names},
        replace(layer, rx_scale=int(bits(_nearest("rx_scale", np.array([rx_scale])))[0])),
        np.ones(config.columns, bool) if mask is None else mask,
    )


def _nearest(name: str, values: NDArray[np.float64]) -> Half:
    with np.errstate(over="ignore"):
        nearest = values.astype(np.float16)
    for column in np.flatnonzero(~np.isfinite(nearest)):
        raise InputError(f"{name} of column {column}: {values[column]:g} is no number of binary16 (up to 65504)")
    return nearest
