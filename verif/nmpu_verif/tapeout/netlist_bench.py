"""The unit's benches on a netlist of cells."""

import hashlib
import re

from nmpu_flow.gate_verilog import functional
from nmpu_flow.netlist import Netlist
from nmpu_flow.synthesis import only
from nmpu_verif.builds import BUILD, Build, Simulator, build
from nmpu_verif.netlists import Rtl
from nmpu_verif.tapeout.check import Check
from nmpu_verif.tapeout.rtl_bench import START, bench_check, run_benches

FOUR_STATE_CELLS = 20_000
"""Up to so many cells Icarus, event by event, is quicker than the compilation for Verilator."""
WHOLE_CELLS = 600_000
"""In more cells not every lane is made of cells: the run would take hours."""


def netlist_bench(netlist: Netlist, rtl: Rtl, argument: str) -> Check:
    """The benches on `netlist`, made of `rtl`; `argument` is what `nmpu_spec.load.load` takes."""
    simulator = simulator_of(netlist)
    return bench_check(
        "netlist",
        simulator,
        f"{_extent(netlist)}; {START[simulator]}",
        lambda *_: run_benches(argument, lambda: netlist_build(netlist, rtl)),
    )


def simulator_of(netlist: Netlist) -> Simulator:
    """The one that is quicker with it."""
    return Simulator.ICARUS if _cells(netlist) <= FOUR_STATE_CELLS else Simulator.VERILATOR


def netlist_build(netlist: Netlist, rtl: Rtl) -> Build:
    """The simulator of `netlist`, made of `rtl`."""
    text = functional(netlist)
    if _cells(netlist) > WHOLE_CELLS:
        text = with_rtl_lanes(text, rtl)
    verilog = BUILD / "verilog" / hashlib.sha256(text.encode()).hexdigest()[:16] / f"{netlist.top}.v"
    verilog.parent.mkdir(parents=True, exist_ok=True)
    verilog.write_text(text, "utf-8")
    simulator = simulator_of(netlist)
    return build(verilog, netlist.top, simulator, block=rtl.lane if simulator is Simulator.VERILATOR else "")


def with_rtl_lanes(netlist: str, rtl: Rtl) -> str:
    """The Verilog `netlist` with the RTL in the place of every lane but the first and the last, which stay cells."""
    instance = re.compile(rf"^  {rtl.lane} (\w+) \(", re.M)
    inner = [match.start() for match in instance.finditer(netlist)][1:-1]
    lanes = only(rtl.verilog, rtl.lane)
    for module in re.findall(r"^module (\w+)", lanes, re.M):
        lanes = re.sub(rf"\b{module}\b", f"{module}_rtl", lanes)
    return (
        instance.sub(
            lambda match: f"  {rtl.lane}{'_rtl' if match.start() in inner else ''} {match[1]} (",
            netlist,
        )
        + lanes
    )


def _extent(netlist: Netlist) -> str:
    whole = _cells(netlist) <= WHOLE_CELLS
    return (
        "all in cells" if whole else "the first and the last lane and all around the lanes in cells, other lanes in RTL"
    )


def _cells(netlist: Netlist) -> int:
    return sum(netlist.cells().values())
