"""The compiled RTL as the digital part behind a network's tiles."""

import numpy as np
from numpy.typing import NDArray

from nmpu_aimc.chip import Chip, Stage
from nmpu_aimc.digital import Golden
from nmpu_aimc.plan import Codes
from nmpu_spec.config import Config
from nmpu_verif.compiled import compiled
from nmpu_verif.simulate import BenchError


class Rtl:
    """The emitted RTL of `config`, every vector on all its columns, and the golden model beside it.

    `codes` answers the RTL's codes; it raises `BenchError` where one of them is not the golden model's.
    """

    def __init__(self, chip: Chip, config: Config) -> None:
        self._rtl, self._golden = compiled(config), Golden(chip, config)
        self._programs = {name: stage.program(config) for name, stage in chip.stages.items()}
        self._columns = config.columns

    def codes(self, stage: Stage, p: NDArray[np.uint16], n: NDArray[np.uint16], rx: Codes | None) -> Codes:
        wide = None if rx is None else self._widened(rx)
        program = self._programs[stage.name]
        out = self._rtl(program, self._widened(p), self._widened(n), wide).out[:, : stage.channels]
        wrong = np.argwhere(out != self._golden.codes(stage, p, n, rx))
        if len(wrong):
            vector, column = wrong[0]
            raise BenchError(f"{stage.name}, vector {vector}, column {column}: the RTL's code is not the model's")
        return out.astype(np.int8)

    def _widened(self, values: NDArray[np.integer]) -> NDArray[np.integer]:
        """With zeros in the columns that are not used."""
        return np.pad(values, ((0, 0), (0, self._columns - values.shape[1])))
