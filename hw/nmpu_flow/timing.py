"""Static timing by OpenSTA: before layout, so without wires and with an ideal clock."""

import re
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from nmpu_flow.errors import FlowError
from nmpu_flow.netlist import Netlist
from nmpu_spec.errors import InputError


@dataclass(frozen=True)
class Timing:
    """Seconds.

    period       the shortest clock: the longest path from register to register, clock-to-output and setup included
    start, end   the registers of that path
    through      the cells on it
    registers    for each register (its bits together), the longest path that ends in it
    """

    period: float
    start: str
    end: str
    through: tuple[str, ...]
    registers: dict[str, float]


def require_sta() -> str:
    """OpenSTA's program; raises `InputError` where it is not installed."""
    found = shutil.which("sta")
    if found is None:
        raise InputError("sta: OpenSTA is not installed; install Debian's package opensta")
    return found


def analyse(netlist: Netlist, clock: str = "clk", ports: bool = False) -> Timing:
    """Time `netlist`. With `ports`, paths from inputs and to outputs count too, as if registers stood there.

    Names are instance paths (``lanes/lane_0/path/norm``). Raises `FlowError` for what OpenSTA refuses, and where there
    is no path at all.
    """
    chosen = "" if ports else "-from [all_registers -clock_pins] -to [all_registers -data_pins]"
    commands = [
        "read_liberty cells.lib",
        "set_cmd_units -time ns",
        "read_verilog netlist.v",
        f"link_design {netlist.top}",
        f"create_clock -name {clock} -period {_PERIOD} [get_ports {clock}]",
        *((f"set_{kind}_delay 0 -clock {clock} [all_{kind}s]" for kind in ("input", "output")) if ports else ()),
        f"report_checks {chosen} -path_delay max -format full -digits 6",
        f"report_checks {chosen} -path_delay max -format end -group_count 1000000 -digits 6",
        "exit",
    ]
    said = run_sta(commands, netlist)
    path = re.search(r"^Startpoint: (\S+).*?^Endpoint: (\S+)(.*?)slack", said, re.M | re.S)
    ends = re.findall(r"^(\S+) .*? (-?[\d.]+) \((?:VIOLATED|MET)\)$", said, re.M)
    if path is None or not ends:
        raise FlowError(f"opensta: {netlist.top} has no path that a clock bounds")
    registers: dict[str, float] = {}
    for pin, slack in ends:
        register = _without_bit(pin.rpartition("/")[0] or pin)
        registers[register] = max(registers.get(register, 0.0), _delay(slack))
    return Timing(
        period=max(registers.values()),
        start=_without_bit(path[1]),
        end=_without_bit(path[2]),
        through=tuple(dict.fromkeys(re.findall(r" (\S+)/\S+ \(", path[3]))),
        registers=registers,
    )


_PERIOD = 10
"""Nanoseconds: of the clock that the slacks refer to. Paths do not depend on it, but OpenSTA's numbers have 32 bits."""


def _delay(slack: str) -> float:
    return round(_PERIOD - float(slack), 6) * 1e-9


def _without_bit(register: str) -> str:
    return re.sub(r"(_\d+|\[\d+\])$", "", register)


def run_sta(commands: Sequence[str], netlist: Netlist, files: Mapping[str, str] | None = None) -> str:
    """What OpenSTA says to `commands` in a folder with ``cells.lib``, ``netlist.v`` and `files` (name to text).

    Raises `FlowError` with its first error, `InputError` where it is not installed.
    """
    with tempfile.TemporaryDirectory(prefix="nmpu_sta_") as name:
        folder = Path(name)
        (folder / "cells.lib").write_text(netlist.library.text, "utf-8")
        (folder / "netlist.v").write_text(netlist.verilog(), "utf-8")
        (folder / "script.tcl").write_text("\n".join(commands) + "\n", "utf-8")
        for file, text in (files or {}).items():
            (folder / file).write_text(text, "utf-8")
        command = [require_sta(), "-no_splash", "-exit", "script.tcl"]
        done = subprocess.run(command, cwd=folder, check=False, capture_output=True, text=True)
    said = done.stdout + done.stderr
    error = next((line for line in said.splitlines() if line.startswith("Error")), None)
    if done.returncode or error:
        raise FlowError(f"opensta: {(error or said.strip() or 'no message').removeprefix('Error: ')}")
    return said
