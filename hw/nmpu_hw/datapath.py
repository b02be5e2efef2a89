"""The fixed-point data path of a lane: its stages, with the pipeline registers between them."""

from amaranth.hdl import Module, Signal
from amaranth.lib.wiring import Component

from nmpu_hw.affine import Affine
from nmpu_hw.compress import Compress
from nmpu_hw.fixed import shape
from nmpu_hw.norm import Norm
from nmpu_hw.output import Output
from nmpu_hw.path import path_signature
from nmpu_hw.relu import Relu
from nmpu_hw.residual import Residual
from nmpu_spec.config import Config


class DataPath(Component):
    """Codes of one column in, its output code out; ports as in `path_signature`."""

    def __init__(self, config: Config) -> None:
        self.config = config
        super().__init__(path_signature(config))

    def elaborate(self, platform: object) -> Module:
        m = Module()
        config = self.config
        m.submodules.affine = affine = Affine(config)
        for branch in config.branches:
            for name in (f"code_{branch}", f"scale_{branch}", f"offset_{branch}"):
                m.d.comb += getattr(affine, name).eq(getattr(self, name))
        m.submodules.compress = compress = Compress(
            config.affine.compression, config.sum_format, config.affine.corrected
        )
        m.d.comb += compress.value.eq(affine.sum)
        # Data registers have no reset: what is in them counts only while the sequencer says that a group is there.
        corrected = Signal(shape(config.affine.corrected), reset_less=True)
        high, low = Signal(reset_less=True), Signal(reset_less=True)
        with m.If(self.load_affine):
            m.d.sync += [corrected.eq(compress.code), high.eq(compress.high), low.eq(compress.low)]

        m.submodules.norm = norm = Norm(config)
        m.d.comb += [norm.corrected.eq(corrected), norm.gain.eq(self.gain), norm.bias.eq(self.bias)]
        normed = Signal(shape(config.norm_format), reset_less=True)
        with m.If(self.load_norm):
            m.d.sync += normed.eq(norm.norm)

        m.submodules.relu_1 = relu_1 = Relu(config.norm_format)
        m.submodules.residual = residual = Residual(config)
        m.submodules.relu_2 = relu_2 = Relu(config.total_format)
        layer = self.layer_residual
        m.d.comb += [
            relu_1.value.eq(normed),
            relu_1.enable.eq(layer.relu_1),
            residual.norm.eq(relu_1.rectified),
            residual.rx.eq(self.rx),
            residual.rx_on.eq(layer.rx_on),
            residual.rx_signed.eq(layer.rx_signed),
            residual.scale.eq(layer.rx_scale),
            relu_2.value.eq(residual.total),
            relu_2.enable.eq(layer.relu_2),
        ]
        total = Signal(shape(config.total_format), reset_less=True)
        with m.If(self.load_residual):
            m.d.sync += total.eq(relu_2.rectified)

        m.submodules.output = output = Output(config)
        layer = self.layer_output
        m.d.comb += [
            output.total.eq(total),
            output.shift.eq(layer.shift),
            output.width.eq(layer.out_width),
            output.is_signed.eq(layer.out_signed),
            output.enable.eq(self.enable),
        ]
        m.d.comb += [
            self.corrected.eq(corrected),
            self.affine_high.eq(high),
            self.affine_low.eq(low),
            self.norm.eq(normed),
            self.total.eq(total),
            self.code.eq(output.code),
            self.output_high.eq(output.high),
            self.output_low.eq(output.low),
        ]
        return m
