"""What the unit computes, in real numbers: the measure that its codes are held against."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import DTypeLike, NDArray

from nmpu_aimc.chip import Stage
from nmpu_aimc.plan import Codes
from nmpu_model.program import Program

Reals = NDArray[np.floating[Any]]


@dataclass(frozen=True)
class Numbers:
    """The parameters of a stage: scale and offset (2, channels), P and N; gain and bias (channels,); rx_scale ().

    Gain, bias and rx_scale are in output codes: no shift is left to do.
    """

    scale: Reals
    offset: Reals
    gain: Reals
    bias: Reals
    rx_scale: Reals

    @classmethod
    def of(cls, stage: Stage, kind: DTypeLike = np.float64) -> Self:
        """As calibrated and folded."""
        used = slice(stage.channels)
        correction = stage.correction
        values = (correction.scale[:, used], correction.offset[:, used], stage.gain, stage.bias, stage.rx_scale)
        return cls(*(np.asarray(value, kind) for value in values))

    @classmethod
    def in_program(cls, stage: Stage, program: Program) -> Self:
        """As the registers of a fixed-point unit hold them."""
        config, factor = program.config, 2.0**-program.layer.shift

        def value(names: tuple[str, ...], resolution: float) -> NDArray[np.float64]:
            return np.stack([program.parameters[name][: stage.channels] * resolution for name in names])

        return cls(
            scale=value(("scale_p", "scale_n"), config.affine.scale.resolution),
            offset=value(("offset_p", "offset_n"), config.affine.offset.resolution),
            gain=value(("gain",), config.norm.gain.resolution * factor)[0],
            bias=value(("bias",), config.norm.bias.resolution * factor)[0],
            rx_scale=np.array(program.layer.rx_scale * config.residual.scale.resolution * factor),
        )


def real_output(
    stage: Stage,
    numbers: Numbers,
    p: NDArray[np.uint16],
    n: NDArray[np.uint16],
    rx: Codes | None,
    correct: Callable[[Reals], Reals] = lambda y: y,
) -> Reals:
    """relu_2(relu_1(gain * y + bias) + rx_scale * rx) with y = correct((s_p*P + o_p) - (s_n*N + o_n)), in output codes.

    (vectors, channels), in the type of `numbers`; neither rounded nor clipped.
    """
    scale, offset, used = numbers.scale, numbers.offset, slice(stage.channels)
    y = p[:, used] * scale[0]
    y += offset[0] - offset[1]
    y -= n[:, used] * scale[1]
    z = correct(y) * numbers.gain
    z += numbers.bias
    if stage.part.relu_1:
        np.maximum(z, 0, out=z)
    if rx is not None:
        z += rx * numbers.rx_scale
    return np.maximum(z, 0, out=z) if stage.part.relu_2 else z
