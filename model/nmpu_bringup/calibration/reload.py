"""The register writes that load a calibration."""

from importlib import metadata
from pathlib import Path

import numpy as np

from nmpu_bringup.calibration.calibrate import Calibration
from nmpu_model.program import Program
from nmpu_model.script import Write, as_text, load_parameters, load_program, read_program
from nmpu_spec.config import Config
from nmpu_spec.errors import InputError
from nmpu_spec.parameters import parameter_fields
from nmpu_spec.registers import BANKS

CLOCKS_PER_WRITE = 2
"""APB4 without wait states: set-up and access."""


def read_loaded(config: Config, path: Path) -> Program:
    """The program that the register script `path` loads: that of bank 0 if it writes all of bank 0, else of bank 1.

    Raises `InputError`, with the file's name, for a file that is no script or writes neither bank as a whole.
    """
    try:
        lines = path.read_text("utf-8").splitlines()
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from None
    except UnicodeDecodeError:
        raise InputError(f"{path}: is not text; a register script is wanted") from None
    reasons = []
    for bank in range(BANKS):
        try:
            return read_program(config, lines, bank)
        except InputError as error:
            reasons.append(error)
    raise InputError(f"{path}: {reasons[0]}; give a script of a whole bank, such as a bundle's program.txt")


def calibrated_program(calibration: Calibration) -> Program:
    """The program that was loaded, with the new correction, and with the columns masked off that have none.

    Without a program: the correction alone, every other parameter 0, and the settings at their reset values.
    """
    config, loaded = calibration.measured.config, calibration.loaded
    if loaded is None:
        zeros = {field.name: np.zeros(config.columns, np.int64) for field in parameter_fields(config)}
        loaded = Program(config, zeros)
    mask = loaded.mask.copy()
    mask[list(calibration.problems)] = False
    return Program(config, {**loaded.parameters, **calibration.parameters}, loaded.layer, mask)


def scripts(calibration: Calibration) -> dict[str, list[Write]]:
    """File name to writes, for either bank.

    reload_bank0.txt, reload_bank1.txt  the affine words, one burst; before them the mask words, where a column must be
                                        masked off because it cannot be corrected
    full_bank0.txt, full_bank1.txt      settings, mask and all parameters, where the loaded program is known
    """
    program = calibrated_program(calibration)
    found = {}
    for bank in range(BANKS):
        everything = load_program(program, bank)
        mask = [write for write in everything if ".mask[" in write.register] if calibration.problems else []
        found[f"reload_bank{bank}.txt"] = mask + load_parameters(program, bank, ["affine"])
        if calibration.loaded is not None:
            found[f"full_bank{bank}.txt"] = everything
    return found


def script_text(calibration: Calibration, writes: list[Write]) -> str:
    """The file: a comment that says what it takes, and a line for each write."""
    config = calibration.measured.config
    head = (
        f"# nmpu {metadata.version('nmpu')}, configuration {config.name} {config.hash[:16]}: "
        f"{len(writes)} writes, {CLOCKS_PER_WRITE * len(writes)} clocks on the bus"
    )
    return "".join(f"{line}\n" for line in (head, *as_text(writes)))
