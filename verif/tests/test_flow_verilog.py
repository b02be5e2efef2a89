"""RTL to Verilog, on a design made of everything that is awkward about it."""

import os
import random
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from amaranth.hdl import Elaboratable, EnableInserter, Module, Signal, Value, signed
from amaranth.lib import data, enum, stream
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import Component, In, Out
from amaranth.sim import Simulator

from nmpu_flow.errors import FlowError
from nmpu_flow.lint import lint
from nmpu_flow.tools import icarus
from nmpu_flow.verilog import emit
from nmpu_flow.yosys import run_yosys

LANES = 4


class Mode(enum.Enum, shape=2):
    module = 0
    always = 1
    B__ = 2


class Step(Component):
    """A register; two steps of different width want the same module name."""

    def __init__(self, width: int) -> None:
        super().__init__({"initial": In(signed(width)), "reg": Out(signed(width))})

    def elaborate(self, _platform: object) -> Module:
        m = Module()
        m.d.sync += self.reg.eq(self.initial + 1)
        return m


class Wires(Component):
    """No logic at all."""

    # One of these tests never elaborates it.
    _MustUse__silence = True

    def __init__(self) -> None:
        super().__init__({"i": In(8), "o": Out(8)})

    def elaborate(self, _platform: object) -> Module:
        m = Module()
        m.d.comb += self.o.eq(self.i)
        return m


class Pulse(Elaboratable):
    """Not a component."""

    def __init__(self) -> None:
        self.count = Signal(3)

    def elaborate(self, _platform: object) -> Module:
        m = Module()
        m.d.sync += self.count.eq(self.count + 3)
        return m


class Lane(Component):
    def __init__(self) -> None:
        super().__init__(
            {
                "i": In(stream.Signature(signed(8))),
                "o": Out(stream.Signature(signed(16))),
                "mode": In(Mode),
                "address": In(2),
                "data": In(8),
                "write": In(1),
            }
        )

    def elaborate(self, _platform: object) -> Module:
        m = Module()
        m.submodules.store = store = Memory(shape=signed(8), depth=4, init=[1, 2, 3, 4])
        m.submodules.step = step = Step(8)
        m.submodules.wires = wires = Wires()
        write, read = store.write_port(), store.read_port(domain="comb")
        m.d.comb += [
            write.addr.eq(self.address),
            write.data.eq(self.data),
            write.en.eq(self.write),
            read.addr.eq(self.i.payload[:2]),
            step.initial.eq(read.data),
            wires.i.eq(self.i.payload ^ 1),
            self.i.ready.eq(~self.o.valid | self.o.ready),
        ]
        with m.If(self.i.ready):
            m.d.sync += self.o.valid.eq(self.i.valid)
            with m.Switch(self.mode):
                with m.Case(Mode.module):
                    m.d.sync += self.o.payload.eq(self.i.payload * read.data)
                with m.Case(Mode.always):
                    m.d.sync += self.o.payload.eq(-self.i.payload * step.reg)
                with m.Default():
                    m.d.sync += self.o.payload.eq(wires.o)
        return m


class Quad(Component):
    """Four lanes, a step of another width, one in a transformer, and a submodule that is not a component."""

    def __init__(self) -> None:
        super().__init__(
            {
                "i": In(stream.Signature(data.ArrayLayout(signed(8), LANES))),
                "o": Out(stream.Signature(data.ArrayLayout(signed(16), LANES))),
                "mode": In(Mode),
                "host": In(data.StructLayout({"lane": 2, "address": 2, "data": 8, "write": 1})),
                "endmodule": In(1),
                "sum": Out(signed(12)),
            }
        )

    def elaborate(self, _platform: object) -> Module:
        m = Module()
        m.submodules.step = step = Step(12)
        m.submodules.held = held = EnableInserter(self.endmodule)(Step(6))
        m.submodules.pulse = pulse = Pulse()
        m.d.comb += [
            step.initial.eq(self.sum),
            held.initial.eq(held.reg),
            self.sum.eq(step.reg + held.reg + pulse.count),
        ]
        for k in range(LANES):
            m.submodules[f"lane_{k}"] = lane = Lane()
            m.d.comb += [
                lane.i.valid.eq(self.i.valid),
                lane.i.payload.eq(self.i.payload[k]),
                lane.o.ready.eq(self.o.ready),
                lane.mode.eq(self.mode),
                lane.address.eq(self.host.address),
                lane.data.eq(self.host.data),
                lane.write.eq(self.host.write & (self.host.lane == k)),
                self.o.payload[k].eq(lane.o.payload),
            ]
            if k == 0:
                m.d.comb += [self.i.ready.eq(lane.i.ready), self.o.valid.eq(lane.o.valid)]
        return m


INPUTS = {"i_payload": 32, "i_valid": 1, "o_ready": 1, "mode": 2, "host": 13, "endmodule_": 1}
OUTPUTS = {"o_payload": 64, "o_valid": 1, "i_ready": 1, "sum": 12}


def quad_verilog() -> str:
    """Also called by the interpreters of `test_same_bytes_anywhere`."""
    return emit(Quad(), "quad", ["first line", ""])


@pytest.fixture(scope="module")
def verilog() -> str:
    return quad_verilog()


@pytest.fixture
def file(verilog: str, tmp_path: Path) -> Path:
    path = tmp_path / "quad.v"
    path.write_text(verilog)
    return path


def test_one_module_per_component(verilog: str) -> None:
    modules = re.findall(r"^module (\w+)", verilog, re.M)
    assert sorted(modules) == [
        "quad",
        "quad_held",
        "quad_lane",
        "quad_lane_step",
        "quad_pulse",
        "quad_step",
        "quad_wires",
    ]
    assert re.findall(r"^  quad_lane (\w+) ", verilog, re.M) == [f"lane_{k}" for k in range(LANES)]


def test_names_are_plain_and_nothing_is_initialised(verilog: str) -> None:
    assert "\\" not in verilog
    assert "$" not in verilog.replace("$signed", "")
    assert not re.search(r"\binitial\b", verilog)
    assert "__" not in verilog
    assert re.search(r"\breg (signed )?\[7:0\] store \[3:0\];", verilog)
    top = verilog[verilog.index("module quad(") :]
    ports = "clk rst i_payload i_valid i_ready o_payload o_valid o_ready mode host endmodule_ sum"
    assert " ".join(re.findall(r"\w+", top[: top.index(";")])[2:]) == ports


def test_header(verilog: str) -> None:
    assert verilog.startswith("// first line\n//\nmodule quad(")


def test_same_bytes_anywhere(verilog: str, tmp_path: Path) -> None:
    command = "import runpy, sys; sys.stdout.write(runpy.run_path(sys.argv[1])['quad_verilog']())"
    path = os.pathsep.join(str(Path(entry).resolve()) for entry in sys.path)
    for seed in ("1", "2"):
        folder = tmp_path / seed
        folder.mkdir()
        done = subprocess.run(
            [sys.executable, "-c", command, __file__],
            cwd=folder,
            env=os.environ | {"PYTHONHASHSEED": seed, "PYTHONPATH": path},
            capture_output=True,
            text=True,
            check=True,
        )
        assert done.stdout == verilog
        assert not list(folder.iterdir())


def test_other_tools_accept_it(file: Path) -> None:
    lint([file], "quad")
    compiler = icarus()
    if compiler is not None:
        subprocess.run([compiler, "-g2005", "-Wall", "-o", os.devnull, file], check=True)


def test_lint_finds_flaws(file: Path) -> None:
    file.write_text(file.read_text().replace("module quad(", "module quad(missing, "))
    with pytest.raises(FlowError, match=r"verilator: .*missing"):
        lint([file], "quad")


def test_behaves_as_the_rtl(file: Path) -> None:
    compiler = icarus()
    if compiler is None:
        pytest.skip("no Icarus Verilog")
    beats = stimulus()
    expected, found = rtl_outputs(beats), verilog_outputs(compiler, file, beats)
    # Until the memories are full, the RTL's have initial contents and those of the Verilog are unknown.
    assert found[2 * FILL :] == expected[2 * FILL :]
    assert len({beat["o_payload"] for beat in expected}) > len(beats) / 4


FILL = 4 * LANES


def stimulus() -> list[dict[str, int]]:
    """Fills every memory, then anything."""
    chosen = random.Random(7)
    beats = [{name: chosen.getrandbits(width) for name, width in INPUTS.items()} for _ in range(400)]
    for place in range(FILL):
        beats[place] |= {"host": 1 << 12 | chosen.getrandbits(8) << 4 | place, "i_valid": 0}
    return beats


def rtl_outputs(beats: list[dict[str, int]]) -> list[dict[str, int]]:
    """What Amaranth's own simulator says."""
    quad = Quad()
    pins = {"i_payload": quad.i.payload, "i_valid": quad.i.valid, "o_ready": quad.o.ready, "mode": quad.mode}
    pins |= {"host": quad.host, "endmodule_": quad.endmodule}
    outputs = {"o_payload": quad.o.payload, "o_valid": quad.o.valid, "i_ready": quad.i.ready, "sum": quad.sum}
    seen = []

    async def bench(context: Any) -> None:
        for beat in beats:
            for name, value in beat.items():
                context.set(Value.cast(pins[name]), value)
            seen.append({name: context.get(Value.cast(pin).as_unsigned()) for name, pin in outputs.items()})
            await context.tick()

    simulator = Simulator(quad)
    simulator.add_clock(1e-6)
    simulator.add_testbench(bench)
    simulator.run()
    return seen


def verilog_outputs(compiler: Path, file: Path, beats: list[dict[str, int]]) -> list[dict[str, int | str]]:
    """What Icarus says, in cycles that follow one with `rst`; a number with unknown bits stays text."""
    folder = file.parent
    inputs, outputs = ", ".join(reversed(INPUTS)), ", ".join(OUTPUTS)
    width = sum(INPUTS.values())
    lines = []
    for beat in beats:
        word = 0
        for name in reversed(INPUTS):
            word = word << INPUTS[name] | beat[name]
        lines.append(f"{word:x}\n")
    (folder / "beats.hex").write_text("".join(lines))
    declared = [f"reg [{bits - 1}:0] {name} = 0;" for name, bits in INPUTS.items()]
    declared += [f"wire [{bits - 1}:0] {name};" for name, bits in OUTPUTS.items()]
    ports = ", ".join(f".{name}({name})" for name in ("clk", "rst", *INPUTS, *OUTPUTS))
    (folder / "bench.v").write_text(f"""
        module bench;
          reg clk = 0, rst = 1;
          reg [{width - 1}:0] beats [0:{len(beats) - 1}];
          integer k;
          {" ".join(declared)}
          quad quad({ports});
          initial begin
            $readmemh("beats.hex", beats);
            #1 clk = 1; #1 clk = 0; rst = 0;
            for (k = 0; k < {len(beats)}; k = k + 1) begin
              {{{inputs}}} = beats[k];
              #1 $display("{" ".join("%h" for _ in OUTPUTS)}", {outputs});
              clk = 1; #1 clk = 0;
            end
          end
        endmodule
    """)
    subprocess.run([compiler, "-g2005", "-o", "bench", "bench.v", file.name], cwd=folder, check=True)
    done = subprocess.run(["vvp", "bench"], cwd=folder, capture_output=True, text=True, check=True)
    return [
        {
            name: int(text, 16) if re.fullmatch(r"[0-9a-f]+", text) else text
            for name, text in zip(OUTPUTS, line.split(), strict=True)
        }
        for line in done.stdout.splitlines()
    ]


def test_signals_that_bypass_ports_are_refused() -> None:
    class Spied(Component):
        def __init__(self) -> None:
            super().__init__({"o": Out(8)})
            self.secret = Signal(8)

        def elaborate(self, _platform: object) -> Module:
            m = Module()
            m.d.sync += self.secret.eq(self.secret + 1)
            m.d.comb += self.o.eq(~self.secret)
            return m

    class Spy(Component):
        def __init__(self) -> None:
            super().__init__({"o": Out(8)})

        def elaborate(self, _platform: object) -> Module:
            m = Module()
            m.submodules.inner = inner = Spied()
            m.d.comb += self.o.eq(inner.o + inner.secret)
            return m

    with pytest.raises(FlowError, match=r"signal 'secret' is used in top\.inner and top: "):
        emit(Spy(), "spy")


def test_other_clock_domains_are_refused() -> None:
    class Fast(Component):
        def __init__(self) -> None:
            super().__init__({"o": Out(1)})

        def elaborate(self, _platform: object) -> Module:
            m = Module()
            m.d.fast += self.o.eq(~self.o)
            return m

    with pytest.raises(FlowError, match="only 'sync' is supported"):
        emit(Fast(), "fast")


@pytest.mark.parametrize("name", ["always", "a b", "1st", "a__b", ""])
def test_module_name_must_be_plain(name: str) -> None:
    with pytest.raises(ValueError, match="must be a plain Verilog identifier"):
        emit(Wires(), name)


def test_yosys_errors_are_one_line() -> None:
    with pytest.raises(FlowError, match=r"^yosys: .*ERROR: .*nonsense") as caught:
        run_yosys(["nonsense"], {}, "none.v")
    assert "\n" not in str(caught.value)
