"""Every code of a small format through the golden model's compression, for libraries that have one of their own."""

import numpy as np

from nmpu_model.compress import compress
from nmpu_spec.compression import Compression
from nmpu_spec.formats import Format
from nmpu_spec.overflow import Overflow
from nmpu_spec.rounding import Rounding

SOURCE = Format.parse("S5.4")
CODES = np.arange(SOURCE.min_raw, SOURCE.max_raw + 1)
SIGNED = [Format.parse(text) for text in ("S5.0", "S3.0", "S1.0", "S3.2", "S2.3", "S5.4", "S6.1")]
UNSIGNED = [Format.parse(text) for text in ("U5.0", "U2.0", "U0.1", "U3.2", "U4.4")]


def compressed(rounding: Rounding, overflow: Overflow, target: Format, shift: int = 0) -> list[int]:
    """`CODES` divided by 2**shift, as raws of `target`."""
    x = CODES[:, np.newaxis].copy()
    mask = np.ones(1, bool)
    return compress(x, Compression(rounding, overflow), SOURCE, target, mask, shift).codes[:, 0].tolist()
