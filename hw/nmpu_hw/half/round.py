"""Last part of the multiply-add, and of the sum: normalise, round, pack."""

from amaranth.hdl import Module, Mux, Signal
from amaranth.lib.wiring import Component, In, Out

from nmpu_hw.half.number import EXPONENT, FRACTION, HALF, NAN, SPECIAL, leading_zeros, rounded
from nmpu_hw.half.window import Window


class HalfRound(Component):
    """result = the half nearest to sum, ties to even; combinational.

    The shift that brings the highest 1 to the top ends where the exponent is that of the subnormal numbers.
    """

    def __init__(self, window: Window) -> None:
        super().__init__({"sum": In(window.sum), "result": Out(HALF)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        total, result = self.sum, self.result
        zeros = leading_zeros(total.magnitude)
        room = Signal(EXPONENT + 1)
        shift = Signal(len(zeros))
        normalised = Signal(len(total.magnitude))
        biased = Signal(EXPONENT + 1)
        m.d.comb += [
            room.eq(total.exponent - 1),
            shift.eq(Mux(zeros < room, zeros, room)),
            normalised.eq(total.magnitude << shift),
            biased.eq(total.exponent - shift),
        ]
        packed = rounded(normalised, biased)
        with m.If(total.nan):
            m.d.comb += result.eq(NAN)
        with m.Elif(total.infinite | (packed[FRACTION:] >= SPECIAL)):
            m.d.comb += [result.fraction.eq(0), result.exponent.eq(SPECIAL), result.sign.eq(total.sign)]
        with m.Else():
            m.d.comb += [
                result.fraction.eq(packed[:FRACTION]),
                result.exponent.eq(packed[FRACTION:]),
                result.sign.eq(total.sign),
            ]
        return m
