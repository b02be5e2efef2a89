"""A hand-over, complete."""

from pathlib import Path

from nmpu_flow.package import write_package
from nmpu_hw.nmpu import Nmpu
from nmpu_spec.config import Config


def hand_over(config: Config, folder: Path) -> Path:
    """Write everything that is handed over for `config` to `folder`."""
    write_package(Nmpu(config), config, folder)
    return folder
