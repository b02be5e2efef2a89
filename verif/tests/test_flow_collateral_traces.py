"""The timing diagrams, played on the Verilog that they are handed over with."""

import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from nmpu_flow.collateral.traces import Clock, Trace, Value, register_clocks, traces
from nmpu_flow.ports import Port, ports
from nmpu_flow.tools import icarus
from nmpu_flow.verilog import emit
from nmpu_hw.nmpu import Nmpu
from nmpu_spec.config import Config
from nmpu_spec.load import load

CONFIGURATIONS = ("tiny", "user96", "single12", "deep8", "half12", "gated12")


@pytest.fixture(scope="module", params=CONFIGURATIONS)
def config(request: pytest.FixtureRequest, configurations: dict[str, str]) -> Config:
    return load(configurations[request.param])


@pytest.fixture(scope="module")
def verilog(config: Config, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Port]]:
    unit = Nmpu(config)
    text = emit(unit, "nmpu", reset=config.implementation.reset)
    path = tmp_path_factory.mktemp("unit") / "nmpu.v"
    path.write_text(text, "utf-8")
    return path, ports(unit, text, "nmpu")


@pytest.mark.parametrize("name", ["adc", "rx", "out", "apb_write", "apb_read", "bank_swap", "reset"])
def test_the_unit_does_what_its_diagrams_show(
    config: Config, verilog: tuple[Path, list[Port]], name: str, tmp_path: Path
) -> None:
    (trace,) = (trace for trace in traces(config) if trace.name == name)
    path, found = verilog
    checked = _played(trace, config, path, found, tmp_path)
    assert checked > len(trace.clocks)


def test_a_wrong_diagram_is_found(tmp_path: Path) -> None:
    config, unit = load("tiny"), Nmpu(load("tiny"))
    text = emit(unit, "nmpu")
    (tmp_path / "nmpu.v").write_text(text, "utf-8")
    trace = traces(config)[0]
    wrong = [{**now, "out_valid": True} if at == 2 else now for at, now in enumerate(trace.clocks) if now]
    trace = Trace(trace.name, trace.title, trace.inputs, trace.outputs, trace.inside, wrong, trace.before)
    with pytest.raises(AssertionError, match="clock 2: out_valid"):
        _played(trace, config, tmp_path / "nmpu.v", ports(unit, text, "nmpu"), tmp_path)


def _played(trace: Trace, config: Config, verilog: Path, found: list[Port], folder: Path) -> int:
    """Play `trace` in Icarus, inputs that may be anything as X; returns the number of values that were compared."""
    if icarus() is None:
        pytest.skip("Icarus is not installed (Debian: apt install iverilog); the diagrams are not played")
    widths = {port.name: port.width for port in found}
    inputs = [port.name for port in found if port.direction == "input" and port.name != "clk"]
    reset, level = config.implementation.reset_port, bool(config.implementation.in_reset)
    idle: dict[str, Value] = dict.fromkeys(inputs, False)
    lines = [f"  reg [{width - 1}:0] {name};" for name, width in widths.items() if name in (*inputs, "clk")]
    lines += [f"  wire [{width - 1}:0] {name};" for name, width in widths.items() if name not in (*inputs, "clk")]
    lines += [f"  nmpu unit({', '.join(f'.{name}({name})' for name in widths)});", "  initial begin", "    clk = 0;"]
    if trace.before is not None:
        prefix: list[Clock] = [{reset: level}, {reset: level}, {}, *register_clocks(trace.before)]
        for now in prefix:
            lines += [*_driven({**idle, reset: not level, **now}, inputs, widths), "    #5 clk = 1; #5 clk = 0;"]
    checked = 0
    for at, now in enumerate(trace.clocks):
        if now is None:
            continue
        driven = {name: now[name] for name in now if name in inputs}
        lines += [*_driven({**idle, reset: not level, **driven}, inputs, widths), "    #4;"]
        for name in trace.outputs:
            value = now[name]
            if isinstance(value, int):
                checked += 1
                lines.append(
                    f'    if ({name} !== {_literal(value, widths[name])}) $display("clock {at}: {name} = %h", {name});'
                )
        lines.append("    #1 clk = 1; #5 clk = 0;")
    bench = folder / "bench.v"
    bench.write_text(
        "\n".join(["`timescale 1ns/1ns", "module bench;", *lines, "    $finish;", "  end", "endmodule", ""])
    )
    program = folder / "bench.vvp"
    subprocess.run(["iverilog", "-g2005", "-s", "bench", "-o", program, bench, verilog], check=True)
    said = subprocess.run(["vvp", "-n", program], check=True, capture_output=True, text=True).stdout
    assert not [line for line in said.splitlines() if line.startswith("clock")], said
    return checked


def _driven(values: Mapping[str, Value], inputs: list[str], widths: dict[str, int]) -> list[str]:
    return [f"    {name} = {_literal(values[name], widths[name])};" for name in inputs]


def _literal(value: Value, width: int) -> str:
    """A payload's name says nothing of its bits: they are X as well."""
    return f"{width}'h{value:x}" if isinstance(value, int) else f"{{{width}{{1'bx}}}}"
