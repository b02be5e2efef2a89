"""Codes as the wide integers that the unit's streams carry."""

import numpy as np
from numpy.typing import NDArray

from nmpu_model.packing import pack
from nmpu_model.traffic import Traffic
from nmpu_spec.config import Config


def adc_beats(config: Config, traffic: Traffic) -> list[int]:
    """The ``adc`` payload of each vector: column 0 lowest; within a column p, then n."""
    branches = [codes for codes in (traffic.p, traffic.n) if codes is not None]
    return pack(np.stack(branches, axis=2).reshape(len(traffic.p), -1), config.adc.code.width)


def group_beats(config: Config, codes: NDArray[np.integer], width: int) -> list[int]:
    """The payload of each group of ``rx`` or ``out``: `width`-bit codes, lane 0 lowest, then first, then last."""
    places = [(index == 0) | (index == config.groups - 1) << 1 for index in range(config.groups)]
    words = pack(codes.reshape(-1, config.lanes), width)
    return [word | places[number % config.groups] << (width * config.lanes) for number, word in enumerate(words)]
