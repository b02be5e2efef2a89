"""The floor of a lane's area: the arithmetic that its formulas cannot do without."""

from amaranth.hdl import Module
from amaranth.lib.wiring import Component, In, Out

from nmpu_hw.fixed import align, shape
from nmpu_spec.config import Config
from nmpu_spec.formats import Format


class Floor(Component):
    """The multipliers and adders of the fixed-point data path between given operands, exact and combinational:

    sum = (scale_p*code_p + offset_p) - (scale_n*code_n + offset_n)      without the n branch in single-code mode
    norm = gain*corrected + bias
    total = normed + residual_scale*rx                                   rx signed, one bit wider than its code

    No rounding, saturation, ReLU, shift, registers, memories or control.
    """

    def __init__(self, config: Config) -> None:
        self.config = config
        affine, norm, residual = config.affine, config.norm, config.residual
        branches = {}
        for branch in config.branches:
            branches[f"code_{branch}"] = In(shape(config.adc.code))
            branches[f"scale_{branch}"] = In(shape(affine.scale))
            branches[f"offset_{branch}"] = In(shape(affine.offset))
        super().__init__(
            {
                **branches,
                "corrected": In(shape(affine.corrected)),
                "gain": In(shape(norm.gain)),
                "bias": In(shape(norm.bias)),
                "normed": In(shape(config.norm_format)),
                "residual_scale": In(shape(residual.scale)),
                "rx": In(residual.code_bits + 1),
                "sum": Out(shape(config.sum_format)),
                "norm": Out(shape(config.norm_format)),
                "total": Out(shape(config.total_format)),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        config = self.config
        code, scale, offset = config.adc.code, config.affine.scale, config.affine.offset
        products = [
            align(getattr(self, f"scale_{branch}") * getattr(self, f"code_{branch}"), self._up("branch", scale, code))
            + align(getattr(self, f"offset_{branch}"), self._up("branch", offset))
            for branch in config.branches
        ]
        product = align(self.gain * self.corrected, self._up("norm", config.norm.gain, config.affine.corrected))
        scaled = align(self.residual_scale * self.rx.as_signed(), self._up("total", config.residual.scale))
        m.d.comb += [
            self.sum.eq(products[0] - products[1] if len(products) == 2 else products[0]),
            self.norm.eq(product + align(self.bias, self._up("norm", config.norm.bias))),
            self.total.eq(align(self.normed, self._up("total", config.norm_format)) + scaled),
        ]
        return m

    def _up(self, node: str, *factors: Format) -> int:
        """The fraction bits that a product of `factors` lacks in `node`."""
        return self.config.nodes[node].fraction - sum(factor.fraction for factor in factors)
