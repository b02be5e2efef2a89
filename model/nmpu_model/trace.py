"""The numbers in the unit's pipeline registers, as the golden model sees them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nmpu_model.affine import affine
from nmpu_model.compress import compress
from nmpu_model.half.arithmetic import bits
from nmpu_model.half.path import half_path
from nmpu_model.norm import norm
from nmpu_model.output import output
from nmpu_model.program import Program
from nmpu_model.relu import relu
from nmpu_model.residual import residual
from nmpu_model.traffic import Traffic
from nmpu_spec.half import HalfConfig

Numbers = NDArray[np.int64]


@dataclass(frozen=True)
class Trace:
    """Raws of shape (vectors, columns), named as the registers of the pipeline and of ``test`` in the register map; in
    an FP16 unit the 16 bits of each number.

    corrected   y, of ``affine.corrected``
    norm        z = g*y + b, before ReLU 1
    total       t, after ReLU 1, residual add and ReLU 2
    code        the output code; 0 in a masked column
    """

    corrected: Numbers
    norm: Numbers
    total: Numbers
    code: Numbers


def trace(program: Program, traffic: Traffic) -> Trace:
    """What each stage makes of `traffic`: codes as `nmpu_model.unit.run` takes them, not checked again."""
    config, layer, parameters = program.config, program.layer, program.parameters
    if isinstance(config, HalfConfig):
        numbers = half_path(program, traffic.p, traffic.n, traffic.rx)
        y, z, t = (bits(values).astype(np.int64) for values in (numbers.corrected, numbers.norm, numbers.total))
        return Trace(y, z, t, numbers.code)
    p, n, rx = (None if codes is None else codes.astype(np.int64) for codes in (traffic.p, traffic.n, traffic.rx))
    assert p is not None
    a = affine(config, p, n, *(parameters.get(name) for name in ("scale_p", "offset_p", "scale_n", "offset_n")))  # type: ignore[arg-type]
    y = compress(a, config.affine.compression, config.sum_format, config.affine.corrected, program.mask).codes
    z = norm(config, y.copy(), parameters["gain"], parameters["bias"])
    t = relu(residual(config, relu(z.copy(), layer.relu_1), rx, layer.rx_scale), layer.relu_2)
    code = output(config, t.copy(), layer.shift, layer.out_bits, layer.out_signed, program.mask).codes
    return Trace(y, z, t, np.where(program.mask, code, 0))
