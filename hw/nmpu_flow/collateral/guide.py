"""``INTEGRATION.md``: what an integrator wants to know, on one page."""

from collections.abc import Iterable, Sequence

from nmpu_flow.collateral.constraints import INPUT_SHARE, OUTPUT_SHARE
from nmpu_flow.collateral.diagrams import FOLDER
from nmpu_flow.collateral.guide_files import files, tools
from nmpu_flow.collateral.memories import memory_modules
from nmpu_flow.collateral.traces import traces
from nmpu_flow.collateral.unit import CLOCK, PERIOD_NS, SCAN_ENABLE, TOP, Unit
from nmpu_spec.config import Config
from nmpu_spec.half import WORD, HalfConfig
from nmpu_spec.parameters import parameter_fields, parameter_words
from nmpu_spec.registers import BANKS, register_map


def guide(unit: Unit) -> str:
    """The page, in Markdown; every file that it names is in the hand-over."""
    sections = {
        "Ports": _ports(unit),
        "As built": _as_built(unit),
        "Clock and reset": _clock_and_reset(unit),
        "Streams": _streams(unit.config),
        "Register port": _register_port(unit.config),
        "Bring-up": _bring_up(unit.config),
        "Latency and throughput": _timing(unit.config),
        "Parameter memories": _memories(unit),
        **({"Clock gates": _clock_gates(unit)} if unit.gated else {}),
        "Idle and power-down": _idle(unit),
        "Test": _test(unit),
        "Tools": tools(unit),
        "Files": files(unit),
    }
    body = "\n".join(f"## {title}\n\n{text.strip()}\n" for title, text in sections.items())
    return f"# nmpu: integration of `{unit.config.name}`\n\n{unit.title}.\n\n{body}"


def table(heading: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A Markdown table."""
    lines = [heading, ["---"] * len(heading), *rows]
    return "".join("| " + " | ".join(str(cell) for cell in line) + " |\n" for line in lines)


def _picture(config: Config, name: str) -> str:
    title = next(trace.title for trace in traces(config) if trace.name == name)
    return f"![{title}]({FOLDER}/{name}.svg)\n"


def _ports(unit: Unit) -> str:
    rows = ([f"`{port.name}`", port.direction, port.width, port.meaning] for port in unit.ports)
    return f"""All ports are unsigned vectors; signed numbers travel as two's complement. [{TOP}.json]({TOP}.json) has the same list.

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
    return f"""There are no Verilog parameters: another unit is another hand-over. Ui.f and Si.f are unsigned and signed fixed point of i + f
bits: value = raw * 2^-f.

{table(["", ""], rows)}"""


def _format(config: Config, node: str) -> str:
    binary16 = isinstance(config, HalfConfig) and config.nodes[node] == WORD
    return "binary16" if binary16 else str(config.nodes[node])


def _clock_and_reset(unit: Unit) -> str:
    common = f"""One clock, `{CLOCK}`, rising edge. No register relies on a value from power-up. After the reset every `valid`, `ready`, `active_bank` and `busy` is
defined, and a payload is where its `valid` is 1. Settings are at their reset values then, counters are 0, the unit is disabled;
parameter memories keep what they hold."""
    if unit.asynchronous:
        how = f"""`{unit.reset}` is asynchronous and active low. It may fall at any time; it must rise from a register of `{CLOCK}` (two
flip-flops in a row, cleared by the raw reset, do that), because the registers leave the reset with the same edge. The SDC times it."""
    else:
        how = f"""`{unit.reset}` is synchronous and active high: hold it for at least one rising edge of `{CLOCK}`. It is timed as any input."""
    return f"{common}\n\n{how}\n\n{_picture(unit.config, 'reset')}"


def _streams(config: Config) -> str:
    return f"""`adc`, `rx` and `out` are valid/ready streams: a beat is transferred at a rising edge at which `valid` and `ready` are both 1. Group k
of a vector holds the columns k*{config.lanes} to k*{config.lanes} + {config.lanes - 1}.

**adc**: one beat is one vector. Keep `adc_valid` and the payload unchanged until `adc_ready`, which comes with the vector's last
group: the unit reads the payload group by group and has no copy of it. Do not wait for `adc_ready` before raising `adc_valid`.

{_picture(config, "adc")}
**rx**: one beat is one group of residual codes. Used only while the layer has `rx_on`; order is group 0 to {config.groups - 1} of every vector.
`rx_ready` does not depend on `rx_valid`. `first` and `last` must fit the group, otherwise STATUS.rx_misaligned is set.

{_picture(config, "rx")}
**out**: one beat is one group. `out_valid` does not depend on `out_ready`; payload and valid stay until it is taken. While the sink does
not take a beat the whole pipeline waits; nothing is lost.

{_picture(config, "out")}
Combinational from pin to pin: `out_ready` to `adc_ready` and `rx_ready`; `rx_valid` to `adc_ready`; `adc_valid` to `busy`; APB inputs and `adc_valid`
to PSLVERR and PRDATA. The SDC leaves {1 - INPUT_SHARE - OUTPUT_SHARE:.0%} of the period to them."""


def _register_port(config: Config) -> str:
    return f"""APB4, 32 bits, {register_map(config).address_bits} address bits, PREADY always 1: two clocks per access. PSLVERR answers, and nothing changes (a refused read gives
0), when the address is unmapped or no multiple of 4, a read-only register is written or a write-only one read, a write has a strobe
low, a bank in use is written, or a parameter word is read while STATUS.busy = 1. PPROT is ignored. The map:
[nmpu_registers.md](nmpu_registers.md), and for tools [.h](nmpu_registers.h), [.rdl](nmpu_registers.rdl), [.xml](nmpu_registers.xml).

{_picture(config, "apb_write")}
{_picture(config, "apb_read")}"""


def _bring_up(config: Config) -> str:
    registers = register_map(config)

    def at(name: str) -> str:
        return f"`{name}` (0x{registers[name].address:04x})"

    fields = parameter_fields(config)

    def held(word: int) -> str:
        return "each column's " + ", ".join(
            f"`{field.name}` [{field.msb}:{field.lsb}]" for field in fields if field.word == word
        )

    masks = (config.columns + 31) // 32
    rows = [
        ("read", at("id"), f"0x{registers['id'].pack():08x}"),
        ("read", at("config_hash"), f"0x{registers['config_hash'].pack():08x}"),
        ("read", at("geometry"), f"0x{registers['geometry'].pack():08x}"),
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
    swap = f"""To change the layer while vectors flow: write bank 1 (0x{registers.bank_stride:x} above bank 0), then `ctrl` =
0x{registers["ctrl"].pack(enable=1, bank=1):x}. The vector in progress ends with bank 0, the next one uses bank 1, no clock is lost. When
STATUS.in_use (bits 3:2) shows 0 for bank 0, it can be written."""
    return f"""{table(["", "register", "value"], rows)}
Parameter memories have no reset value: write every word of every column in use before its bank is enabled. Values in real numbers
become raw fields by the formats above.

{swap}

{_picture(config, "bank_swap")}"""


def _timing(config: Config) -> str:
    return f"""A group's codes are on `out` {config.pipeline.latency} clocks after the clock in which it entered. A group enters in every clock in which nothing
stalls: {config.groups} clocks per vector, n vectors in {config.groups} n + {config.pipeline.latency} clocks. The register `cycles` is the sum of `busy`, `wait_adc`, `wait_rx`
and `stall_out`, which say where clocks went."""


def _memories(unit: Unit) -> str:
    found = memory_modules("\n".join(unit.rtl.values()))
    rows = [
        (f"`{memory.name}`", memory.depth, memory.width, f"one in each of {unit.config.lanes} lanes")
        for memory in found
    ]
    ports = "; ".join(
        f"`{memory.name}`: " + ", ".join(f"`{name}` [{width}]" for name, width in memory.ports.items())
        for memory in found
    )
    return f"""The parameters of both banks are kept in the modules of [{TOP}_memory.v]({TOP}_memory.v), as registers. To use a macro or a latch array,
replace that file and keep modules and ports.

{table(["module", "words", "bits", ""], rows)}
Ports (bits): {ports}.

- Everything is taken at the rising edge of `clk`: `write` stores `write_data` in the word `write_address`; `read` starts a read of
  `read_address`, whose `read_data` is there after that edge and stays until the next edge with `read` = 1.
- One write and one read may come in the same clock, never of the same word: the bank that is written is not in use.
- Addresses at or above the number of words do not come with `write` or `read`. The bank is the upper part of the address:
  word = bank * {unit.config.groups} + group, {BANKS} banks.
- Contents have no reset and no initial value, and need none."""


def _clock_gates(unit: Unit) -> str:
    gates = unit.config.implementation.clock_gates
    return f"""{gates} clock gates, each for {unit.config.lanes // gates} of the {unit.config.lanes} lanes. Replace the module of [{TOP}_clock_gate.v]({TOP}_clock_gate.v), ports
`clk`, `enable`, `scan_enable`, `clock`, by your library's clock-gating cell: `clock` has the pulse of `clk` if `enable` or `scan_enable` was 1 before its
rising edge. The latch in it is the only one of the unit. Gated and ungated clock are one clock: balance them together."""


def _idle(unit: Unit) -> str:
    registers = register_map(unit.config)
    gated = " With no group moving and no access, the lanes' clocks stand still." if unit.gated else ""
    return f"""When no vector is offered nothing moves but, while the unit is enabled, the counters `cycles` and `wait_adc`: pipeline registers and
parameter memories keep their values, and rx codes and captured numbers are kept out of the data path while nobody wants them.{gated}

To switch the clock off: write `ctrl` (0x{registers["ctrl"].address:x}) = 0, poll STATUS.busy (or watch the port `busy`) until it is 0, stop `{CLOCK}`. Start it again and
go on; all state is kept. To switch the power off: the same, isolate the outputs at 0, and afterwards reset and program again; there is
no retention, and nothing outside needs any."""


def _test(unit: Unit) -> str:
    latches = f"the latch in `{TOP}_clock_gate`" if unit.gated else "no latch"
    scan = (
        f" `{SCAN_ENABLE}` opens every clock gate: drive it from the scan enable, or from the test mode."
        if unit.gated
        else ""
    )
    reset = (
        "one primary input, asynchronous, active low" if unit.asynchronous else "synchronous, ordinary logic for scan"
    )
    mode = register_map(unit.config)["test.mode"].address
    return f"""One clock, one edge, {latches}, no internal reset, no combinational loop, no tri-state. Reset: {reset}.{scan} Scan chains
can be put in as the tool likes. The memories in `{TOP}_memory` are scanned as registers; a macro in their place wants its own test.

Through the registers alone (`test`, from 0x{mode:x}): vectors are pushed in and every stage is read back, for a chip whose
streams lead nowhere yet.

Timing is constrained in [{TOP}.sdc]({TOP}.sdc), at {PERIOD_NS} ns as a placeholder."""
