"""``INTEGRATION.md``: what an integrator wants to know, on one page."""

from nmpu_flow.collateral import guide_files, guide_rules
from nmpu_flow.collateral.guide_rules import picture
from nmpu_flow.collateral.paragraphs import filled, table
from nmpu_flow.collateral.unit import TOP, Unit
from nmpu_spec.config import Config
from nmpu_spec.half import WORD, HalfConfig
from nmpu_spec.parameters import parameter_fields, parameter_words
from nmpu_spec.registers import register_map


def guide(unit: Unit) -> str:
    """The page, in Markdown; every file that it names is in the hand-over."""
    sections = {
        "Ports": _ports(unit),
        "As built": _as_built(unit),
        "Clock and reset": guide_rules.clock_and_reset(unit),
        "Streams": guide_rules.streams(unit.config),
        "Register port": guide_rules.register_port(unit.config),
        "Bring-up": _bring_up(unit.config),
        "Latency and throughput": guide_rules.timing(unit.config),
        "Parameter memories": guide_rules.memories(unit),
        **({"Clock gates": guide_rules.clock_gates(unit)} if unit.gated else {}),
        "Idle and power-down": guide_rules.idle(unit),
        "Test": guide_rules.test(unit),
        "Tools": guide_files.tools(unit),
        "Files": guide_files.files(unit),
    }
    body = "\n\n".join(f"## {title}\n\n{text.strip()}" for title, text in sections.items())
    return filled(f"# nmpu: integration of `{unit.config.name}`\n\n{unit.title}.\n\n{body}")


def _ports(unit: Unit) -> str:
    rows = ([f"`{port.name}`", port.direction, port.width, port.meaning] for port in unit.ports)
    return f"""
All ports are unsigned; signed numbers travel as two's complement. [{TOP}.json]({TOP}.json) has the same list.

{table(["port", "direction", "bits", "meaning"], rows)}"""


def _as_built(unit: Unit) -> str:
    config = unit.config
    implementation = config.implementation
    rows = [
        ("columns of a vector", config.columns),
        ("lanes", config.lanes),
        ("groups (clocks) per vector", config.groups),
        ("latency, clocks", config.pipeline.latency),
        ("register address, bits", register_map(config).address_bits),
        ("reset", f"`{implementation.reset_port}`, {implementation.reset}"),
        ("clock gates", implementation.clock_gates),
        *((f"`{name}`", _format(config, name)) for name in config.nodes),
    ]
    return f"""
There are no Verilog parameters: another unit is another hand-over. Ui.f and Si.f are unsigned and signed fixed point
of i + f bits: value = raw * 2^-f.

{table(["", ""], rows)}"""


def _format(config: Config, node: str) -> str:
    binary16 = isinstance(config, HalfConfig) and config.nodes[node] == WORD
    return "binary16" if binary16 else str(config.nodes[node])


def _bring_up(config: Config) -> str:
    registers, fields = register_map(config), parameter_fields(config)

    def at(name: str) -> str:
        return f"`{name}` (0x{registers[name].address:04x})"

    def held(word: int) -> str:
        inside = (f"`{field.name}` [{field.msb}:{field.lsb}]" for field in fields if field.word == word)
        return f"each column's {', '.join(inside)}"

    masks = (config.columns + 31) // 32
    rows = [
        *(("read", at(name), f"0x{registers[name].pack():08x}") for name in ("id", "config_hash", "geometry")),
        ("write", at("bank[0].layer"), "ReLUs, `rx_on`, output format and shift"),
        ("write", at("bank[0].rx_scale"), "the residual scale, where `rx_on`"),
        ("write", f"{at('bank[0].mask[0]')} and on, {masks} in all", "a 1 for every column in use"),
        *(
            ("write", f"{at(f'bank[0].word{word}[0]')} and on, {config.columns} in all", held(word))
            for word in range(parameter_words(config))
        ),
        ("write", at("ctrl"), f"0x{registers['ctrl'].pack(enable=1, clear=1):x}: enable, bank 0, counters to 0"),
        ("stream", "`adc`, `out`", "vectors in, codes out"),
        ("poll", at("status"), "until `busy` (bit 0) is 0"),
        ("read", f"{at('cycles')} and on", "counters; then `out_crc` and `out_beats`"),
    ]
    return f"""
{table(["", "register", "value"], rows)}
Parameter memories have no reset value: write every word of every column in use before its bank is enabled.

To change the layer while vectors flow: write bank 1 (0x{registers.bank_stride:x} above bank 0), then
`ctrl` = 0x{registers["ctrl"].pack(enable=1, bank=1):x}. The vector in progress ends with bank 0, the next one uses
bank 1, no clock is lost. When bit 0 of STATUS.in_use (bits 3:2) is 0, bank 0 can be written.

{picture(config, "bank_swap")}"""
