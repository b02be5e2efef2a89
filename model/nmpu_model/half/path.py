"""The FP16 data path on arrays: what each of its registers holds."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nmpu_model.half.arithmetic import Half, from_code, halves, multiply_add, to_code, to_integer
from nmpu_model.program import Program
from nmpu_spec.formats import Format


@dataclass(frozen=True)
class HalfNumbers:
    """Numbers of shape (vectors, columns), named as the pipeline's registers hold them; `code` is 0 where masked."""

    corrected: Half
    norm: Half
    total: Half
    code: NDArray[np.int64]
    saturated: Mapping[str, int]
    """The counters affine_high and _low (the corrected number is an infinity), output_high and _low."""


def half_path(
    program: Program,
    p: NDArray[np.integer[Any]],
    n: NDArray[np.integer[Any]] | None,
    rx: NDArray[np.integer[Any]] | None,
) -> HalfNumbers:
    """Codes as `nmpu_model.unit.run` takes them through the order of the HERMES chip's LDPU (JSSC 2022, doi
    10.1109/JSSC.2022.3140414), each line one rounding to binary16:

        P, N      from the counters
        p, n    = scale_p*P + offset_p, scale_n*N + offset_n       fused
        y       = p - n                                            p alone in single-code mode
        z       = gain*y + bias                                    fused; ReLU 1
        t       = rx_scale*rx + z                                  fused; with RX off, 0*0 + z; ReLU 2
        code    = t to the nearest integer, ties to even, saturated
    """
    config, layer, mask = program.config, program.layer, program.mask
    parameters = {name: halves(raws) for name, raws in program.parameters.items()}
    one = np.float16(1)
    branches = [
        multiply_add(from_code(codes, config.adc.code), parameters[f"scale_{branch}"], parameters[f"offset_{branch}"])
        for branch, codes in (("p", p), ("n", n))
        if codes is not None
    ]
    y = branches[0] if n is None else multiply_add(branches[0], one, -branches[1])
    z = multiply_add(y, parameters["gain"], parameters["bias"])
    scale = halves(np.array(layer.rx_scale if layer.rx_on else 0))
    # The wires' format: signed codes come as they are, whatever their width.
    added = np.float16(0) if rx is None else from_code(rx, Format(True, config.residual.code_bits + 1, 0))
    t = _relu(multiply_add(added, scale, _relu(z, layer.relu_1)), layer.relu_2)
    target = config.code_format(layer.out_bits, layer.out_signed)
    integer = to_integer(t)[:, mask]
    infinite = np.isinf(y[:, mask])
    positive = y[:, mask] > 0
    return HalfNumbers(
        corrected=y,
        norm=z,
        total=t,
        code=np.where(mask, to_code(t, target), 0),
        saturated={
            "affine_high": int((infinite & positive).sum()),
            "affine_low": int((infinite & ~positive).sum()),
            "output_high": int((integer > target.max_raw).sum()),
            "output_low": int((integer < target.min_raw).sum()),
        },
    )


def _relu(values: Half, enable: bool) -> Half:
    return np.where(np.signbit(values), np.float16(0), values) if enable else values
