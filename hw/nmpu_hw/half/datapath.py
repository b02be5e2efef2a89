"""The FP16 data path of a lane: multiply-adds in three steps each, with a pipeline register after every step."""

from amaranth.hdl import Cat, Module, Mux, Signal, Value
from amaranth.lib import data
from amaranth.lib.wiring import Component

from nmpu_hw.half.add import HalfAdd
from nmpu_hw.half.align import MULTIPLY_ADD, HalfAlign
from nmpu_hw.half.from_code import HalfFromCode
from nmpu_hw.half.number import is_infinite
from nmpu_hw.half.order import SUM, HalfOrder
from nmpu_hw.half.relu import HalfRelu
from nmpu_hw.half.round import HalfRound
from nmpu_hw.half.to_code import HalfToCode
from nmpu_hw.half.window import Window
from nmpu_hw.path import path_signature
from nmpu_spec.formats import Format
from nmpu_spec.half import HalfConfig


class HalfDataPath(Component):
    """Codes of one column in, its output code out; ports as in `path_signature`.

    The order is that of the LDPU of the HERMES chip (JSSC 2022, doi 10.1109/JSSC.2022.3140414): convert and scale
    each counter, subtract, gain and bias, ReLU, add the scaled rx, ReLU, convert to a code.
    """

    def __init__(self, config: HalfConfig) -> None:
        self.config = config
        super().__init__(path_signature(config))

    def elaborate(self, platform: object) -> Module:
        m = Module()
        config = self.config
        scaled = [self._scaled(m, branch) for branch in config.branches]
        corrected = self._difference(m, *scaled)
        m.d.comb += [
            self.corrected.eq(corrected),
            self.affine_high.eq(is_infinite(corrected) & ~corrected.sign),
            self.affine_low.eq(is_infinite(corrected) & corrected.sign),
        ]
        normed = self._register(m, "norm", self._multiply_add(m, "norm", corrected, self.gain, self.bias))
        m.d.comb += self.norm.eq(normed)
        total = self._residual(m, normed)
        m.d.comb += self.total.eq(total)

        m.submodules.to_code = to_code = HalfToCode()
        layer = self.layer_output
        m.d.comb += [
            to_code.value.eq(total),
            to_code.width.eq(layer.out_width),
            to_code.is_signed.eq(layer.out_signed),
            self.code.eq(Mux(self.enable, to_code.code, 0)),
            self.output_high.eq(to_code.high & self.enable),
            self.output_low.eq(to_code.low & self.enable),
        ]
        return m

    def _scaled(self, m: Module, branch: str) -> data.View:
        """scale*code + offset, in the register ``scale``."""
        m.submodules[f"from_{branch}"] = convert = HalfFromCode(self.config.adc.code)
        m.d.comb += convert.raw.eq(getattr(self, f"code_{branch}"))
        code = self._register(m, "convert", convert.result, branch)
        scale, offset = (getattr(self, f"{name}_{branch}") for name in ("scale", "offset"))
        return self._register(m, "scale", self._multiply_add(m, "scale", code, scale, offset, branch), branch)

    def _difference(self, m: Module, p: data.View, n: data.View | None = None) -> data.View:
        """p - n, in the register ``affine``; in single-code mode p goes there alone."""
        if n is None:
            for register in ("affine_align", "affine_add", "affine"):
                p = self._register(m, register, p)
            return p
        m.submodules.order = order = HalfOrder()
        m.d.comb += [order.a.eq(p), order.b.eq(Cat(n.fraction, n.exponent, ~n.sign))]
        return self._register(m, "affine", self._rounded(m, "affine", SUM, order.terms))

    def _residual(self, m: Module, normed: data.View) -> data.View:
        """relu(relu(normed) + rx_scale*rx), in the register ``residual``."""
        layer = self.layer_rx
        m.submodules.relu_1 = relu_1 = HalfRelu()
        # One more bit makes signed and unsigned codes the same kind of number. An idle rx is 0 * 0.
        bits = self.config.residual.code_bits
        m.submodules.from_rx = convert = HalfFromCode(Format(True, bits + 1, 0))
        m.d.comb += [
            relu_1.value.eq(normed),
            relu_1.enable.eq(layer.relu_1),
            convert.raw.eq(Mux(layer.rx_on, Cat(self.rx, self.rx[-1] & layer.rx_signed), 0)),
        ]
        rectified = self._register(m, "rx", relu_1.rectified, "norm")
        rx = self._register(m, "rx", convert.result)
        layer = self.layer_residual_align
        total = self._multiply_add(m, "residual", rx, Mux(layer.rx_on, layer.rx_scale, 0), rectified)
        m.submodules.relu_2 = relu_2 = HalfRelu()
        m.d.comb += [relu_2.value.eq(total), relu_2.enable.eq(self.layer_residual.relu_2)]
        return self._register(m, "residual", relu_2.rectified)

    def _multiply_add(self, m: Module, name: str, a: Value, b: Value, c: Value, tag: str = "") -> data.View:
        """a*b + c, rounded, two pipeline registers later."""
        align = HalfAlign()
        m.submodules[_joined(name, tag, "align")] = align
        m.d.comb += [align.a.eq(a), align.b.eq(b), align.c.eq(c)]
        return self._rounded(m, name, MULTIPLY_ADD, align.terms, tag)

    def _rounded(self, m: Module, name: str, window: Window, terms: data.View, tag: str = "") -> data.View:
        """The rounded sum of `terms`; the registers ``<name>_align`` and ``<name>_add`` stand on the way."""
        add, last = HalfAdd(window), HalfRound(window)
        m.submodules[_joined(name, tag, "add")] = add
        m.submodules[_joined(name, tag, "round")] = last
        m.d.comb += [
            add.terms.eq(self._register(m, f"{name}_align", terms, tag)),
            last.sum.eq(self._register(m, f"{name}_add", add.sum, tag)),
        ]
        return last.result

    def _register(self, m: Module, name: str, value: data.View, tag: str = "") -> data.View:
        """What stands in the pipeline register `name`; no reset, as in `nmpu_hw.datapath`."""
        held = Signal(value.shape(), name=_joined(name, tag), reset_less=True)
        with m.If(getattr(self, f"load_{name}")):
            m.d.sync += held.eq(value)
        return held


def _joined(*parts: str) -> str:
    return "_".join(part for part in parts if part)
