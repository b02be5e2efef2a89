"""A lane: one column's data path, with its pipeline registers and parameter memories."""

from collections.abc import Mapping, Sequence

from amaranth.hdl import Cat, Module, Mux, Signal, Value
from amaranth.lib.wiring import Component, In, Out

from nmpu_hw.affine import Affine
from nmpu_hw.compress import Compress
from nmpu_hw.fixed import shape
from nmpu_hw.memory import ParameterMemory
from nmpu_hw.norm import Norm
from nmpu_hw.output import Output
from nmpu_hw.relu import Relu
from nmpu_hw.residual import Residual
from nmpu_hw.settings import layer_settings
from nmpu_spec.config import CODE_BITS, Config
from nmpu_spec.cycles import PIPELINE
from nmpu_spec.parameters import WORD_BITS, inject_fields, inject_words, parameter_fields, parameter_words
from nmpu_spec.registers import BANKS, CAPTURE_SLOTS, INJECT_SLOT


class Lane(Component):
    """codes of one column in, its output code five clocks later (`nmpu_spec.cycles.PIPELINE`).

    load_<register>     a group moves into that pipeline register
    <stage>_read, <stage>_address   read the stage's parameters; with load_fetch for affine, load_affine for norm
    residual_layer, output_layer    the layer settings of the group that goes through that stage
    output_enable       the column is enabled by the mask
    affine_high/low     saturation of the group in the register ``affine``; output_high/low: in ``output``
    write_<k>, inject_<k>   `host_data` is a parameter word, or injected codes
    host_read_data      the word `host_slot`: a parameter read last, or, with `host_test`, a test register
    test                work on the injected codes; an injected rx code waits in the register ``output``, which is free
                        until the group's own result arrives there
    """

    def __init__(self, config: Config) -> None:
        self.config = config
        depth = BANKS * config.groups
        settings = layer_settings(config)
        ports = {f"code_{branch}": In(shape(config.adc.code)) for branch in config.branches}
        ports |= {f"load_{register}": In(1) for register in PIPELINE}
        for stage in ("affine", "norm"):
            ports |= {f"{stage}_read": In(1), f"{stage}_address": In(range(depth))}
        for word in range(parameter_words(config)):
            ports[f"write_{word}"] = In(1)
        for word in range(inject_words(config)):
            ports[f"inject_{word}"] = In(1)
        super().__init__(
            {
                **ports,
                "write_address": In(range(depth)),
                "test": In(1),
                "capture_high": In(1),
                "host_test": In(1),
                "host_slot": In(range(max(CAPTURE_SLOTS.values()) + 1)),
                "host_data": In(WORD_BITS),
                "host_read_data": Out(WORD_BITS),
                "rx": In(config.residual.code_bits),
                "residual_layer": In(settings),
                "output_layer": In(settings),
                "output_enable": In(1),
                "affine_high": Out(1),
                "affine_low": Out(1),
                "code": Out(max(CODE_BITS)),
                "enabled": Out(1),
                "output_high": Out(1),
                "output_low": Out(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        config = self.config
        parameters, words = self._memories(m)
        injected = {field.name: field for field in inject_fields(config)}

        def inject(name: str, register: Signal) -> None:
            """Write the injected code `name` into the pipeline register that takes it."""
            field = injected[name]
            with m.If(getattr(self, f"inject_{field.word}")):
                m.d.sync += register.eq(self.host_data[field.lsb : field.msb + 1])

        # Data registers have no reset: what is in them counts only while the sequencer says that a group is there.
        m.submodules.affine = affine = Affine(config)
        raw = {}
        for branch in config.branches:
            code = raw[branch] = Signal(shape(config.adc.code), name=f"fetched_{branch}", reset_less=True)
            with m.If(self.load_fetch & ~self.test):
                m.d.sync += code.eq(getattr(self, f"code_{branch}"))
            inject(branch, code)
            m.d.comb += getattr(affine, f"code_{branch}").eq(code)
            for name in (f"scale_{branch}", f"offset_{branch}"):
                m.d.comb += getattr(affine, name).eq(parameters[name])

        m.submodules.compress = compress = Compress(
            config.affine.compression, config.sum_format, config.affine.corrected
        )
        m.d.comb += compress.value.eq(affine.sum)
        corrected = Signal(shape(config.affine.corrected), reset_less=True)
        high, low = Signal(reset_less=True), Signal(reset_less=True)
        with m.If(self.load_affine):
            m.d.sync += [corrected.eq(compress.code), high.eq(compress.high), low.eq(compress.low)]
        m.d.comb += [self.affine_high.eq(high), self.affine_low.eq(low)]

        m.submodules.norm = norm = Norm(config)
        m.d.comb += [
            norm.corrected.eq(corrected),
            norm.gain.eq(parameters["gain"]),
            norm.bias.eq(parameters["bias"]),
        ]
        normed = Signal(shape(config.norm_format), reset_less=True)
        with m.If(self.load_norm):
            m.d.sync += normed.eq(norm.norm)

        registers = {name: Signal(8 if name == "code" else 1, name=f"{name}_q", reset_less=True) for name in _OUTPUTS}
        m.submodules.relu_1 = relu_1 = Relu(config.norm_format)
        m.submodules.residual = residual = Residual(config)
        m.submodules.relu_2 = relu_2 = Relu(config.total_format)
        m.d.comb += [
            relu_1.value.eq(normed),
            relu_1.enable.eq(self.residual_layer.relu_1),
            residual.norm.eq(relu_1.rectified),
            residual.rx.eq(Mux(self.test, registers["code"], self.rx)),
            residual.rx_on.eq(self.residual_layer.rx_on),
            residual.rx_signed.eq(self.residual_layer.rx_signed),
            residual.scale.eq(self.residual_layer.rx_scale),
            relu_2.value.eq(residual.total),
            relu_2.enable.eq(self.residual_layer.relu_2),
        ]
        total = Signal(shape(config.total_format), reset_less=True)
        with m.If(self.load_residual):
            m.d.sync += total.eq(relu_2.rectified)

        m.submodules.output = output = Output(config)
        m.d.comb += [
            output.total.eq(total),
            output.shift.eq(self.output_layer.shift),
            output.width.eq(self.output_layer.out_width),
            output.is_signed.eq(self.output_layer.out_signed),
            output.enable.eq(self.output_enable),
        ]
        sources = {
            "code": output.code,
            "enabled": self.output_enable,
            "output_high": output.high,
            "output_low": output.low,
        }
        for name, register in registers.items():
            with m.If(self.load_output):
                m.d.sync += register.eq(sources[name])
            m.d.comb += getattr(self, name).eq(register)
        inject("rx", registers["code"])
        captured = {"corrected": corrected, "norm": normed, "total": total, "code": registers["code"]}
        self._host_read(m, words, raw, captured)
        return m

    def _host_read(
        self, m: Module, words: Sequence[Value], raw: Mapping[str, Signal], captured: Mapping[str, Signal]
    ) -> None:
        """What the register bus reads: a parameter word, the raw counters, or a captured number."""
        with m.If(~self.host_test):
            with m.Switch(self.host_slot):
                for word, value in enumerate(words):
                    with m.Case(1 + word):
                        m.d.comb += self.host_read_data.eq(value)
        with m.Else(), m.Switch(self.host_slot):
            for word in range(inject_words(self.config)):
                with m.Case(INJECT_SLOT + word):
                    for field in inject_fields(self.config):
                        if field.word == word and field.name in raw:
                            m.d.comb += self.host_read_data[field.lsb : field.msb + 1].eq(raw[field.name])
            for name, number in captured.items():
                with m.Case(CAPTURE_SLOTS[name]):
                    m.d.comb += self.host_read_data.eq(self._half(number))

    def _half(self, number: Signal) -> Value:
        """The half of a captured number that is asked for, sign-extended; a short number is all in the lower one."""
        halves = [number[:WORD_BITS], number[WORD_BITS:]] if len(number) > WORD_BITS else [number[:]]
        low, high = (half.as_signed() if number.shape().signed else half for half in (halves[0], halves[-1]))
        return Mux(self.capture_high, high, low) if len(halves) > 1 else low

    def _memories(self, m: Module) -> tuple[dict[str, Value], list[Value]]:
        """One memory for each parameter word; returns the parameters, by name, and the words, as they deliver them."""
        parameters: dict[str, Value] = {}
        words: list[Value] = []
        for word in range(parameter_words(self.config)):
            fields = [field for field in parameter_fields(self.config) if field.word == word]
            stage, width = fields[0].stage, fields[-1].msb + 1
            memory = ParameterMemory(width, BANKS * self.config.groups)
            m.submodules[f"memory_{stage}_{word}"] = memory
            m.d.comb += [
                memory.write.eq(getattr(self, f"write_{word}")),
                memory.write_address.eq(self.write_address),
                memory.write_data.eq(self.host_data),
                memory.read.eq(getattr(self, f"{stage}_read")),
                memory.read_address.eq(getattr(self, f"{stage}_address")),
            ]
            words.append(Cat(memory.read_data))
            for field in fields:
                raw = memory.read_data[field.lsb : field.msb + 1]
                parameters[field.name] = raw.as_signed() if field.format.signed else raw
        return parameters, words


_OUTPUTS = ("code", "enabled", "output_high", "output_low")
