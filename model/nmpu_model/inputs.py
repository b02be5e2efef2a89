"""What the golden model, and whatever is called like it, takes: the codes of vectors."""

import numpy as np
from numpy.typing import NDArray

from nmpu_model.program import Program
from nmpu_spec.config import AdcMode
from nmpu_spec.errors import InputError


def check_shapes(
    program: Program, p: NDArray[np.integer], n: NDArray[np.integer] | None, rx: NDArray[np.integer] | None
) -> None:
    """Raises `InputError` for arrays that are not those of the program, or of another shape or type."""
    config = program.config
    for name, codes, wanted in (
        ("p", p, True),
        ("n", n, config.adc.mode is AdcMode.DUAL),
        ("rx", rx, program.layer.rx_on),
    ):
        if (codes is not None) != wanted:
            raise InputError(f"{name}: is {'missing' if wanted else 'given, but the program does not use it'}")
        if codes is None:
            continue
        if codes.ndim != 2 or codes.shape != (len(p), config.columns):
            raise InputError(f"{name}: shape {codes.shape}, must be (vectors, {config.columns})")
        if not np.issubdtype(codes.dtype, np.integer):
            raise InputError(f"{name}: type {codes.dtype}, must be an integer type")


def check_ranges(
    program: Program, p: NDArray[np.integer], n: NDArray[np.integer] | None, rx: NDArray[np.integer] | None
) -> None:
    """Raises `InputError` for the first code that its format does not hold."""
    config = program.config
    residual = config.code_format(config.residual.code_bits, program.layer.rx_signed)
    for name, codes, node in (("p", p, config.adc.code), ("n", n, config.adc.code), ("rx", rx, residual)):
        if codes is not None and codes.size:
            _check_range(name, codes, node.min_raw, node.max_raw)


def _check_range(name: str, codes: NDArray[np.integer], low: int, high: int) -> None:
    negatives = np.issubdtype(codes.dtype, np.signedinteger)
    if codes.max() > high or (negatives and codes.min() < low):
        vector, column = np.argwhere((codes < low) | (codes > high))[0]
        value = codes[vector, column]
        raise InputError(f"{name} of column {column}: code {value} must be {low} to {high}")
