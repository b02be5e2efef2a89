"""The clock gate as Verilog."""

import re

_GATE = """
module {name}(clk, enable, scan_enable, clock);
  // The enable is held while the clock is high, so that the gated clock has whole pulses only.
  // Put the library's clock-gating cell here; the only latch of the design is this one.
  input clk;
  input enable;
  input scan_enable;
  output clock;
  reg held;
  always @*
    if (!clk) held = enable | scan_enable;
  assign clock = clk & held;
endmodule
"""


def with_clock_gates(verilog: str, top: str) -> str:
    """`verilog` of the module `top` with a whole gate in the place of each `nmpu_hw.clock_gate.ClockGate`."""
    name = f"{top}_clock_gate"
    return re.sub(rf"^module {name}\(.*?^endmodule\n", _GATE.format(name=name).lstrip(), verilog, flags=re.M | re.S)
