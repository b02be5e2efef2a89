"""What happens to a number that its format cannot hold, on plain integers."""

from enum import StrEnum

from nmpu_spec.formats import Format


class Overflow(StrEnum):
    """The two ways to bring a raw into a format."""

    SATURATE = "saturate"
    """The nearest raw that the format holds."""
    WRAP = "wrap"
    """The low bits of the two's complement, as wires that are simply cut."""


def fit_raw(raw: int, target: Format, overflow: Overflow) -> int:
    """`raw` as `target` holds it."""
    if overflow is Overflow.SATURATE:
        return min(max(raw, target.min_raw), target.max_raw)
    return (raw - target.min_raw) % (1 << target.width) + target.min_raw
