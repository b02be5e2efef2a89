"""The golden model for many vectors of a layer that uses few columns: output codes alone, in one thread."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from nmpu_model.half.tabulated import WIDEST_CODE, TabulatedHalf
from nmpu_model.inputs import check_ranges, check_shapes
from nmpu_model.program import Program
from nmpu_model.unit import run
from nmpu_spec.errors import InputError
from nmpu_spec.half import HalfConfig

_BLOCK = 1 << 18
"""Results handed to `nmpu_model.unit.run` at a time: it gives no second thread work for so few."""


class Tabulated:
    """A program whose mask enables the first k columns, and no others, as a function of those columns' codes.

    Its codes are those of `nmpu_model.unit.run` in the columns 0 to k - 1. The other columns do not appear: neither in
    the arrays that are given, nor in what is returned (`run` answers 0 there), nor do their parameters matter.

    Fixed point, and FP16 with ADC codes wider than `WIDEST_CODE` bits, is `run` itself on a unit of k columns: integer
    operations take less time than looking a table up. FP16 is `nmpu_model.half.tabulated`.
    """

    def __init__(self, program: Program) -> None:
        """Raises `InputError` where the mask is another one, or enables no column."""
        config, used = program.config, int(program.mask.sum())
        if used == 0 or not program.mask[:used].all():
            raise InputError(
                f"mask: enables {used} of {config.columns} columns, must enable the first ones and no others; "
                "reorder the columns, or use nmpu_model.unit.run"
            )
        self._program = Program(
            replace(config, columns=used, lanes=used),
            {name: raws[:used] for name, raws in program.parameters.items()},
            program.layer,
        )
        tabulated = isinstance(config, HalfConfig) and config.adc.code.width <= WIDEST_CODE
        self._half = TabulatedHalf(self._program) if tabulated else None

    def codes(
        self, p: NDArray[np.integer], n: NDArray[np.integer] | None = None, rx: NDArray[np.integer] | None = None
    ) -> NDArray[np.int16]:
        """Output codes, shape (vectors, k); p, n and rx as `run` takes them, but of shape (vectors, k).

        Raises `InputError` as `run` does.
        """
        check_shapes(self._program, p, n, rx)
        if self._half is not None:
            check_ranges(self._program, p, n, rx)
            return self._half.codes(p, n, rx)
        out = np.empty(p.shape, np.int16)
        rows = max(_BLOCK // p.shape[1], 1)
        for start in range(0, len(p), rows):
            block = slice(start, start + rows)
            inputs = (None if codes is None else codes[block] for codes in (p, n, rx))
            out[block] = run(self._program, *inputs).out  # type: ignore[arg-type]
        return out
