"""Many copies of each combinational stage under one top, so that a simulator step tries many cases."""

from collections.abc import Callable, Mapping

from amaranth.hdl import Module, Shape, Signal
from amaranth.lib.wiring import Component, In

COPIES = 32
"""Cases per simulator step."""


class StageArray(Component):
    """`copies` copies of each stage; port ``<stage>_<port>`` carries that port of all copies, copy 0 lowest."""

    def __init__(self, stages: Mapping[str, Callable[[], Component]], copies: int = COPIES) -> None:
        self._copies = {stage: [make() for _ in range(copies)] for stage, make in stages.items()}
        signature = {}
        for stage, made in self._copies.items():
            for port, member in made[0].signature.members.items():
                signature[f"{stage}_{port}"] = member.flow(Shape.cast(member.shape).width * copies)
        super().__init__(signature)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        for stage, made in self._copies.items():
            for copy, one in enumerate(made):
                m.submodules[f"{stage}_{copy}"] = one
                for port, member in one.signature.members.items():
                    width = Shape.cast(member.shape).width
                    wide: Signal = getattr(self, f"{stage}_{port}")
                    part = wide[copy * width : (copy + 1) * width]
                    inner = getattr(one, port)
                    m.d.comb += inner.eq(part) if member.flow is In else part.eq(inner)
        return m
