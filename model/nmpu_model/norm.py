"""Stage norm: BatchNorm, bias and requantisation as one multiply-add per column."""

from nmpu_model.types import Integers
from nmpu_spec.config import Config


def norm(config: Config, y: Integers, gain: Integers, bias: Integers) -> Integers:
    """z = g*y + b, exact, as raws of ``config.norm_format``; y (vectors, columns) is overwritten."""
    fraction = config.norm_format.fraction
    y *= gain << (fraction - config.norm.gain.fraction - config.affine.corrected.fraction)
    y += bias << (fraction - config.norm.bias.fraction)
    return y
