"""Half to the code that leaves the unit."""

from amaranth.hdl import Cat, Const, Module, Mux, Signal, signed
from amaranth.lib.wiring import Component, In, Out

from nmpu_hw.code import WIDEST, fit_code
from nmpu_hw.fixed import increment
from nmpu_hw.half.number import BIAS, EXPONENT, HALF, exponent, is_nan, significand
from nmpu_spec.config import CODE_BITS
from nmpu_spec.overflow import Overflow
from nmpu_spec.rounding import Rounding


class HalfToCode(Component):
    """code = value rounded to nearest even and saturated to the run-time format, extended to 8 bits; combinational.

    `width` is the register field ``out_width``. high, low: the rounded number lay above, below the format. NaN is
    code 0 and neither high nor low.

    The significand stands where 2**8 has its hidden one on top, and is shifted down from there. What is larger, also an
    infinity, is not shifted and thus stays above every format; what is less than 1/4 stays there, for it rounds to 0.
    """

    def __init__(self) -> None:
        super().__init__(
            {
                "value": In(HALF),
                "width": In(range(len(CODE_BITS) + 1)),
                "is_signed": In(1),
                "code": Out(WIDEST),
                "high": Out(1),
                "low": Out(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        value = self.value
        top = BIAS + WIDEST
        longest = WIDEST + 2
        apart = Signal(signed(EXPONENT + 1))
        distance = Signal(range(longest + 1))
        m.d.comb += [
            apart.eq(top - exponent(value)),
            distance.eq(Mux(apart < 0, 0, Mux(apart > longest, longest, apart))),
        ]
        # Above the point an integer of WIDEST + 1 bits; the zeros below hold all that the longest shift moves out.
        shifted = Cat(Const(0, longest), significand(value)) >> distance
        point = len(shifted) - (WIDEST + 1)
        truncated = shifted[point:]
        raised = increment(
            Rounding.HALF_EVEN,
            guard=shifted[point - 1],
            sticky=shifted[: point - 1].any(),
            odd=truncated[0],
            negative=Const(0),
        )
        magnitude = Signal(WIDEST + 2)
        integer = Signal(signed(WIDEST + 3))
        m.d.comb += [
            magnitude.eq(Mux(is_nan(value), 0, truncated + raised)),
            integer.eq(Mux(value.sign, -magnitude, magnitude)),
        ]
        code, high, low = fit_code(integer, self.width, self.is_signed, Overflow.SATURATE)
        m.d.comb += [self.code.eq(code), self.high.eq(high), self.low.eq(low)]
        return m
