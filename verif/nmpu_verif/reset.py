"""The reset port, as the configuration shapes it."""

from typing import Any

from nmpu_spec.config import Config


def set_reset(dut: Any, config: Config, on: bool) -> None:
    """Drive the reset port; the gates are under the unit's own control."""
    implementation = config.implementation
    getattr(dut, implementation.reset_port).value = implementation.in_reset if on else 1 - implementation.in_reset
    if implementation.clock_gates:
        dut.scan_enable.value = 0
