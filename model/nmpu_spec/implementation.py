"""What may differ from chip to chip without changing what the unit computes, or in which clock."""

from dataclasses import dataclass
from enum import StrEnum

from nmpu_spec.errors import InputError


class Reset(StrEnum):
    """How the registers that need a reset get it."""

    SYNC = "sync"
    """Port ``rst``: active high, taken with the clock."""
    ASYNC = "async"
    """Port ``rst_n``: active low, taken at once; its release must be synchronous to the clock."""


@dataclass(frozen=True)
class Implementation:
    """Table ``[implementation]`` of a configuration; no part of its hash, because vectors and software are the same.

    clock_gates   0: none; n: each of n clock gates serves lanes/n neighbouring lanes, and the unit has a port
                  ``scan_enable``, which opens them all
    """

    reset: Reset = Reset.SYNC
    clock_gates: int = 0

    @property
    def reset_port(self) -> str:
        return "rst" if self.reset is Reset.SYNC else "rst_n"

    @property
    def in_reset(self) -> int:
        """The level of `reset_port` that resets."""
        return int(self.reset is Reset.SYNC)

    def check(self, lanes: int) -> None:
        """Raises `InputError` where `lanes` cannot be shared out among the clock gates."""
        if self.clock_gates and (self.clock_gates < 0 or lanes % self.clock_gates):
            raise InputError(
                f"implementation.clock_gates = {self.clock_gates}: must be 0, or at least 1 and divide lanes = {lanes}"
            )

    def as_dict(self) -> dict[str, object]:
        return {"reset": str(self.reset), "clock_gates": self.clock_gates}
