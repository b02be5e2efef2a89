"""The SDC: clock, reset, and the timing of every port."""

from collections.abc import Iterable

from nmpu_flow.collateral.unit import CLOCK, PERIOD_NS, SCAN_ENABLE, TOP, Unit
from nmpu_flow.ports import Port

INPUT_SHARE, OUTPUT_SHARE = 0.3, 0.3
"""Of the period, outside the unit: leaves 40 % to the paths that cross the unit without a register."""

_RESET = {
    False: "Synchronous reset: timed as an input.",
    True: "Asynchronous reset: its release is timed (recovery, removal), so it comes from a register of this clock.\n"
    "# No false path: a release near the clock's edge would let some registers start a clock before others.",
}


def sdc(unit: Unit) -> str:
    """``nmpu.sdc``: one clock and a delay for every other port; `set` and `expr` are the only Tcl in it."""
    inputs = [port for port in unit.ports if port.direction == "input" and port.name != CLOCK]
    outputs = [port for port in unit.ports if port.direction == "output"]
    reset = [port for port in inputs if port.name == unit.reset]
    scan = [port for port in inputs if port.name == SCAN_ENABLE]
    data = [port for port in inputs if port not in reset and port not in scan]
    text = f"""{
        unit.comment(
            "#",
            "",
            "Times are in the unit of the tool: ns where nothing is said, ps for a library in ps (asap7: 10000).",
            "Loads are in the unit of the library.",
        )
    }
current_design {TOP}

# A placeholder, 100 MHz: set your clock here, everything below follows from it.
set clk_period {PERIOD_NS:.1f}

# What stands around the unit. A share of 0.3 on either side leaves 40 % of the period to the paths that cross the unit
# without a register: out_ready to adc_ready and rx_ready, rx_valid to adc_ready, APB and adc_valid to PRDATA and
# PSLVERR.
set input_share {INPUT_SHARE}
set output_share {OUTPUT_SHARE}
# The least that a signal takes from a register outside, or to one: for hold.
set hold_share 0.05
# Jitter and, until the clock tree is there, skew.
set setup_uncertainty [expr 0.05 * $clk_period]
set hold_uncertainty [expr 0.01 * $clk_period]
set input_transition [expr 0.02 * $clk_period]
set output_load 0.02

create_clock -name {CLOCK} -period $clk_period [get_ports {CLOCK}]
set_clock_uncertainty -setup $setup_uncertainty [get_clocks {CLOCK}]
set_clock_uncertainty -hold $hold_uncertainty [get_clocks {CLOCK}]

# With a library at hand, better: set_driving_cell -lib_cell CELL PORTS
set_input_transition $input_transition [all_inputs]
set_load $output_load [all_outputs]

{_delays("input", data)}
{_delays("output", outputs)}
# {_RESET[unit.asynchronous]}
{_delays("input", reset)}"""
    if scan:
        text += f"""
# Timed as a port, but 0 in the mission mode, which this file describes: the clock gates open by their enables.
# For the timing of the scan chains take the other value, in a mode of its own.
{_delays("input", scan)}set_case_analysis 0 [get_ports {SCAN_ENABLE}]
"""
    return text


def _delays(direction: str, ports: Iterable[Port]) -> str:
    names = " ".join(f"{port.name}[*]" if port.width > 1 else port.name for port in ports)
    low = "$hold_share" if direction == "input" else "-$hold_share"
    return "".join(
        f"set_{direction}_delay -{end} [expr {share} * $clk_period] -clock {CLOCK} [get_ports {{{names}}}]\n"
        for end, share in (("max", f"${direction}_share"), ("min", low))
    )
