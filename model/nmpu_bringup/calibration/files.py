"""A calibration as files."""

import hashlib
import io
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from nmpu_bringup.calibration.calibrate import Calibration
from nmpu_bringup.calibration.plots import plots
from nmpu_bringup.calibration.reload import calibrated_program, script_text, scripts
from nmpu_bringup.calibration.report import report
from nmpu_spec.errors import InputError

KINDS = {
    "calibration.json": "what was fitted, residuals, and the reasons of columns that cannot be corrected",
    "parameters.npz": "raws of the affine parameters by name, and the mask, each (columns,)",
    "reload_bank0.txt": "register script: the affine words into bank 0",
    "reload_bank1.txt": "... into bank 1",
    "full_bank0.txt": "register script: all of bank 0; only with a loaded program",
    "full_bank1.txt": "... of bank 1",
    "residuals.png": "residual of each column before and after",
    "histogram.png": "residuals of all points before and after",
    "worst.png": "codes and residuals of the counter with the largest residual",
}
"""The files, and what is in them."""


def write_calibration(calibration: Calibration, folder: Path, sources: Iterable[Path]) -> dict[str, Any]:
    """Write the files of `KINDS` to `folder`, in place of those of an earlier calibration; returns the JSON's content.

    `sources` are the files that were read, named in the JSON with their SHA-256. Other files in the folder stay.
    Raises `InputError` for a folder that cannot be written.
    """
    read = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sources}
    content = {"generator": "nmpu calibrate", "sources": read, **report(calibration)}
    program = calibrated_program(calibration)
    parameters = {name: program.parameters[name] for name in calibration.parameters}
    files = {
        "calibration.json": f"{json.dumps(content, indent=1, allow_nan=False)}\n".encode(),
        "parameters.npz": _npz({**parameters, "mask": program.mask}),
    }
    files |= {name: script_text(calibration, writes).encode() for name, writes in scripts(calibration).items()}
    for name, figure in plots(calibration):
        picture = io.BytesIO()
        figure.savefig(picture, dpi=100)
        files[name] = picture.getvalue()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name in KINDS:
            (folder / name).unlink(missing_ok=True)
        for name, data in files.items():
            (folder / name).write_bytes(data)
    except OSError as error:
        raise InputError(f"{folder}: cannot be written ({error.strerror}); choose another --out") from None
    return content


def _npz(arrays: dict[str, Any]) -> bytes:
    packed = io.BytesIO()
    np.savez(packed, **arrays)
    return packed.getvalue()
