"""The unit's pins, as a tester sees them."""

from dataclasses import dataclass

from nmpu_spec.config import CODE_BITS, Config
from nmpu_spec.parameters import WORD_BITS
from nmpu_spec.registers import register_map

CLOCK = "clk"


@dataclass(frozen=True)
class Pin:
    """A port of the unit: a single pin, or a bus whose pins are called ``name[0]`` and up."""

    name: str
    width: int
    driven: bool
    """By the tester; otherwise the unit drives it."""

    @property
    def signals(self) -> list[str]:
        """The names of its pins, highest bit first."""
        return [self.name] if self.width == 1 else [f"{self.name}[{bit}]" for bit in reversed(range(self.width))]


def pins(config: Config) -> list[Pin]:
    """Every port, inputs first; `CLOCK` leads."""
    implementation = config.implementation
    driven = {
        CLOCK: 1,
        implementation.reset_port: 1,
        "adc_payload": config.columns * len(config.branches) * config.adc.code.width,
        "adc_valid": 1,
        "rx_payload": config.lanes * config.residual.code_bits + 2,
        "rx_valid": 1,
        "out_ready": 1,
        "apb_psel": 1,
        "apb_penable": 1,
        "apb_pwrite": 1,
        "apb_paddr": register_map(config).address_bits,
        "apb_pwdata": WORD_BITS,
        "apb_pstrb": WORD_BITS // 8,
        "apb_pprot": 3,
        **({"scan_enable": 1} if implementation.clock_gates else {}),
    }
    seen = {
        "adc_ready": 1,
        "rx_ready": 1,
        "out_payload": config.lanes * max(CODE_BITS) + 2,
        "out_valid": 1,
        "apb_pready": 1,
        "apb_prdata": WORD_BITS,
        "apb_pslverr": 1,
        "active_bank": 1,
        "busy": 1,
    }
    return [Pin(name, width, True) for name, width in driven.items()] + [
        Pin(name, width, False) for name, width in seen.items()
    ]
