"""Arrays of raws to the wide integers that a simulator's port takes, and back."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


def pack(raws: NDArray[np.integer], width: int) -> list[int]:
    """Each row of `raws` (rows, entries) as one integer; entry 0 in the lowest `width` bits, negatives as two's complement."""
    wide = np.ascontiguousarray(raws, dtype="<i8").view(np.uint8).reshape(*raws.shape, 8)
    bits = np.unpackbits(wide, axis=-1, count=width, bitorder="little")
    rows = np.packbits(bits.reshape(len(raws), -1), axis=1, bitorder="little")
    return [int.from_bytes(row.tobytes(), "little") for row in rows]


def unpack(words: Sequence[int], width: int, entries: int, signed: bool) -> NDArray[np.int64]:
    """The inverse of `pack`: shape (len(words), entries)."""
    size = (entries * width + 7) // 8
    data = np.frombuffer(b"".join(word.to_bytes(size, "little") for word in words), np.uint8)
    bits = np.unpackbits(data.reshape(len(words), size), axis=1, count=entries * width, bitorder="little")
    bits = bits.reshape(len(words), entries, width)
    filler = bits[:, :, -1:] if signed else np.zeros_like(bits[:, :, :1])
    full = np.concatenate([bits, np.repeat(filler, 64 - width, axis=2)], axis=2)
    return np.packbits(full, axis=2, bitorder="little").view("<i8")[:, :, 0].astype(np.int64)
