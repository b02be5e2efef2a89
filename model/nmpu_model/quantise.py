"""From real-valued parameters to the raws that the registers hold."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from fxpmath import Fxp
from numpy.typing import ArrayLike, NDArray

from nmpu_model.program import Layer, Program
from nmpu_model.types import Mask
from nmpu_spec.config import Config
from nmpu_spec.errors import InputError
from nmpu_spec.formats import Format
from nmpu_spec.parameters import parameter_fields
from nmpu_spec.rounding import Rounding

OnOverflow = Literal["raise", "saturate"]


@dataclass(frozen=True)
class Quantised:
    """Raws, and the difference value - wanted that the rounding (and saturation) made, each of shape (columns,)."""

    raws: NDArray[np.int64]
    error: NDArray[np.float64]


def quantise(
    values: ArrayLike | Fxp, node: Format, name: str = "value", on_overflow: OnOverflow = "raise"
) -> Quantised:
    """Each value as the nearest raw of `node` (ties to even).

    Raises `InputError` for a format wider than a float's 53 bits, and, naming column, value and format, for NaN and,
    unless `on_overflow` is "saturate", for a value that the format does not hold.
    """
    if node.width > 53:
        raise InputError(f"{name}: format {node} has {node.width} bits, must have at most the 53 of a float")
    wanted = np.atleast_1d(np.asarray(values.get_val() if isinstance(values, Fxp) else values, dtype=np.float64))
    for column in np.flatnonzero(np.isnan(wanted)):
        raise InputError(f"{name} of column {column}: is NaN")
    scaled = np.rint(np.clip(wanted, -(2.0**62), 2.0**62) * 2.0**node.fraction)
    raws = np.clip(scaled, node.min_raw, node.max_raw)
    if on_overflow == "raise":
        for column in np.flatnonzero(raws != scaled):
            raise InputError(
                f"{name} of column {column}: {wanted[column]:g} does not fit {node} "
                f"({node.min_value:g} to {node.max_value:g})"
            )
    return Quantised(raws.astype(np.int64), raws * node.resolution - wanted)


@dataclass(frozen=True)
class QuantisedProgram:
    """A program and what its quantisation costs.

    `parameter_error`  the largest |value - wanted| of each parameter, in the parameter's unit
    `output_error`     per column, a bound on |t - t_real| / 2**shift, in LSB of the output code before its own
                       rounding, over every ADC code that does not saturate the corrected code:
                       (|g| * (sum over branches of |error s| * code_max + |error o|, + the corrected code's rounding)
                       + |error g| * (y_max + y's error) + |error b|) / 2**shift
    """

    program: Program
    parameter_error: Mapping[str, float]
    output_error: NDArray[np.float64]


def quantise_program(
    config: Config,
    values: Mapping[str, ArrayLike | Fxp],
    layer: Layer = Layer(),
    mask: Mask | None = None,
    on_overflow: OnOverflow = "raise",
) -> QuantisedProgram:
    """A program from real `values`: one entry for each parameter of the configuration, scalars or shape (columns,)."""
    nodes = {entry.name: entry.format for entry in parameter_fields(config)}
    if set(values) != set(nodes):
        raise InputError(f"parameters {sorted(values)}: must be exactly {sorted(nodes)}")
    done = {}
    for name, node in nodes.items():
        entry = quantise(values[name], node, name, on_overflow)
        if entry.raws.shape not in ((1,), (config.columns,)):
            raise InputError(f"{name}: shape {entry.raws.shape}, must be a scalar or ({config.columns},)")
        shape = (config.columns,)
        done[name] = Quantised(np.broadcast_to(entry.raws, shape), np.broadcast_to(entry.error, shape))
    program = Program(
        config,
        {name: entry.raws.copy() for name, entry in done.items()},
        layer,
        np.ones(config.columns, bool) if mask is None else mask,
    )
    worst = {name: float(np.abs(entry.error).max()) for name, entry in done.items()}
    return QuantisedProgram(program, worst, _output_error(config, done, layer.shift))


def _output_error(config: Config, done: Mapping[str, Quantised], shift: int) -> NDArray[np.float64]:
    code, corrected = config.adc.code, config.affine.corrected
    compression = config.affine.compression
    code_max = max(abs(code.min_value), code.max_value)
    lsb = 2.0**-corrected.fraction
    nearest = compression.rounding is not Rounding.FLOOR and compression.cut_after == 0
    y_error = np.full(config.columns, lsb / 2 if nearest else lsb)
    if compression.cut_before:
        y_error += 2.0 ** (compression.cut_before - config.sum_format.fraction)
    for branch in config.branches:
        y_error += np.abs(done[f"scale_{branch}"].error) * code_max + np.abs(done[f"offset_{branch}"].error)
    gain = np.abs(done["gain"].raws) * config.norm.gain.resolution
    y_max = max(-corrected.min_value, corrected.max_value)
    total = gain * y_error + np.abs(done["gain"].error) * (y_max + y_error) + np.abs(done["bias"].error)
    return np.asarray(total / 2.0**shift, dtype=np.float64)
