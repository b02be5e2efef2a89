"""Compression: the way from an exact wide number to a narrow one."""

from dataclasses import dataclass

from nmpu_spec.errors import InputError
from nmpu_spec.formats import Format
from nmpu_spec.overflow import Overflow, fit_raw
from nmpu_spec.rounding import Rounding, round_raw


@dataclass(frozen=True)
class Compression:
    """Cut `cut_before` bits, round, cut `cut_after` bits, then saturate or wrap.

    A cut drops the lowest bits of the two's complement (a floor). Between the cuts stands the rounding, which removes
    what is left of the fraction: `rounded_bits`. For HALF_UP, cutting before rounding loses nothing as long as at
    least one bit is left to round; for the ties of HALF_EVEN and HALF_AWAY the cut bits are missed.

    The operation (not the numbers of it) follows patent application US-20250355625-A1.
    """

    rounding: Rounding = Rounding.HALF_UP
    overflow: Overflow = Overflow.SATURATE
    cut_before: int = 0
    cut_after: int = 0

    def __post_init__(self) -> None:
        for name in ("cut_before", "cut_after"):
            if getattr(self, name) < 0:
                raise InputError(f"{name} = {getattr(self, name)}: must not be negative")

    def rounded_bits(self, source: Format, target: Format) -> int:
        """Bits that the rounding removes, at shift 0; raises `InputError` where the cuts leave fewer than none."""
        bits = source.fraction - target.fraction - self.cut_before - self.cut_after
        if bits < 0:
            raise InputError(
                f"cut_before = {self.cut_before}, cut_after = {self.cut_after}: from {source} to {target} there are "
                f"{source.fraction - target.fraction} bits to remove, cuts must not be more"
            )
        return bits

    def round(self, raw: int, source: Format, target: Format, shift: int = 0) -> int:
        """The compressed number before `overflow` is applied; a run-time `shift` >= 0 divides by 2**shift, exactly.

        The shift only moves the binary point: the number is rounded once, over the fraction and the shifted bits.
        """
        bits = self.rounded_bits(source, target) + shift
        return round_raw(raw >> self.cut_before, bits, self.rounding) >> self.cut_after

    def apply(self, raw: int, source: Format, target: Format, shift: int = 0) -> int:
        """The compressed number, as `target` holds it."""
        return fit_raw(self.round(raw, source, target, shift), target, self.overflow)
