"""Models of the IBM Analog Hardware Acceleration Kit, read through the methods that it publishes; it is not imported.

Follows `aihwkit` 0.9 and later: an analog layer (`IS_CONTAINER` is false) lists its tiles by `analog_tiles()` and has
the class method `to_digital(layer)`.
"""

import copy
from typing import Any

from torch import nn


def _layers(model: nn.Module) -> dict[str, Any]:
    analog = {name: module for name, module in model.named_modules() if hasattr(module, "analog_tiles")}
    return {name: module for name, module in analog.items() if not module.IS_CONTAINER}


def plain(model: nn.Module) -> nn.Module:
    """A copy of `model` with each analog layer as the torch layer of the same name.

    Its weights are the tiles' as they are now (programmed or not) times the mapping scales and learned output scales:
    what `get_weights()` returns, without noise. A model without analog layers is only copied.
    """
    model = copy.deepcopy(model)
    for name, layer in _layers(model).items():
        digital = layer.to_digital(layer)
        if not name:
            return digital
        parent, _, child = name.rpartition(".")
        setattr(model.get_submodule(parent), child, digital)
    return model


def input_ranges(model: nn.Module) -> dict[str, float]:
    """Of each analog layer that learned or calibrated one: the largest input magnitude that its tiles convert.

    By the layer's name, which is also its name in the graph; of several tiles the largest.
    """
    ranges = {}
    for name, layer in _layers(model).items():
        found = [float(tile.input_range.item()) for tile in layer.analog_tiles() if tile.input_range is not None]
        if found:
            ranges[name] = max(found)
    return ranges
