"""The digital parts that can stand behind the tiles: float32, and the golden models of both units."""

from dataclasses import dataclass

import numpy as np

from nmpu_aimc.chip import Chip, Stage
from nmpu_aimc.plan import Codes
from nmpu_aimc.real import Numbers, real_output
from nmpu_aimc.runner import Counters
from nmpu_model.tabulated import Tabulated
from nmpu_model.types import Integers
from nmpu_spec.config import Config


class Float32:
    """The affine correction, BatchNorm, ReLU and RX addition in float32, without any rounding but the code's own."""

    name = "float32"

    def codes(self, stage: Stage, p: Counters, n: Counters, rx: Codes | None) -> Codes:
        return np.clip(np.rint(real_output(stage, Numbers.of(stage, np.float32), p, n, rx)), -128, 127).astype(np.int8)


class Golden:
    """The golden model of a unit; every part is programmed before the first vector.

    Raises `InputError`, naming the tile, where a number does not fit its format.
    """

    def __init__(self, chip: Chip, config: Config) -> None:
        self.name = config.name
        self._units = {name: Tabulated(stage.program(config)) for name, stage in chip.stages.items()}

    def codes(self, stage: Stage, p: Counters, n: Counters, rx: Codes | None) -> Codes:
        return self._units[stage.name].codes(p, n, rx).astype(np.int8, copy=False)


@dataclass(frozen=True)
class Agreement:
    """Codes of two units for the same counters and RX, in the columns that are used; the difference in LSB."""

    codes: int = 0
    identical: int = 0
    largest_difference: int = 0

    def with_codes(self, ours: Integers, other: Integers) -> "Agreement":
        """These and the ones of two more arrays."""
        difference = np.abs(ours.astype(np.int16) - other)
        return Agreement(
            self.codes + difference.size,
            self.identical + int(np.count_nonzero(difference == 0)),
            max(self.largest_difference, int(difference.max(initial=0))),
        )


class Compared:
    """A digital part, with another one beside it that sees the same counters and RX; `agreement` so far."""

    def __init__(self, ours: Golden, other: Golden) -> None:
        self._ours, self._other = ours, other
        self.agreement = Agreement()

    def codes(self, stage: Stage, p: Counters, n: Counters, rx: Codes | None) -> Codes:
        ours, other = (one.codes(stage, p, n, rx) for one in (self._ours, self._other))
        self.agreement = self.agreement.with_codes(ours, other)
        return ours
