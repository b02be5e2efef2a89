"""Stage affine: the two ADC counters become one corrected number."""

from nmpu_model.types import Integers
from nmpu_spec.config import Config


def affine(
    config: Config,
    p: Integers,
    n: Integers | None,
    scale_p: Integers,
    offset_p: Integers,
    scale_n: Integers | None,
    offset_n: Integers | None,
) -> Integers:
    """a = (s_p*P + o_p) - (s_n*N + o_n), exact, as raws of ``config.sum_format``.

    p, n are raws of ``adc.code``, shape (vectors, columns); the parameters have the shape (columns,).
    p and n are overwritten. In single-code mode n, scale_n and offset_n are None and a = s_p*P + o_p.
    """
    fraction = config.sum_format.fraction
    scale_up = fraction - config.affine.scale.fraction - config.adc.code.fraction
    offset_up = fraction - config.affine.offset.fraction
    p *= scale_p << scale_up
    offset = offset_p << offset_up
    if n is not None and scale_n is not None and offset_n is not None:
        n *= scale_n << scale_up
        p -= n
        offset = offset - (offset_n << offset_up)
    p += offset
    return p
