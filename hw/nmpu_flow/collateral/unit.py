"""What every file of a hand-over is made from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from nmpu_flow.ports import Port
from nmpu_flow.tools import versions
from nmpu_spec.config import Config
from nmpu_spec.implementation import Reset

TOP = "nmpu"
"""The top module, and the name of the hand-over's files."""
CLOCK = "clk"
SCAN_ENABLE = "scan_enable"
PERIOD_NS = 10
"""The clock period in the hand-over, a placeholder: library and system decide. At 180 nm, before layout, hermes256
synthesised for area just meets it from register to register (9.5 ns, `make ppa`); newer libraries are faster."""


@dataclass(frozen=True)
class Unit:
    """A unit as it is handed over: `rtl` is its Verilog, file name to text, in the order in which tools read it."""

    config: Config
    ports: Sequence[Port]
    rtl: Mapping[str, str]

    @property
    def asynchronous(self) -> bool:
        """The reset acts at once, not with the clock."""
        return self.config.implementation.reset is Reset.ASYNC

    @property
    def reset(self) -> str:
        return self.config.implementation.reset_port

    @property
    def gated(self) -> bool:
        """There are clock gates, and with them a port `SCAN_ENABLE`."""
        return self.config.implementation.clock_gates > 0

    @property
    def title(self) -> str:
        """What is written on top of every file."""
        return f"nmpu {versions()['nmpu']}, configuration {self.config.name}, SHA-256 {self.config.hash}; generated"

    @property
    def version(self) -> str:
        """For package managers, which want numbers: 0.0.0 where nmpu runs from its source tree, not installed."""
        found = versions()["nmpu"]
        return found if found[:1].isdigit() else "0.0.0"

    def comment(self, mark: str, *lines: str) -> str:
        """The title and `lines`, behind a comment's `mark`."""
        return "".join(f"{mark} {line}".rstrip() + "\n" for line in (self.title, *lines))
