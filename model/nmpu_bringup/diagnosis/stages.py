"""The golden model's stages one by one, with every number that a pipeline register would hold."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nmpu_bringup.bundle.golden import GoldenCase
from nmpu_model.affine import affine
from nmpu_model.compress import compress
from nmpu_model.norm import norm
from nmpu_model.output import output
from nmpu_model.program import Layer
from nmpu_model.relu import relu
from nmpu_model.residual import residual
from nmpu_model.types import Integers, Mask
from nmpu_spec.config import CODE_BITS, Config
from nmpu_spec.formats import Format

FIELD = (1 << max(CODE_BITS)) - 1
"""The bits of an ``out`` field."""
NOTHING = -1
"""Stands for a code that does not come."""

Tap = Callable[[Integers], Integers]
"""What a fault makes of a register's numbers."""


@dataclass(frozen=True)
class Setup:
    """What a unit works on: as in `Program` and `Traffic`, but free to be wrong.

    p, n, rx   int64 of shape (vectors, columns); rx is the raw field, whatever ``layer.rx_signed`` makes of it
    parameters, mask   shape (columns,)
    """

    config: Config
    layer: Layer
    parameters: Mapping[str, Integers]
    mask: Mask
    p: Integers
    n: Integers | None
    rx: Integers | None


def setup_of(golden: GoldenCase) -> Setup:
    """The case as it should be."""
    program, traffic = golden.case.program, golden.case.traffic
    rx = None if traffic.rx is None else traffic.rx & program.config.residual_code.max_raw
    wide = [None if codes is None else codes.astype(np.int64) for codes in (traffic.p, traffic.n, rx)]
    assert wide[0] is not None
    parameters = {name: raws.astype(np.int64) for name, raws in program.parameters.items()}
    return Setup(program.config, program.layer, parameters, program.mask, wide[0], wide[1], wide[2])


def stages(setup: Setup, taps: Mapping[str, Tap] | None = None) -> dict[str, Integers]:
    """Raws of shape (vectors, columns): ``sum``, and the registers ``corrected``, ``norm``, ``total`` and ``out``.

    ``norm`` stands before ReLU 1, ``total`` behind ReLU 2. Each is cut to the wires of its format, which changes
    nothing as long as the operands keep to theirs. `taps` maps registers to the faults that they have.
    """
    config, layer, parameters = setup.config, setup.layer, setup.parameters
    made: dict[str, Integers] = {}

    def hold(name: str, raws: Integers, node: Format) -> Integers:
        made[name] = wired(raws, node)
        if taps and name in taps:
            made[name] = wired(taps[name](made[name]), node)
        return made[name].copy()

    offsets = (parameters.get(name) for name in ("scale_n", "offset_n"))
    n = None if setup.n is None else setup.n.copy()
    a = affine(config, setup.p.copy(), n, parameters["scale_p"], parameters["offset_p"], *offsets)
    a = hold("sum", a, config.sum_format)
    y = compress(a, config.affine.compression, config.sum_format, config.affine.corrected, setup.mask).codes
    y = hold("corrected", y, config.affine.corrected)
    z = relu(hold("norm", norm(config, y, parameters["gain"], parameters["bias"]), config.norm_format), layer.relu_1)
    rx = None
    if layer.rx_on and setup.rx is not None:
        rx = wired(setup.rx, config.code_format(config.residual.code_bits, layer.rx_signed))
    t = hold("total", relu(residual(config, z, rx, layer.rx_scale), layer.relu_2), config.total_format)
    made["out"] = output(config, t, layer.shift, layer.out_bits, layer.out_signed, setup.mask).codes
    made["out"][:, ~setup.mask] = 0
    return made


def answers(setup: Setup, taps: Mapping[str, Tap] | None = None) -> NDArray[np.int16]:
    """The 8-bit fields that come out, shape (vectors, columns); `NOTHING` where the unit waits for rx for ever."""
    if setup.layer.rx_on and setup.rx is None:
        return np.full(setup.p.shape, NOTHING, np.int16)
    return (stages(setup, taps)["out"] & FIELD).astype(np.int16)


def wired(raws: Integers, node: Format) -> Integers:
    """`raws` as the wires of `node` carry them: the low bits of the two's complement."""
    return ((raws - node.min_raw) & ((1 << node.width) - 1)) + node.min_raw
