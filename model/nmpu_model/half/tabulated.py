"""The FP16 data path in one pass over blocks that stay in the cache: output codes alone, from tables where they pay."""

import numpy as np
from numpy.typing import NDArray

from nmpu_model.half.arithmetic import from_code, halves, multiply_add, to_code
from nmpu_model.program import Program

WIDEST_CODE = 12
"""Bits of an ADC code that is tabulated: at 256 columns the two tables are then 8 MiB."""
_BLOCK = 1 << 14
"""Results worked on at a time: temporaries and parameters of a block are under a megabyte."""

_Codes = NDArray[np.integer]


class TabulatedHalf:
    """`nmpu_model.half.path.half_path` as a function of codes that are known to be in range.

    The golden arithmetic fills two kinds of tables: p and n of every ADC code, per column, and the output code of each
    of the 65,536 halves. Between them stand the operations of `half_path`, each rounded to binary16 once, as there.
    What is left out is the one form of NaN, and the sign of a zero after ReLU: no output code depends on them.
    """

    def __init__(self, program: Program) -> None:
        """`program` has no masked column and ADC codes of at most `WIDEST_CODE` bits."""
        config, layer = program.config, program.layer
        parameters = {name: halves(raws) for name, raws in program.parameters.items()}
        node = config.adc.code
        counts = from_code(np.arange(node.min_raw, node.max_raw + 1), node)
        self._branches = [
            multiply_add(counts, parameters[f"scale_{branch}"][:, None], parameters[f"offset_{branch}"][:, None])
            .astype(np.float32)
            .ravel()
            for branch in config.branches
        ]
        numbers = halves(np.arange(1 << 16))
        last_relu = layer.relu_2 or (layer.relu_1 and not layer.rx_on)
        target = config.code_format(layer.out_bits, layer.out_signed)
        self._code = to_code(np.maximum(numbers, 0) if last_relu else numbers, target).astype(np.int16)
        # A block is one long row, so that numpy's inner loops are long however few the columns are.
        self._rows = max(_BLOCK // config.columns, 1)
        self._base = np.tile(np.arange(config.columns) * counts.size - node.min_raw, self._rows)
        self._gain, self._bias = (np.tile(parameters[name].astype(np.float64), self._rows) for name in ("gain", "bias"))
        self._rx_scale = float(halves(np.array(layer.rx_scale)))
        self._relu_1 = layer.relu_1

    def codes(self, p: _Codes, n: _Codes | None, rx: _Codes | None) -> NDArray[np.int16]:
        """The output codes, shape (vectors, columns)."""
        out = np.empty(p.shape, np.int16)
        with np.errstate(invalid="ignore", over="ignore"):
            for start in range(0, len(p), self._rows):
                rows = slice(start, start + self._rows)
                flat = (None if codes is None else codes[rows].reshape(-1) for codes in (p, n, rx))
                self._block(out[rows].reshape(-1), *flat)  # type: ignore[arg-type]
        return out

    def _block(self, out: NDArray[np.int16], p: _Codes, n: _Codes | None, rx: _Codes | None) -> None:
        y = self._branch(0, p)
        if n is not None:
            # To float32, then to a half: one rounding. Float32 holds the difference of two halves unless one is under
            # 2**-13 of the other; the difference then stays next to the larger one, which is a half, and 2**-12 of it
            # or more away from the middle between two halves.
            y -= self._branch(1, n)
        number = y.astype(np.float16)
        exact = number.astype(np.float64)
        exact *= self._gain[: exact.size]
        exact += self._bias[: exact.size]
        number[:] = exact
        if rx is not None:
            exact[:] = number
            if self._relu_1:
                np.maximum(exact, 0, out=exact)
            exact += np.multiply(rx, self._rx_scale, dtype=np.float64)  # exact, as in `multiply_add`
            number[:] = exact
        # Every half has an entry; "clip" spares numpy the buffer that it keeps for an index out of range.
        np.take(self._code, number.view(np.uint16), out=out, mode="clip")

    def _branch(self, branch: int, codes: _Codes) -> NDArray[np.float32]:
        index = np.add(codes, self._base[: codes.size], dtype=np.intp, casting="unsafe")
        return self._branches[branch].take(index, mode="clip")
