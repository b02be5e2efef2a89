"""Stage affine: the two ADC counters become one corrected number."""

from amaranth.hdl import Module
from amaranth.lib.wiring import Component, In, Out

from nmpu_hw.fixed import align, shape
from nmpu_spec.config import Config


class Affine(Component):
    """sum = (scale_p*code_p + offset_p) - (scale_n*code_n + offset_n), exact; combinational.

    In single-code mode there is no n branch.
    """

    def __init__(self, config: Config) -> None:
        self.config = config
        ports = {}
        for branch in config.branches:
            ports[f"code_{branch}"] = In(shape(config.adc.code))
            ports[f"scale_{branch}"] = In(shape(config.affine.scale))
            ports[f"offset_{branch}"] = In(shape(config.affine.offset))
        super().__init__({**ports, "sum": Out(shape(config.sum_format))})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        config = self.config
        fraction = config.branch_format.fraction
        product_up = fraction - config.affine.scale.fraction - config.adc.code.fraction
        offset_up = fraction - config.affine.offset.fraction
        branches = [
            align(getattr(self, f"scale_{branch}") * getattr(self, f"code_{branch}"), product_up)
            + align(getattr(self, f"offset_{branch}"), offset_up)
            for branch in config.branches
        ]
        m.d.comb += self.sum.eq(branches[0] - branches[1] if len(branches) == 2 else branches[0])
        return m
