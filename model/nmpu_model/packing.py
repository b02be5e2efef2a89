"""Arrays of raws to the wide integers that a simulator's port takes, and back."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


def pack(raws: NDArray[np.integer], width: int) -> list[int]:
    """Each row of `raws` (rows, entries) as one integer: entry 0 in the lowest `width` bits, in two's complement."""
    wide = np.ascontiguousarray(raws, dtype="<i8").view(np.uint8).reshape(*raws.shape, 8)
    bits = np.unpackbits(wide, axis=-1, count=width, bitorder="little")
    rows = np.packbits(bits.reshape(len(raws), -1), axis=1, bitorder="little")
    return [int.from_bytes(row.tobytes(), "little") for row in rows]


_ROWS = 1024
"""Rows unpacked at a time: their bits lie in a byte each on the way."""


def unpack(words: Sequence[int], width: int, entries: int, signed: bool) -> NDArray[np.int64]:
    """The inverse of `pack`: shape (len(words), entries)."""
    blocks = [_unpack(words[row : row + _ROWS], width, entries, signed) for row in range(0, len(words), _ROWS)]
    return np.concatenate(blocks) if blocks else np.zeros((0, entries), np.int64)


def _unpack(words: Sequence[int], width: int, entries: int, signed: bool) -> NDArray[np.int64]:
    size = (entries * width + 7) // 8
    data = np.frombuffer(b"".join(word.to_bytes(size, "little") for word in words), np.uint8)
    bits = np.unpackbits(data.reshape(len(words), size), axis=1, count=entries * width, bitorder="little")
    container = next(bytes_ for bytes_ in (1, 2, 4, 8) if 8 * bytes_ >= width)
    full = np.zeros((len(words), entries, 8 * container), np.uint8)
    full[:, :, :width] = bits.reshape(len(words), entries, width)
    if signed:
        full[:, :, width:] = full[:, :, width - 1 : width]
    kind = f"<{'i' if signed else 'u'}{container}"
    return np.packbits(full, axis=2, bitorder="little").view(kind)[:, :, 0].astype(np.int64)
