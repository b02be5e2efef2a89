"""A calibration as plain data."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from nmpu_bringup.calibration.calibrate import Calibration
from nmpu_bringup.calibration.reload import CLOCKS_PER_WRITE, scripts
from nmpu_bringup.calibration.residuals import Residual, overall


def report(calibration: Calibration) -> dict[str, Any]:
    """Everything that `calibrate` found, for JSON; a number that does not exist is None.

    Residuals are in counts: ``rms`` and ``max`` of ``before``, ``fitted`` (real numbers) and ``after`` (what the
    registers hold), in ``residual`` over the corrected columns, and in ``columns`` per column and counter; ``rounding``
    is the bound on what the formats add (`Calibration.rounding`).
    """
    config, corrected = calibration.measured.config, calibration.corrected
    return {
        "configuration": config.name,
        "config_hash": config.hash,
        "formats": {"scale": str(config.affine.scale), "offset": str(config.affine.offset)},
        "counters": list(config.branches),
        "vectors": calibration.used.shape[1],
        "lsb": {"value": _number(calibration.lsb), "fitted": calibration.measured.lsb is None},
        "before": "scale 1, offset 0" if calibration.loaded is None else "the loaded program",
        "columns_corrected": int(corrected.sum()),
        "columns_not_judged": int((~calibration.judged).sum()),
        "columns_not_corrected": [
            {"column": column, "reason": reason} for column, reason in sorted(calibration.problems.items())
        ],
        "codes_left_out": int((~calibration.used & calibration.judged).sum()),
        "residual": {name: _overall(calibration, found) for name, found in residuals(calibration).items()},
        "scripts": {
            name: {"writes": len(writes), "clocks": CLOCKS_PER_WRITE * len(writes)}
            for name, writes in scripts(calibration).items()
        },
        "columns": [_column(calibration, column) for column in range(config.columns)],
    }


def residuals(calibration: Calibration) -> dict[str, Residual]:
    return {"before": calibration.before, "fitted": calibration.fitted, "after": calibration.after}


def _overall(calibration: Calibration, found: Residual) -> dict[str, float | None]:
    rms, largest = overall(found, calibration.corrected)
    return {"rms": _number(rms), "max": _number(largest)}


def _column(calibration: Calibration, column: int) -> dict[str, Any]:
    state = "not judged" if not calibration.judged[column] else "not corrected"
    if calibration.corrected[column]:
        state = "corrected"
    branches = enumerate(calibration.measured.config.branches)
    return {"column": column, "state": state} | {name: _branch(calibration, index, column) for index, name in branches}


def _branch(calibration: Calibration, branch: int, column: int) -> dict[str, Any]:
    place = branch, column
    codes, node = calibration.measured.codes[branch, :, column], calibration.measured.config.adc.code
    return {
        "points": int(calibration.used[branch, :, column].sum()),
        "codes_at_low_end": int((codes == node.min_raw).sum()),
        "codes_at_high_end": int((codes == node.max_raw).sum()),
        "correlation": _at(calibration.correlation, place),
        "scale": _at(calibration.scale, place),
        "offset": _at(calibration.offset, place),
        "scale_raw": int(calibration.scale_raw[place]),
        "offset_raw": int(calibration.offset_raw[place]),
        **{
            name: {"rms": _at(found.rms, place), "max": _at(found.largest, place)}
            for name, found in residuals(calibration).items()
        },
        "rounding": _at(calibration.rounding, place),
    }


def _at(values: NDArray[np.float64], place: tuple[int, int]) -> float | None:
    return _number(float(values[place]))


def _number(value: float) -> float | None:
    return None if np.isnan(value) else value
