"""A minimal system on chip around the unit, as a starting point: hand-written Verilog-2005 and C, used as they are."""

from pathlib import Path

FOLDER = Path(__file__).parent
VERILOG = [FOLDER / name for name in ("soc.v", "apb_interconnect.v", "adc_array.v", "output_buffer.v")]
"""The modules, the top first; ``soc`` also needs the unit and its ``nmpu_parameters.vh``."""
HOST = FOLDER / "host.c"
"""The host program, in C11: the register header has a static_assert."""
BUS = FOLDER / "bus_verilator.cpp"
"""Its bus, where the host is a program beside Verilator's model of ``soc``."""
