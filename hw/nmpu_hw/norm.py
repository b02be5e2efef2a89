"""Stage norm: BatchNorm, bias and requantisation as one multiply-add per column."""

from amaranth.hdl import Module
from amaranth.lib.wiring import Component, In, Out

from nmpu_hw.fixed import align, shape
from nmpu_spec.config import Config


class Norm(Component):
    """norm = gain*corrected + bias, exact; combinational."""

    def __init__(self, config: Config) -> None:
        self.config = config
        super().__init__(
            {
                "corrected": In(shape(config.affine.corrected)),
                "gain": In(shape(config.norm.gain)),
                "bias": In(shape(config.norm.bias)),
                "norm": Out(shape(config.norm_format)),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        config = self.config
        fraction = config.norm_format.fraction
        product = self.gain * self.corrected
        product_up = fraction - config.norm.gain.fraction - config.affine.corrected.fraction
        bias_up = fraction - config.norm.bias.fraction
        m.d.comb += self.norm.eq(align(product, product_up) + align(self.bias, bias_up))
        return m
