"""All cover groups of a configuration."""

from nmpu_spec.config import Config
from nmpu_verif.coverage.bins import CoverGroup
from nmpu_verif.coverage.bus import bus_groups
from nmpu_verif.coverage.control import pipeline_groups
from nmpu_verif.coverage.data import data_groups
from nmpu_verif.coverage.layers import layer_groups


def groups(config: Config) -> list[CoverGroup]:
    """Of the stages' data, then of the unit's control."""
    return [*data_groups(config).values(), *pipeline_groups(config), *layer_groups(config), *bus_groups(config)]
