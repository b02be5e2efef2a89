"""NPZ archives that somebody else wrote, or that came to harm on their way."""

import io
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nmpu_spec.errors import InputError

_PLAIN = "biufcSU"
"""Kinds of arrays: truth values, numbers, texts; no dates, records or Python objects."""


def read_npz(data: bytes) -> dict[str, NDArray[Any]]:
    """Name to array. Raises `InputError` for what is no archive, no whole one, or holds anything but plain arrays."""
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
    except Exception:  # numpy, zipfile, zlib, tokenize and the allocator each have exceptions of their own for harm
        arrays = {"": None}
    # numpy hands out an entry that does not begin like an array as bytes.
    if not all(isinstance(array, np.ndarray) and array.dtype.kind in _PLAIN for array in arrays.values()):
        raise InputError("is not an NPZ archive of plain arrays; is it truncated? numpy.savez writes them")
    return arrays
