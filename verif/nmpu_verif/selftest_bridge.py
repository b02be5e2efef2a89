"""The C self-test on simulated RTL: its bus functions drive a Verilator model's APB port."""

from pathlib import Path

from nmpu_hw.nmpu import Nmpu
from nmpu_spec.config import Config
from nmpu_verif.builds import verilog_of
from nmpu_verif.verilated import verilated


def bridge(config: Config) -> list[Path]:
    """What the self-test is linked with in place of a port, together with -lstdc++; built once for each unit.

    The environment variables that ``selftest_bridge.cpp`` names make unit or bus misbehave. Raises `InputError` where
    Verilator or a compiler is missing, or the model does not build.
    """
    verilog = verilog_of(config, "nmpu", lambda: Nmpu(config))
    reset = config.implementation
    sizes: dict[str, int | str] = {
        "ADC_BITS": config.columns * len(config.branches) * config.adc.code.width,
        "RX_BITS": config.lanes * config.residual.code_bits + 2,
        "RESET": reset.reset_port,
        "IN_RESET": reset.in_reset,
    }
    return verilated("nmpu", [verilog], Path(__file__).with_suffix(".cpp"), defines=sizes)
