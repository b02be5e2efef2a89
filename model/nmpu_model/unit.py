"""The golden model of a unit, fixed-point or FP16: a program and ADC codes in, output codes and counters out."""

import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nmpu_model.affine import affine
from nmpu_model.compress import compress
from nmpu_model.half.path import half_path
from nmpu_model.inputs import check_ranges, check_shapes
from nmpu_model.norm import norm
from nmpu_model.output import output
from nmpu_model.program import Program
from nmpu_model.relu import relu
from nmpu_model.residual import residual
from nmpu_model.types import Integers
from nmpu_spec.config import Config
from nmpu_spec.cycles import unstalled
from nmpu_spec.half import HalfConfig

_BLOCK = 1 << 18
"""Column-results worked on at a time: the block's temporaries stay in the cache, and memory use is bounded."""
_WORKERS = min(os.cpu_count() or 1, 4)
"""Threads; numpy's loops run without the interpreter's lock. More than a few would queue for it."""


@dataclass(frozen=True)
class Result:
    """Output codes, int16 of shape (vectors, columns), and the unit's counters by register name.

    The saturation counters, ``vectors`` and ``samples`` hold for any timing; ``cycles``, ``busy``, ``wait_adc``,
    ``wait_rx`` and ``stall_out`` are those of a run in which nothing stalls (`nmpu_spec.cycles.predict` for others).
    """

    out: NDArray[np.int16]
    counters: Mapping[str, int]


def run(
    program: Program,
    p: NDArray[np.integer],
    n: NDArray[np.integer] | None = None,
    rx: NDArray[np.integer] | None = None,
) -> Result:
    """Push vectors through the unit.

    p, n   raws of ``adc.code``, shape (vectors, columns), any integer type; n is None in single-code mode
    rx     codes of ``residual.code_bits`` bits, the same shape; given exactly when ``layer.rx_on``

    Raises `InputError` for another shape or type, or a code that its format does not hold (column and value named).
    """
    config = program.config
    check_shapes(program, p, n, rx)
    vectors = len(p)
    out = np.empty((vectors, config.columns), np.int16)
    counts = dict.fromkeys(("affine_high", "affine_low", "output_high", "output_low"), 0)
    rows = max(_BLOCK // config.columns, 1)
    parameters = _typed(program)

    def work(start: int) -> Mapping[str, int]:
        block = slice(start, start + rows)
        inputs = (p[block], None if n is None else n[block], None if rx is None else rx[block])
        check_ranges(program, *inputs)
        if isinstance(config, HalfConfig):
            numbers = half_path(program, *inputs)
            out[block] = numbers.code
            return numbers.saturated
        out[block], saturated = _block(program, parameters, *inputs)
        return saturated

    with ThreadPoolExecutor(_WORKERS) as pool:
        for saturated in pool.map(work, range(0, vectors, rows)):
            for name, count in saturated.items():
                counts[name] += count
    timing = unstalled(config, vectors)
    samples = vectors * int(program.mask.sum())
    return Result(out, {**vars(timing), "vectors": vectors, "samples": samples, **counts})


def raw_type(config: Config) -> np.dtype[np.signedinteger[Any]]:
    """The narrowest type that holds every node and every shift of `config`."""
    widest = max(node.width for node in config.nodes.values())
    return np.dtype(np.int32 if widest < 32 and config.most_cut_bits < 31 else np.int64)


def _block(
    program: Program,
    parameters: Mapping[str, Integers],
    p: NDArray[np.integer],
    n: NDArray[np.integer] | None,
    rx: NDArray[np.integer] | None,
) -> tuple[Integers, dict[str, int]]:
    config, layer, mask = program.config, program.layer, program.mask
    kind = raw_type(config)
    a = affine(
        config,
        p.astype(kind),
        None if n is None else n.astype(kind),
        *(parameters.get(name) for name in ("scale_p", "offset_p", "scale_n", "offset_n")),  # type: ignore[arg-type]
    )
    corrected = compress(a, config.affine.compression, config.sum_format, config.affine.corrected, mask)
    z = relu(norm(config, corrected.codes, parameters["gain"], parameters["bias"]), layer.relu_1)
    t = relu(residual(config, z, None if rx is None else rx.astype(kind), layer.rx_scale), layer.relu_2)
    codes = output(config, t, layer.shift, layer.out_bits, layer.out_signed, mask)
    if not mask.all():
        codes.codes[:, ~mask] = 0
    return codes.codes, {
        "affine_high": corrected.high,
        "affine_low": corrected.low,
        "output_high": codes.high,
        "output_low": codes.low,
    }


def _typed(program: Program) -> dict[str, Integers]:
    kind = raw_type(program.config)
    return {name: raws.astype(kind) for name, raws in program.parameters.items()}
