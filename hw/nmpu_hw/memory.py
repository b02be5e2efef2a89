"""Parameter memory of one stage of a lane: one word for each group of each bank."""

from amaranth.hdl import Module
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import Component, In, Out


class ParameterMemory(Component):
    """Synchronous one-write, one-read memory. `read_data` follows `read` by a clock and holds until the next read.

    Reset leaves the contents alone; a bank is to be programmed before it is used. Reading the word that is being
    written is undefined; the register block keeps it from happening.
    """

    def __init__(self, width: int, depth: int) -> None:
        self.width = width
        self.depth = depth
        super().__init__(
            {
                "write": In(1),
                "write_address": In(range(depth)),
                "write_data": In(width),
                "read": In(1),
                "read_address": In(range(depth)),
                "read_data": Out(width),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.words = words = Memory(shape=self.width, depth=self.depth, init=[])
        write, read = words.write_port(), words.read_port()
        m.d.comb += [
            write.en.eq(self.write),
            write.addr.eq(self.write_address),
            write.data.eq(self.write_data),
            read.en.eq(self.read),
            read.addr.eq(self.read_address),
            self.read_data.eq(read.data),
        ]
        return m
