"""A lane: the data path of one column, its parameter memories, and the test registers around them."""

from amaranth.hdl import Cat, Module, Mux, Signal, Value
from amaranth.lib.wiring import Component, In, Out

from nmpu_hw.datapath import DataPath
from nmpu_hw.fixed import shape
from nmpu_hw.half.datapath import HalfDataPath
from nmpu_hw.memory import ParameterMemory
from nmpu_hw.settings import layer_settings
from nmpu_spec.config import CODE_BITS, Config
from nmpu_spec.half import HalfConfig
from nmpu_spec.parameters import WORD_BITS, inject_fields, inject_words, parameter_fields, parameter_words
from nmpu_spec.registers import BANKS, CAPTURE_SLOTS, INJECT_SLOT


class Lane(Component):
    """Codes of one column in, its output code `Config.pipeline.latency` clocks later.

    load_<register>     a group moves into that pipeline register
    layer_<register>    the layer settings of that group
    <stage>_read, <stage>_address   read the stage's parameters, as `Pipeline.reads` says
    enable              the mask enables the column of the group that moves into ``output``
    affine_high/low     saturation of the group in the register ``affine``; output_high/low: in ``output``
    write_<k>, inject_<k>   `host_data` is a parameter word, or injected codes
    host_read_data      the word `host_slot`: a parameter read last, or, with `host_test`, a test register
    test                work on the injected codes; an injected rx code waits in the register ``output``, which is free
                        until the group's own result arrives there
    """

    gated_clock: Signal | None = None
    """What clocks the lane in place of the unit's clock."""

    def __init__(self, config: Config) -> None:
        self.config = config
        depth = BANKS * config.groups
        ports = {f"code_{branch}": In(shape(config.adc.code)) for branch in config.branches}
        ports |= {f"load_{register}": In(1) for register in config.pipeline.registers}
        ports |= {f"layer_{register}": In(layer_settings(config)) for register in config.pipeline.layers}
        for stage in config.pipeline.reads:
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
                "enable": In(1),
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
        m.submodules.path = path = HalfDataPath(config) if isinstance(config, HalfConfig) else DataPath(config)
        # Data registers have no reset: what is in them counts only while the sequencer says that a group is there.
        codes = {
            branch: Signal(shape(config.adc.code), name=f"fetched_{branch}", reset_less=True)
            for branch in config.branches
        }
        for branch, code in codes.items():
            with m.If(self.load_fetch & ~self.test):
                m.d.sync += code.eq(getattr(self, f"code_{branch}"))
            m.d.comb += getattr(path, f"code_{branch}").eq(code)
        leaving = {name: Signal(8 if name == "code" else 1, name=f"{name}_q", reset_less=True) for name in _OUTPUTS}
        for name, register in leaving.items():
            with m.If(self.load_output):
                m.d.sync += register.eq(self.enable if name == "enabled" else getattr(path, name))
            m.d.comb += getattr(self, name).eq(register)
        for register in config.pipeline.registers[1:-1]:
            m.d.comb += getattr(path, f"load_{register}").eq(getattr(self, f"load_{register}"))
        for register in config.pipeline.layers:
            m.d.comb += getattr(path, f"layer_{register}").eq(getattr(self, f"layer_{register}"))
        # The lane's own copy: rx comes clocks after the mode changes, and a wire through the whole unit would be late.
        test = Signal(reset_less=True)
        m.d.sync += test.eq(self.test)
        m.d.comb += [
            path.rx.eq(Mux(test, leaving["code"], self.rx)),
            path.enable.eq(self.enable),
            self.affine_high.eq(path.affine_high),
            self.affine_low.eq(path.affine_low),
        ]
        words = self._memories(m, path)
        for field in inject_fields(config):
            register = leaving["code"] if field.name == "rx" else codes[field.name]
            with m.If(getattr(self, f"inject_{field.word}")):
                m.d.sync += register.eq(self.host_data[field.lsb : field.msb + 1])
        self._host_read(m, words, codes, path, leaving["code"])
        return m

    def _memories(self, m: Module, path: Component) -> list[Value]:
        """One memory for each parameter word; returns the words, as they deliver them."""
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
                m.d.comb += getattr(path, field.name).eq(memory.read_data[field.lsb : field.msb + 1])
        return words

    def _host_read(
        self, m: Module, words: list[Value], codes: dict[str, Signal], path: Component, code: Signal
    ) -> None:
        """What the register bus reads: a parameter word, the raw counters, or a captured number."""
        captured = {"corrected": path.corrected, "norm": path.norm, "total": path.total, "code": code}
        with m.If(~self.host_test):
            with m.Switch(self.host_slot):
                for word, value in enumerate(words):
                    with m.Case(1 + word):
                        m.d.comb += self.host_read_data.eq(value)
        with m.Else(), m.Switch(self.host_slot):
            for word in range(inject_words(self.config)):
                with m.Case(INJECT_SLOT + word):
                    for field in inject_fields(self.config):
                        if field.word == word and field.name in codes:
                            m.d.comb += self.host_read_data[field.lsb : field.msb + 1].eq(codes[field.name])
            for name, number in captured.items():
                with m.Case(CAPTURE_SLOTS[name]):
                    m.d.comb += self.host_read_data.eq(self._half(number))

    def _half(self, number: Signal) -> Value:
        """The half of a captured number that is asked for, sign-extended; a short number is all in the lower one."""
        halves = [number[:WORD_BITS], number[WORD_BITS:]] if len(number) > WORD_BITS else [number[:]]
        low, high = (half.as_signed() if number.shape().signed else half for half in (halves[0], halves[-1]))
        return Mux(self.capture_high, high, low) if len(halves) > 1 else low


_OUTPUTS = ("code", "enabled", "output_high", "output_low")
