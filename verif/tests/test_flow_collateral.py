"""What stands beside the Verilog."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
from handover import hand_over

from nmpu_flow.collateral.constraints import sdc
from nmpu_flow.collateral.diagrams import diagrams
from nmpu_flow.collateral.guide import guide
from nmpu_flow.collateral.layout import orfs_config
from nmpu_flow.collateral.memories import memory_modules
from nmpu_flow.collateral.unit import Unit
from nmpu_flow.ports import Port
from nmpu_spec.config import Config
from nmpu_spec.implementation import Implementation, Reset
from nmpu_spec.load import load
from nmpu_spec.registers import register_map

MEMORY = """
module nmpu_memory_norm(clk, write, write_address, write_data, read, read_address, read_data);
  input clk;
  wire clk;
  input write;
  input [9:0] write_address;
  input [6:0] write_data;
  input read;
  input [9:0] read_address;
  output [6:0] read_data;
  reg [6:0] words [599:0];
endmodule
"""


def unit_of(config: Config) -> Unit:
    names = ["clk", config.implementation.reset_port, "adc_valid", "out_valid"]
    if config.implementation.clock_gates:
        names.append("scan_enable")
    ports = [Port(name, "output" if name == "out_valid" else "input", 1, "") for name in names]
    return Unit(config, ports, {"nmpu_memory.v": MEMORY, "nmpu.v": ""})


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_same_bytes_in_any_folder(tmp_path: Path) -> None:
    first, second = (contents(hand_over(load("tiny"), tmp_path / name)) for name in ("a", "b"))
    assert first == second
    assert not [name for name, text in first.items() if str(tmp_path).encode() in text]


def test_a_synchronous_reset_is_timed_as_an_input() -> None:
    text = sdc(unit_of(load("tiny")))
    assert re.findall(r"^set_input_delay -(max|min) .*get_ports \{rst\}\]$", text, re.M) == ["max", "min"]
    assert "recovery" not in text and "set_case_analysis" not in text


def test_reset_and_scan_enable_of_a_gated_unit() -> None:
    gated = replace(load("tiny"), implementation=Implementation(Reset.ASYNC, 2))
    text = sdc(unit_of(gated))
    assert re.findall(r"^set_input_delay -(max|min) .*get_ports \{rst_n\}\]$", text, re.M) == ["max", "min"]
    assert "recovery" in text
    assert "\nset_case_analysis 0 [get_ports scan_enable]\n" in text
    assert "false_path" not in text
    page = guide(unit_of(gated))
    assert "## Clock gates" in page and "2 clock gates, each for 1 of the 2 lanes" in page
    assert "## Clock gates" not in guide(unit_of(load("tiny")))


def test_the_guide_has_the_addresses_of_the_configuration(configurations: dict[str, str]) -> None:
    for name in ("tiny", "user96", "fp16"):
        config = load(configurations[name])
        page = guide(unit_of(config))
        for register in ("id", "bank[0].layer", "bank[0].word0[0]", "ctrl", "status", "cycles"):
            assert f"`{register}` (0x{register_map(config)[register].address:04x})" in page
        assert f"n vectors in {config.groups} n + {config.pipeline.latency} clocks" in page


def test_a_memory_is_read_from_its_verilog() -> None:
    (memory,) = memory_modules(MEMORY)
    assert (memory.name, memory.width, memory.depth) == ("nmpu_memory_norm", 7, 600)
    assert memory.ports["write_address"] == 10


def test_a_memory_above_the_layout_flow_s_limit_is_allowed() -> None:
    assert "SYNTH_MEMORY_MAX_BITS ?= 4200\n" in orfs_config(unit_of(load("tiny")))


@pytest.mark.parametrize("name", ["tiny", "fp16"])
def test_diagrams_of_long_vectors_stay_short(name: str) -> None:
    for path, text in diagrams(unit_of(load(name))).items():
        if path.endswith(".json"):
            waves = re.findall(r'"wave": "(.*)"', text)
            assert {len(wave) for wave in waves} == {len(waves[0])}
            assert len(waves[0]) < 100
            assert ("|" in waves[0]) != ('"tick"' in text)
