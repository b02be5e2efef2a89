"""How wide a sum of halves is: what its parts hand to each other."""

from dataclasses import dataclass
from functools import cached_property

from amaranth.lib import data

from nmpu_hw.half.number import EXPONENT


@dataclass(frozen=True)
class Window:
    """The sum of two terms over one exponent: `first` bits, of which the lowest has `below` bits and the sticky one
    under it, and a second term as wide as the sum, `magnitude` bits, the sticky bit included.
    """

    first: int
    below: int
    magnitude: int

    @cached_property
    def terms(self) -> data.StructLayout:
        """`exponent` is the biased one of the highest bit of the magnitude. Where `infinite`, the result is the
        infinity with the first term's sign; `nan` goes before everything else.
        """
        return data.StructLayout(
            {
                "first": self.first,
                "second": self.magnitude,
                "first_sign": 1,
                "second_sign": 1,
                "exponent": EXPONENT + 1,
                "infinite": 1,
                "nan": 1,
            }
        )

    @cached_property
    def sum(self) -> data.StructLayout:
        """The sum before rounding, exact but for the sticky bit."""
        return data.StructLayout(
            {"magnitude": self.magnitude, "sign": 1, "exponent": EXPONENT + 1, "infinite": 1, "nan": 1}
        )
