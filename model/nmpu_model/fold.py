"""Fold BatchNorm, bias and the activation ranges into the unit's gain, bias and shift."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nmpu_spec.config import Config
from nmpu_spec.errors import InputError


@dataclass(frozen=True)
class Folded:
    """Real-valued gain and bias of shape (columns,), to be quantised, and the run-time shift they are meant for."""

    gain: NDArray[np.float64]
    bias: NDArray[np.float64]
    shift: int


def fold_batchnorm(
    config: Config,
    *,
    input_step: ArrayLike,
    output_step: float,
    gamma: ArrayLike = 1.0,
    beta: ArrayLike = 0.0,
    mean: ArrayLike = 0.0,
    var: ArrayLike = 1.0,
    eps: float = 0.0,
    bias: ArrayLike = 0.0,
    rx_scale: float = 0.0,
) -> Folded:
    """Gain and bias such that out = (g*y + b) / 2**shift is the code of BatchNorm(input_step*y + bias).

    With k = gamma / sqrt(var + eps):  g = 2**shift * k * input_step / output_step,
    b = 2**shift * (k * (bias - mean) + beta) / output_step.

    `input_step` is the real number that one unit of the corrected value y stands for, `output_step` the one of an
    output code; every array is a scalar or of shape (columns,). `rx_scale` is what one code of RX stands for, in output
    codes. The shift is the largest one for which every column's gain and bias, and rx_scale, fit their formats: a power
    of two is moved between them exactly, and the parameters keep the most bits. Raises `InputError` for NaN, a negative
    variance or an output step that is not positive; whether the numbers fit their formats at all is for `quantise` to
    say.
    """
    parts = {"gamma": gamma, "beta": beta, "mean": mean, "var": var, "bias": bias, "input_step": input_step}
    wide = {}
    for name, part in parts.items():
        values = np.asarray(part, np.float64)
        if values.shape not in ((), (1,), (config.columns,)):
            raise InputError(f"{name}: shape {values.shape}, must be a scalar or ({config.columns},)")
        wide[name] = np.broadcast_to(values, (config.columns,))
    for name, values in wide.items():
        for column in np.flatnonzero(~np.isfinite(values)):
            raise InputError(f"{name} of column {column}: {values[column]}, must be finite")
    if not (np.isfinite(eps) and eps >= 0):
        raise InputError(f"eps = {eps}: must be finite and not negative")
    for column in np.flatnonzero(wide["var"] < 0):
        raise InputError(f"var of column {column}: {wide['var'][column]:g}, must not be negative")
    for column in np.flatnonzero(wide["var"] + eps <= 0):
        raise InputError(f"var of column {column}: {wide['var'][column]:g} + eps {eps:g} must be positive")
    if not (np.isfinite(output_step) and output_step > 0):
        raise InputError(f"output_step = {output_step}: must be positive")
    k = wide["gamma"] / np.sqrt(wide["var"] + eps)
    gain = k * wide["input_step"] / output_step
    offset = (k * (wide["bias"] - wide["mean"]) + wide["beta"]) / output_step
    shift = 0
    for candidate in range(config.most_shift + 1):
        factor = 2.0**candidate
        fits = (np.abs(gain) * factor <= config.norm.gain.max_value).all()
        fits &= (np.abs(offset) * factor <= config.norm.bias.max_value).all()
        if fits and rx_scale * factor <= config.residual.scale.max_value:
            shift = candidate
    return Folded(gain * 2.0**shift, offset * 2.0**shift, shift)
