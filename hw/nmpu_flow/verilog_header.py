"""What hand-written Verilog around a unit has to know of it."""

from nmpu_spec.config import Config
from nmpu_spec.implementation import Reset
from nmpu_spec.registers import register_map

VERILOG_HEADER = "nmpu_parameters.vh"
"""The name of the file."""


def verilog_header(config: Config) -> str:
    """Macros for whoever instantiates ``nmpu``: its geometry, the widths of its ports, and which ports it has.

    Macros, because port lists need them before any module's own parameters, and because ports come and go with them.
    """
    sizes = {
        "COLUMNS": config.columns,
        "LANES": config.lanes,
        "ADC_BITS": config.columns * len(config.branches) * config.adc.code.width,
        "RX_BITS": config.lanes * config.residual.code_bits + 2,
        "OUT_BITS": config.lanes * config.widest_code + 2,
        "ADDRESS_BITS": register_map(config).address_bits,
    }
    lines = [f"// configuration {config.name}, SHA-256 {config.hash}"]
    lines += ["// adc_payload, rx_payload, out_payload and apb_paddr have NMPU_ADC_BITS ... NMPU_ADDRESS_BITS bits."]
    lines += [f"`define NMPU_{name} {size}" for name, size in sizes.items()]
    if config.implementation.reset is Reset.ASYNC:
        lines += ["`define NMPU_RESET_ASYNC  // rst_n, active low, in place of rst"]
    if config.implementation.clock_gates:
        lines += ["`define NMPU_SCAN_ENABLE  // there is a port scan_enable"]
    return "\n".join([*lines, ""])
