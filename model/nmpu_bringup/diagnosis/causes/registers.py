"""Causes inside a lane: bits of what it is fed with, and of its pipeline registers."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from nmpu_bringup.diagnosis.hypothesis import Hypothesis, if_register, if_set_up
from nmpu_bringup.diagnosis.scene import Scene
from nmpu_bringup.diagnosis.stages import Setup
from nmpu_model.types import Integers

_WIDE = ("all", "lane", "column")
_REGISTERS = ("corrected", "norm", "total")


def input_bits(scene: Scene) -> Iterator[Hypothesis]:
    """A bit of the ADC codes or of rx that is stuck, or a code that is always 0."""
    config = scene.config
    nodes = dict.fromkeys(config.branches, config.adc.code) | {"rx": config.residual_code}
    for name, node in nodes.items():
        title, stage = (name, "residual") if name == "rx" else (name.upper(), "affine")
        for words, fault in _faults(node.width):
            yield Hypothesis("input bit", f"code {title}", words, stage, if_set_up(scene, _fed(name, fault)), _WIDE)


def register_bits(scene: Scene) -> Iterator[Hypothesis]:
    """A stuck bit of a register behind a stage, or a register that is always 0."""
    for name in _REGISTERS:
        for words, fault in _faults(scene.config.nodes[name].width):
            predict = if_register(scene, name, fault)
            yield Hypothesis("register bit", f"register {name}", words, name, predict, ("all", "lane"))


def _faults(width: int) -> Iterator[tuple[str, Callable[[Integers], Integers]]]:
    for bit in range(width):
        for value in (0, 1):
            yield f"has bit {bit} stuck at {value}", partial(_stuck, bit=bit, value=value)
    yield "is always 0", np.zeros_like


def _stuck(raws: Integers, bit: int, value: int) -> Integers:
    return raws | (1 << bit) if value else raws & ~(1 << bit)


def _fed(name: str, fault: Callable[[Integers], Integers]) -> Callable[[Setup], Setup]:
    def change(setup: Setup) -> Setup:
        raws = getattr(setup, name)
        changed: dict[str, Any] = {} if raws is None else {name: fault(raws)}
        return replace(setup, **changed)

    return change
