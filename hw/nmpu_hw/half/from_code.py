"""Fixed-point code to half."""

from amaranth.hdl import Cat, Const, Module, Mux, Signal
from amaranth.lib.wiring import Component, In, Out

from nmpu_hw.fixed import shape
from nmpu_hw.half.number import BIAS, EXPONENT, FRACTION, HALF, SIGNIFICAND, leading_zeros, rounded
from nmpu_spec.errors import InputError
from nmpu_spec.formats import Format


class HalfFromCode(Component):
    """result = the half nearest to raw / 2**fraction, ties to even; zero is +0; combinational.

    At most 16 bits, so the exponent never overflows but into infinity (U16.0 above 65519), and at most 14 fraction
    bits, so nothing is subnormal. Raises `InputError` for other formats.
    """

    def __init__(self, source: Format) -> None:
        if source.width > 16 or source.fraction >= BIAS:
            raise InputError(f"format {source}: a half is made of at most 16 bits, at most {BIAS - 1} of them fraction")
        self.source = source
        super().__init__({"raw": In(shape(source)), "result": Out(HALF)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        width = self.source.width
        sign = self.raw[-1] if self.source.signed else Const(0, 1)
        magnitude = Signal(width)
        m.d.comb += magnitude.eq(Mux(sign, -self.raw, self.raw))
        zeros = leading_zeros(magnitude)
        # The hidden one, the fraction and the guard at least.
        padding = max(SIGNIFICAND + 1 - width, 0)
        normalised = Signal(padding + width)
        m.d.comb += normalised.eq(Cat(Const(0, padding), magnitude) << zeros)
        biased = (BIAS + width - 1 - self.source.fraction - zeros)[:EXPONENT]
        packed = rounded(normalised, biased)
        m.d.comb += [
            self.result.fraction.eq(packed[:FRACTION]),
            self.result.exponent.eq(packed[FRACTION:]),
            self.result.sign.eq(sign),
        ]
        return m
