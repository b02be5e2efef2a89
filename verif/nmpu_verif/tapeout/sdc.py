"""The constraints, read by OpenSTA on a netlist of the unit."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

from nmpu_flow.errors import FlowError
from nmpu_flow.netlist import Netlist
from nmpu_flow.timing import require_sta, run_sta
from nmpu_spec.config import Config
from nmpu_verif.tapeout.check import Check, text_of
from nmpu_verif.tapeout.rows import Row

_SCRIPT = """
read_liberty cells.lib
read_verilog netlist.v
link_design nmpu
puts {sdc:}
read_sdc nmpu.sdc
puts {setup:}
check_setup -verbose
puts {groups:}
set kinds [list inputs [all_inputs] outputs [all_outputs]]
foreach {from starts} [list register [all_registers -clock_pins] port [all_inputs]] {
  foreach {to ends} [list register [all_registers -data_pins] port [all_outputs]] {
    puts "path $from $to"
    report_checks -from $starts -to $ends -path_delay max -format end -digits 4
  }
}
puts {constants:}
foreach port [all_outputs] {
  set starts [get_fanin -flat -startpoints_only -to $port]
  if {[llength $starts] == 1 && [get_full_name [lindex $starts 0]] == [get_full_name $port]} {
    puts "constant [get_full_name $port]"
  }
}
"""
"""An output that is tied to a constant is where no path ends, and is its own start."""


def check_sdc(folder: Path, netlist: Netlist, config: Config) -> Row:
    """The row of ``nmpu.sdc`` in `folder`: OpenSTA takes it without a word on `netlist`, the unit in cells, and leaves
    no path unconstrained.
    """
    return Check("nmpu.sdc", _version, "OpenSTA: check_setup, paths", lambda at, _: _constrained(at, netlist)).row(
        folder, config
    )


def _version() -> str:
    program = require_sta()
    said = subprocess.run([program, "-version"], check=False, capture_output=True, text=True)
    return f"OpenSTA {said.stdout.strip()}"


def _constrained(folder: Path, netlist: Netlist) -> str:
    said = run_sta(_SCRIPT.splitlines(), netlist, {"nmpu.sdc": text_of(folder, "nmpu.sdc")})
    parts = re.split(r"^(\w+):$", said, flags=re.M)
    section = dict(zip(parts[1::2], parts[2::2], strict=True))
    if words := section["sdc"].strip():
        raise FlowError(f"nmpu.sdc: {words.splitlines()[0]}")
    constants = set(re.findall(r"^constant (\S+)$", section["constants"], re.M))
    tied = set(_tied(netlist, netlist.top))
    found = section["setup"].split("\n")
    about, unconstrained = "", []
    for line in filter(None, found):
        if line.startswith("Warning"):
            about = line.removeprefix("Warning: ")
        elif "unconstrained endpoint" not in about or line.strip() not in constants | tied:
            unconstrained.append(f"{about} {line.strip()}")
    if unconstrained:
        raise FlowError(f"nmpu.sdc: {unconstrained[0]}")
    slacks = []
    for kind, report in re.findall(r"^path (\w+ \w+)$(.*?)(?=^path |\Z)", section["groups"], re.M | re.S):
        worst = re.findall(r"(-?[\d.]+) \((?:VIOLATED|MET)\)", report)
        if not worst:
            raise FlowError(f"nmpu.sdc: no path from {kind.replace(' ', ' to ')} is constrained")
        slacks.append(f"{kind.replace(' ', ' to ')} {min(map(float, worst)):.2f}")
    constant = [*sorted(constants), *([f"{len(tied):,} register inputs"] if tied else [])]
    about = f"; constant: {', '.join(constant)}" if constant else ""
    return f"nothing unconstrained{about}; least slack, ns: {', '.join(slacks)}"


def _tied(netlist: Netlist, module: str, place: str = "") -> Iterator[str]:
    """Pins of registers that are tied to a constant, as those of stand-ins are: where no path ends either."""
    for instance in netlist.modules[module].instances:
        path = f"{place}{instance.name}/"
        if instance.of in netlist.modules:
            yield from _tied(netlist, instance.of, path)
        elif netlist.library.cells[instance.of].sequential:
            yield from (f"{path}{pin}" for pin, bits in instance.pins.items() if bits[0] in ("0", "1"))
