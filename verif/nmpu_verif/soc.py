"""The SoC example, simulated: its host program beside Verilator's model of it, and what it measured."""

import re
import subprocess
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from nmpu_flow.collateral.registers import c_header
from nmpu_flow.verilog_header import VERILOG_HEADER, verilog_header
from nmpu_hw.nmpu import Nmpu
from nmpu_soc import BUS, FOLDER, HOST, VERILOG
from nmpu_spec.config import Config
from nmpu_verif.builds import BUILD, verilog_of
from nmpu_verif.simulate import BenchError
from nmpu_verif.soc_cycles import soc_timing
from nmpu_verif.soc_data import VECTORS, SocData, SocRun, adc_hex, host_source, soc_data
from nmpu_verif.verilated import said, verilated

_WARNINGS = ["-Wall", "-Wextra", "-Werror", "-pedantic"]
_TIME_LIMIT = 600
_COUNTED = ("busy", "vectors", "samples", "affine_high", "affine_low", "output_high", "output_low")
"""The counters that do not depend on when the host looks."""


@dataclass(frozen=True)
class SocMeasured:
    """A run, as the unit and the ADCs counted it.

    clocks_per_vector   from the first vector's being taken to the last one's
    of_layer_0          vectors that layer 0 made, before the swap
    """

    run: SocRun
    clocks_per_vector: float
    of_layer_0: int
    counters: dict[str, int]


@dataclass(frozen=True)
class SocReport:
    """What a simulation of the SoC answered; every code is the golden model's, and so is every counter in `_COUNTED`.

    load_writes   bus accesses that load a bank
    """

    configuration: str
    config_hash: str
    groups: int
    vectors: int
    load_writes: int
    codes_compared: int
    runs: list[SocMeasured]


def run_soc(
    config: Config,
    *,
    seed: int = 1,
    mvm_clocks: int = 130,
    pause: int = 2,
    progress: Callable[[str], None] = lambda _: None,
) -> SocReport:
    """Build the SoC of `config` and run its host program, all in ``build/soc/<name>``.

    Raises `BenchError` with the host's own words where a code, a counter or an answer of the bus differs from what is
    expected, `InputError` where a tool is missing.
    """
    folder = (BUILD / "soc" / config.name).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    data = soc_data(config, seed, mvm_clocks, pause)
    (folder / "adc.hex").write_text(adc_hex(data), "utf-8")
    (folder / "host_data.c").write_text(host_source(data), "utf-8")
    progress("building the SoC")
    program = build_host(config, folder, model(config, VERILOG))
    progress("running the host program")
    return judge(config, data, run_host(config, program))


def model(config: Config, modules: list[Path]) -> list[Path]:
    """The objects of a SoC of `config` whose own Verilog is `modules`."""
    unit = verilog_of(config, "nmpu", lambda: Nmpu(config))
    return verilated("soc", [unit, *modules], BUS, headers={VERILOG_HEADER: verilog_header(config)})


def build_host(config: Config, folder: Path, objects: list[Path]) -> Path:
    """The host program with ``host_data.c`` of `folder`, linked with the SoC's model."""
    (folder / "nmpu_registers.h").write_text(c_header(config), "utf-8")
    program, compiled = folder / "host", []
    for source in (HOST, folder / "host_data.c"):
        compiled.append(str(folder / source.with_suffix(".o").name))
        options = ["-std=c11", "-O2", *_WARNINGS, f"-I{folder}", f"-I{FOLDER}"]
        said(["cc", *options, "-c", str(source), "-o", compiled[-1]])
    said(["c++", *compiled, *map(str, objects), "-lpthread", "-lm", "-o", str(program)])
    return program


def run_host(config: Config, program: Path) -> str:
    """What the host program prints; raises `BenchError` with its last line where it fails."""
    try:
        done = subprocess.run(
            [program], cwd=program.parent, check=False, capture_output=True, text=True, timeout=_TIME_LIMIT
        )
    except subprocess.TimeoutExpired:
        raise BenchError(f"{config.name}: the host program does not end") from None
    if done.returncode:
        last = (done.stdout + done.stderr).strip().splitlines()[-1:] or ["no message"]
        raise BenchError(f"{config.name}: {last[0].removeprefix('FAIL: ')}")
    return done.stdout


def judge(config: Config, data: SocData, output: str) -> SocReport:
    """The report that `output` makes; raises `BenchError` for a counter that the models do not have."""
    [load_writes] = re.findall(r"^bank 0 loaded: writes=(\d+)$", output, re.M)
    runs = []
    for run in data.runs:
        [line] = re.findall(rf"^run {run.name}: (.+)$", output, re.M)
        counters = {name: int(value) for name, _, value in (word.partition("=") for word in line.split())}
        of_layer_0, elapsed = counters.pop("of_layer_0"), counters.pop("elapsed")
        _compare_counters(config, data, run, of_layer_0, counters)
        if not run.swap:
            timing = soc_timing(config, VECTORS, run.mvm_clocks, run.pause)
            _require(run, "elapsed", elapsed, timing.elapsed)
            _require(run, "stall_out", counters["stall_out"], timing.stall_out)
        runs.append(SocMeasured(run, elapsed / (VECTORS - 1), of_layer_0, counters))
    codes = len(runs) * VECTORS * config.columns
    return SocReport(config.name, config.hash, config.groups, VECTORS, int(load_writes), codes, runs)


def _compare_counters(config: Config, data: SocData, run: SocRun, of_layer_0: int, counters: dict[str, int]) -> None:
    if run.swap and not 0 < of_layer_0 < VECTORS:
        raise BenchError(f"{config.name}: run {run.name}: the banks were not swapped while vectors flowed")
    parts = [data.result(0, slice(None, of_layer_0)), data.result(1, slice(of_layer_0, None))]
    for name in _COUNTED:
        _require(run, name, counters[name], sum(part.counters[name] for part in parts))
    codes = np.concatenate([part.out for part in parts])
    _require(run, "out_crc", counters["out_crc"], zlib.crc32((codes & 0xFF).astype(np.uint8).tobytes()))
    shares = sum(counters[name] for name in ("busy", "wait_adc", "wait_rx", "stall_out"))
    _require(run, "cycles", counters["cycles"], shares)


def _require(run: SocRun, name: str, got: int, expected: int) -> None:
    if got != expected:
        raise BenchError(f"run {run.name}: {name} is {got}, the model says {expected}")
