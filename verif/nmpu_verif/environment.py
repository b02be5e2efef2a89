"""What a running bench is told by `nmpu_verif.simulate`, through the environment of the simulator's process."""

import os
from pathlib import Path

from nmpu_spec.config import Config
from nmpu_spec.load import load


def configuration() -> Config:
    """The configuration of the unit under test."""
    return load(os.environ["NMPU_CONFIG"])


def seed() -> int:
    """The seed of everything random."""
    return int(os.environ["NMPU_SEED"])


def folder() -> Path:
    """Where a bench finds and leaves files."""
    return Path(os.environ["NMPU_WORK"])
