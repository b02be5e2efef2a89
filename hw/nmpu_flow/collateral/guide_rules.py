"""The sections of the integration guide that say what holds at the unit's borders."""

from nmpu_flow.collateral.constraints import INPUT_SHARE, OUTPUT_SHARE
from nmpu_flow.collateral.diagrams import FOLDER
from nmpu_flow.collateral.memories import memory_modules
from nmpu_flow.collateral.paragraphs import table
from nmpu_flow.collateral.registers import REGISTERS
from nmpu_flow.collateral.traces import traces
from nmpu_flow.collateral.unit import CLOCK, PERIOD_NS, SCAN_ENABLE, TOP, Unit
from nmpu_spec.config import Config
from nmpu_spec.registers import BANKS, register_map


def picture(config: Config, name: str) -> str:
    """The timing diagram `name`."""
    title = next(trace.title for trace in traces(config) if trace.name == name)
    return f"![{title}]({FOLDER}/{name}.svg)"


def clock_and_reset(unit: Unit) -> str:
    if unit.asynchronous:
        how = f"""`{unit.reset}` is asynchronous and active low. It may fall at any time; it must rise from a
register of `{CLOCK}` (two flip-flops in a row, cleared by the raw reset, do that), because all registers must leave
the reset with the same edge. The SDC times it."""
    else:
        how = f"""`{unit.reset}` is synchronous and active high: hold it for at least one rising edge of `{CLOCK}`.
It is timed as any input."""
    return f"""
One clock, `{CLOCK}`, rising edge. No register relies on a value from power-up. After the reset every `valid`, `ready`,
`active_bank` and `busy` is defined, and a payload is where its `valid` is 1. Settings are at their reset values then,
counters are 0, the unit is disabled; parameter memories keep what they hold.

{how}

{picture(unit.config, "reset")}"""


def streams(config: Config) -> str:
    return f"""
`adc`, `rx` and `out` are valid/ready streams: a beat is transferred at a rising edge at which `valid` and `ready` are
both 1. Group k of a vector holds the columns k * {config.lanes} to k * {config.lanes} + {config.lanes - 1}.

**adc**: one beat is one vector. Keep `adc_valid` and the payload unchanged until `adc_ready`, which comes with the
vector's last group: the unit reads the payload group by group and has no copy of it. Do not wait for `adc_ready` before
raising `adc_valid`.

{picture(config, "adc")}

**rx**: one beat is one group of residual codes, used only while the layer has `rx_on`; the order is group 0 to
{config.groups - 1} of every vector. `rx_ready` does not depend on `rx_valid`. `first` and `last` must fit the group,
otherwise STATUS.rx_misaligned is set.

{picture(config, "rx")}

**out**: one beat is one group. `out_valid` does not depend on `out_ready`; payload and valid stay until it is taken.
While the sink does not take a beat the whole pipeline waits; nothing is lost.

{picture(config, "out")}

Combinational from pin to pin: `out_ready` to `adc_ready` and `rx_ready`; `rx_valid` to `adc_ready`; `adc_valid` to
`busy`; APB inputs and `adc_valid` to PSLVERR and PRDATA. The SDC leaves {1 - INPUT_SHARE - OUTPUT_SHARE:.0%} of the
period to them."""


def register_port(config: Config) -> str:
    return f"""
APB4, 32 bits, {register_map(config).address_bits} address bits, PREADY always 1: two clocks per access. PSLVERR
answers, and nothing changes (a refused read gives 0), when the address is unmapped or no multiple of 4, a read-only
register is written or a write-only one read, a write has a strobe low, a bank in use is written, or a parameter word is
read while STATUS.busy = 1. PPROT is ignored.

The map: [{REGISTERS}.md]({REGISTERS}.md), and for tools [.h]({REGISTERS}.h), [.rdl]({REGISTERS}.rdl),
[.xml]({REGISTERS}.xml).

{picture(config, "apb_write")}

{picture(config, "apb_read")}"""


def timing(config: Config) -> str:
    groups, latency = config.groups, config.pipeline.latency
    return f"""
A group's codes are on `out` {latency} clocks after the clock in which it entered. A group enters in every clock in
which nothing stalls: {groups} clocks per vector, n vectors in {groups} n + {latency} clocks. The register `cycles` is
the sum of `busy`, `wait_adc`, `wait_rx` and `stall_out`, which say where clocks went."""


def memories(unit: Unit) -> str:
    found = memory_modules("\n".join(unit.rtl.values()))
    lanes = f"one in each of {unit.config.lanes} lanes"
    rows = [(f"`{memory.name}`", memory.depth, memory.width, memory.ports["read_address"], lanes) for memory in found]
    return f"""
The parameters of both banks are kept in the modules of [{TOP}_memory.v]({TOP}_memory.v), as registers. To use a
macro or a latch array, replace that file and keep modules and ports: `clk`, `write`, `write_address`, `write_data`,
`read`, `read_address`, `read_data`.

{table(["module", "words", "data bits", "address bits", ""], rows)}
- Everything is taken at the rising edge of `clk`: `write` stores `write_data` in the word `write_address`; `read`
  starts a read of `read_address`, whose `read_data` is there after that edge and stays until the next edge with
  `read` = 1.
- One write and one read may come in the same clock, never of the same word: the bank that is written is not in use.
- Word = bank * {unit.config.groups} + group, {BANKS} banks; no other address comes with `write` or `read`.
- Contents have no reset and no initial value, and need none."""


def clock_gates(unit: Unit) -> str:
    gates = unit.config.implementation.clock_gates
    return f"""
{gates} clock gates, each for {unit.config.lanes // gates} of the {unit.config.lanes} lanes. Replace the module of
[{TOP}_clock_gate.v]({TOP}_clock_gate.v), ports `clk`, `enable`, `scan_enable`, `clock`, by your library's clock-gating
cell: `clock` has the pulse of `clk` if `enable` or `scan_enable` was 1 before its rising edge. The latch in it is the
only one of the unit. Gated and ungated clock are one clock: balance them together."""


def idle(unit: Unit) -> str:
    ctrl = register_map(unit.config)["ctrl"].address
    gated = "With no group moving and no access, the lanes' clocks stand still." if unit.gated else ""
    return f"""
When no vector is offered nothing moves but, while the unit is enabled, the counters `cycles` and `wait_adc`: pipeline
registers and parameter memories keep their values, and rx codes and captured numbers are kept out of the data path
while nobody wants them. {gated}

To switch the clock off: write `ctrl` (0x{ctrl:x}) = 0, poll STATUS.busy (or watch the port `busy`) until it is 0, stop
`{CLOCK}`. Start it again and go on; all state is kept. To switch the power off: the same, isolate the outputs at 0, and
afterwards reset and program again; there is no retention."""


def test(unit: Unit) -> str:
    latches = f"the latch in `{TOP}_clock_gate`" if unit.gated else "no latch"
    scan = (
        f"`{SCAN_ENABLE}` opens every clock gate: drive it from the scan enable, 0 without scan." if unit.gated else ""
    )
    reset = "one primary input, asynchronous, active low" if unit.asynchronous else "synchronous, ordinary logic"
    mode = register_map(unit.config)["test.mode"].address
    return f"""
One clock, one edge, {latches}, no internal reset, no combinational loop, no tri-state. Reset: {reset}. {scan} Scan
chains can be put in as the tool likes. The memories in `{TOP}_memory.v` are scanned as registers; a macro in their
place wants its own test.

Through the registers alone (`test`, from 0x{mode:x}): vectors are pushed in and every stage is read back, for a chip
whose streams lead nowhere yet.

Timing is constrained in [{TOP}.sdc]({TOP}.sdc), at {PERIOD_NS} ns as a placeholder."""
