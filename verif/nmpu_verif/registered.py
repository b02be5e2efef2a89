"""A component behind input registers."""

from amaranth.hdl import Module, Signal, Value
from amaranth.lib.wiring import Component, In


class Registered(Component):
    """`inner` with the same ports, except that each input takes effect a clock later; reset does not wait.

    A simulator then has nothing to compute when an input changes, only when the clock rises.
    """

    def __init__(self, inner: Component) -> None:
        self.inner = inner
        super().__init__(inner.signature)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.inner = self.inner
        ports = zip(self.signature.flatten(self), self.signature.flatten(self.inner), strict=True)
        for (path, member, outer), (_, _, inner) in ports:
            if member.flow == In:
                register = Signal(len(Value.cast(outer)), name="_".join(map(str, path)) + "_q", reset_less=True)
                m.d.sync += register.eq(outer)
                m.d.comb += Value.cast(inner).eq(register)
            else:
                m.d.comb += Value.cast(outer).eq(inner)
        return m
