"""Stage residual: add partial sums or a shortcut that arrive as codes on ``rx``."""

from amaranth.hdl import Cat, Module, Mux
from amaranth.lib.wiring import Component, In, Out

from nmpu_hw.fixed import align, shape
from nmpu_spec.config import Config


class Residual(Component):
    """total = norm + scale*rx where rx_on, otherwise norm, exact; combinational."""

    def __init__(self, config: Config) -> None:
        self.config = config
        super().__init__(
            {
                "norm": In(shape(config.norm_format)),
                "rx": In(config.residual.code_bits),
                "rx_on": In(1),
                "rx_signed": In(1),
                "scale": In(shape(config.residual.scale)),
                "total": Out(shape(config.total_format)),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        config = self.config
        fraction = config.total_format.fraction
        # One more bit makes signed and unsigned codes the same kind of number, and an idle rx a zero operand.
        code = Mux(self.rx_on, Cat(self.rx, self.rx[-1] & self.rx_signed), 0).as_signed()
        product = align(self.scale * code, fraction - config.residual.scale.fraction)
        m.d.comb += self.total.eq(align(self.norm, fraction - config.norm_format.fraction) + product)
        return m
