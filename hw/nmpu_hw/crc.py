"""The CRC-32 of the codes that leave the unit."""

from functools import reduce
from operator import xor

from amaranth.hdl import Cat, Const, Module, Value
from amaranth.lib.wiring import Component, In, Out

_BITS = 32
_WORD = 64
_POLYNOMIAL = 0xEDB88320
"""IEEE 802.3, bit-reversed: the least significant bit of a byte comes first."""


class Crc32(Component):
    """`crc` is the CRC-32 of every `data` (bytes, lowest first) that was there in a clock with `take`, since `clear`;
    `beats` is how many there were.

    A whole beat in one clock: each bit of the next CRC is a parity over data and CRC.
    """

    def __init__(self, data_bits: int) -> None:
        super().__init__({"data": In(data_bits), "take": In(1), "clear": In(1), "crc": Out(_BITS), "beats": Out(_BITS)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        operand = Cat(self.data, self.crc)
        with m.If(self.clear):
            m.d.sync += [self.crc.eq(0), self.beats.eq(0)]
        with m.Elif(self.take):
            m.d.sync += [
                self.crc.eq(Cat(self._parity(operand, mask) for mask in _masks(len(self.data)))),
                self.beats.eq(self.beats + 1),
            ]
        return m

    def _parity(self, operand: Value, mask: int) -> Value:
        # The CRC begins with all ones and ends with a complement; `crc` is the complement all along.
        complement = 1 ^ (mask >> len(self.data)).bit_count() & 1
        # Words first, then the bits of one word: the same gates, and a simulator takes whole words.
        words = [
            operand[start : start + _WORD] & Const(mask >> start & (1 << _WORD) - 1, _WORD)
            for start in range(0, len(operand), _WORD)
        ]
        return reduce(xor, words).xor() ^ complement


def _masks(data_bits: int) -> list[int]:
    """For each bit of the next state the bits that it is the parity of: data from bit 0 up, then the state.

    The serial CRC, run on sets of bits in place of bits.
    """
    state = [1 << (data_bits + place) for place in range(_BITS)]
    for bit in range(data_bits):
        feedback = state[0] ^ 1 << bit
        state = [*state[1:], 0]
        for place in range(_BITS):
            if _POLYNOMIAL >> place & 1:
                state[place] ^= feedback
    return state
