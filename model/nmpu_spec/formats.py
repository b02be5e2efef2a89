"""Fixed-point number formats such as ``U1.7`` and ``S7.1``."""

import re
from dataclasses import dataclass
from typing import Self

from nmpu_spec.errors import InputError

MAX_WIDTH = 63
"""No node is wider: a raw then fits a signed 64-bit machine word with room for its own negation."""

_PATTERN = re.compile(r"([US])(0|[1-9][0-9]?)\.(0|[1-9][0-9]?)")


@dataclass(frozen=True)
class Format:
    """``U(i,f)`` or ``S(i,f)``: i integer bits (for S including the sign), f fraction bits, width i + f.

    A *raw* is the integer that the wires carry, a *value* the real number that it stands for: value = raw * 2**-f.
    """

    signed: bool
    integer: int
    fraction: int

    def __post_init__(self) -> None:
        if self.integer < 0 or self.fraction < 0:
            raise InputError(f"format {self}: integer and fraction bits must not be negative")
        if self.signed and self.integer < 1:
            raise InputError(f"format {self}: a signed format needs at least one integer bit, the sign")
        if not 1 <= self.width <= MAX_WIDTH:
            raise InputError(f"format {self}: width {self.width} must be 1 to {MAX_WIDTH} bits")

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``"U1.7"``; raises `InputError` for anything that `str` of a format does not write."""
        match = _PATTERN.fullmatch(text)
        if match is None:
            raise InputError(f"format {text!r}: must be like 'U1.7' (unsigned) or 'S7.1' (signed)")
        return cls(match[1] == "S", int(match[2]), int(match[3]))

    @classmethod
    def covering(cls, low: int, high: int, fraction: int) -> Self:
        """The narrowest signed format with `fraction` fraction bits that holds every raw from `low` to `high`."""
        width = max(low.bit_length() if low >= 0 else (~low).bit_length(), max(high, 0).bit_length()) + 1
        return cls(True, max(width - fraction, 1), fraction)

    @property
    def width(self) -> int:
        return self.integer + self.fraction

    @property
    def min_raw(self) -> int:
        return -(1 << (self.width - 1)) if self.signed else 0

    @property
    def max_raw(self) -> int:
        return (1 << (self.width - self.signed)) - 1

    @property
    def resolution(self) -> float:
        """The value of one LSB."""
        return 2.0**-self.fraction

    @property
    def min_value(self) -> float:
        return self.min_raw * self.resolution

    @property
    def max_value(self) -> float:
        return self.max_raw * self.resolution

    def contains(self, raw: int) -> bool:
        return self.min_raw <= raw <= self.max_raw

    def __str__(self) -> str:
        return f"{'S' if self.signed else 'U'}{self.integer}.{self.fraction}"
