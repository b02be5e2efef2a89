"""Random units with random programs: the RTL in Amaranth's simulator and as Verilog does what the models say.

The environment's NMPU_FUZZ = n asks for n times as many examples.
"""

import os
import subprocess
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from nmpu_bringup.bundle.golden import answer
from nmpu_bringup.bundle.write import model_files
from nmpu_bringup.replay import replay_files
from nmpu_flow.tools import icarus
from nmpu_flow.verilog import emit
from nmpu_hw.nmpu import Nmpu
from nmpu_model.program import Program
from nmpu_model.suites import SUITES, Case
from nmpu_model.traffic import Traffic, random_program, random_traffic
from nmpu_model.unit import Result, run
from nmpu_spec.config import Config
from nmpu_spec.formats import MAX_WIDTH
from nmpu_spec.implementation import Implementation, Reset
from nmpu_spec.load import load, parse
from nmpu_verif.fuzz.configurations import configs, half_configs
from nmpu_verif.fuzz.effort import examples
from nmpu_verif.fuzz.path import check_path
from nmpu_verif.fuzz.rtl import check_unit

SEEDS = st.integers(0, 2**32 - 1)

WIDEST = parse("""
columns = 3
lanes = 1
[adc]
mode = "dual"
code = "U30.0"
[affine]
scale = "U16.16"
offset = "S16.16"
corrected = "S15.16"
[norm]
gain = "S1.31"
bias = "S14.17"
[residual]
code_bits = 8
scale = "U2.30"
[output]
shift_bits = 4
""")
"""Sum, norm and total have as many bits as may be; up to 62 are cut at the output, as many as may be."""

ONE_BIT = parse("""
columns = 2
lanes = 1
[adc]
mode = "single"
code = "S1.0"
[affine]
scale = "S1.0"
offset = "S1.0"
corrected = "S1.0"
[norm]
gain = "S1.0"
bias = "S1.0"
[residual]
code_bits = 2
scale = "S1.0"
[output]
shift_bits = 1
""")
"""Where stimulus in which 1 is a number of every format was refused."""


def work(config: Config, seed: int, programs: int, vectors: int) -> list[tuple[Program, Traffic]]:
    found = []
    for number in range(programs):
        program = random_program(config, seed, str(number))
        found.append((program, random_traffic(program, vectors, seed, str(number))))
    return found


def test_the_widest_is_as_wide_as_can_be() -> None:
    assert {WIDEST.nodes[name].width for name in ("sum", "norm", "total")} == {MAX_WIDTH}
    assert WIDEST.most_cut_bits == MAX_WIDTH - 1


@examples(50)
@given(configs(), SEEDS)
@example(WIDEST, 0)
@example(ONE_BIT, 0)
def test_the_data_path_computes_the_model_s_codes(config: Config, seed: int) -> None:
    """Twelve columns, and with them twelve sets of parameters, whatever the unit has."""
    plain = replace(config, columns=12, lanes=1, implementation=Implementation())
    check_path(plain, work(plain, seed, programs=4, vectors=2))


@examples(2)
@given(half_configs(), SEEDS)
def test_the_fp16_data_path_computes_the_model_s_codes(config: Config, seed: int) -> None:
    plain = replace(config, columns=12, lanes=1, implementation=Implementation())
    check_path(plain, work(plain, seed, programs=4, vectors=2))


@examples(12)
@given(configs(), SEEDS)
@example(WIDEST, 0)
@example(ONE_BIT, 0)
def test_the_unit_does_what_the_models_say(config: Config, seed: int) -> None:
    """Codes, counters, CRC and every handshake."""
    check_unit(config, work(config, seed, programs=3, vectors=4), seed)


@examples(1)
@given(half_configs(), SEEDS)
def test_the_fp16_unit_does_what_the_models_say(config: Config, seed: int) -> None:
    check_unit(config, work(config, seed, programs=2, vectors=3), seed)


@examples(3)
@given(configs() | half_configs(), SEEDS)
@example(replace(WIDEST, implementation=Implementation(Reset.ASYNC, 1)), 0)  # the replay knew only the port rst
def test_the_verilog_does_what_the_model_says(config: Config, seed: int) -> None:
    """The unit as it is handed over, with its reset and clock gates, in the testbench of a bundle."""
    verilog = emit(Nmpu(config), "nmpu", reset=config.implementation.reset)
    if icarus() is None:
        pytest.skip("Icarus is not installed (Debian: apt install iverilog); the Verilog was written, but not run")
    cases = {"fuzz": [Case(str(number), *pair) for number, pair in enumerate(work(config, seed, 4, 4))]}
    files = model_files(config, answer(cases)) | replay_files(config, cases) | {"nmpu.v": verilog.encode()}
    with TemporaryDirectory(prefix="nmpu-fuzz-") as scratch:
        for name, data in files.items():
            path = Path(scratch) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        command = ["make", "-s", "-C", f"{scratch}/replay", "RTL=../nmpu.v", "STALL=1"]
        environment = {name: value for name, value in os.environ.items() if name != "MAKEFLAGS"}
        done = subprocess.run(command, env=environment, check=False, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr


@examples(30)
@given(configs(), SEEDS)
@example(ONE_BIT, 0)
def test_every_suite_has_vectors_for_every_unit(config: Config, seed: int) -> None:
    for name, make in SUITES.items():
        assert all(len(golden.out) for golden in answer({name: make(config, seed)}))


@pytest.mark.parametrize("what", ["code", "counter"])
def test_a_difference_is_found(what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The checks themselves, against a golden model that is wrong in one bit, or in one of its counters."""

    def wrong(*given: Any) -> Result:
        right = run(*given)
        if what == "code":
            return replace(right, out=right.out ^ 1)
        return replace(right, counters={**right.counters, "output_low": right.counters["output_low"] + 1})

    config = load("tiny")
    pairs = work(config, 3, programs=2, vectors=3)
    check_path(config, pairs)
    check_unit(config, pairs, 3)
    for module in ("path", "rtl"):
        monkeypatch.setattr(f"nmpu_verif.fuzz.{module}.run", wrong)
    with pytest.raises(AssertionError, match="code is" if what == "code" else "output_low"):
        check_path(config, pairs)
    with pytest.raises(AssertionError, match="beats" if what == "code" else "counters"):
        check_unit(config, pairs, 3)
