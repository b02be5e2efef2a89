"""A netlist as Verilog that a simulator needs no cell models for: each cell is the function that Liberty gives it."""

from nmpu_flow.netlist import Netlist
from nmpu_flow.yosys import run_yosys


def functional(netlist: Netlist) -> str:
    """Verilog-2005 of `netlist`: its modules with their ports, registers without initial values, one bit each.

    Raises `FlowError` for a cell that Yosys cannot make out of the library.
    """
    commands = [
        "read_liberty -ignore_miss_func cells.lib",
        "read_verilog netlist.v",
        f"setattr -mod -set keep_hierarchy 1 {' '.join(netlist.bottom_up())}",
        f"hierarchy -check -top {netlist.top}",
        "flatten",
        "opt_clean",
        "write_verilog -noattr functional.v",
    ]
    files = {"cells.lib": netlist.library.text, "netlist.v": netlist.verilog()}
    return run_yosys(commands, files, "functional.v")
