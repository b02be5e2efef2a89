"""Stage residual: add partial sums or a shortcut that arrive as codes on ``rx``."""

from nmpu_model.types import Integers
from nmpu_spec.config import Config


def residual(config: Config, z: Integers, rx: Integers | None, scale: int) -> Integers:
    """t = z + r*rx, exact, as raws of ``config.total_format``; r is the raw `scale`, rx is None when RX is off.

    z has the format ``config.norm_format``; both arrays have the shape (vectors, columns); z is overwritten.
    """
    fraction = config.total_format.fraction
    if fraction > config.norm_format.fraction:
        z <<= fraction - config.norm_format.fraction
    if rx is not None:
        z += rx * (scale << (fraction - config.residual.scale.fraction))
    return z
