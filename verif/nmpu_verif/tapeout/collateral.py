"""Every file beside the Verilog, read by the tool that it is meant for."""

from collections.abc import Callable
from pathlib import Path

from nmpu_spec.config import Config
from nmpu_verif.tapeout import layout_files, package_files, pages, register_files
from nmpu_verif.tapeout.rows import Row

CHECKS = (*package_files.CHECKS, *layout_files.CHECKS, *register_files.CHECKS, *pages.CHECKS)
"""All but that of the SDC, which needs a netlist: `nmpu_verif.tapeout.sdc.check_sdc`."""


def check_collateral(folder: Path, config: Config, progress: Callable[[str, int, int], None]) -> list[Row]:
    """What each of `CHECKS` finds in `folder`, the hand-over of `config`; changes nothing there.

    `progress` is called with what is looked at, the checks done, and their number.
    """
    rows = []
    for done, check in enumerate(CHECKS):
        progress(check.step, done, len(CHECKS))
        rows.append(check.row(folder, config))
    return rows
