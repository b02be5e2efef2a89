"""Causes in the settings of a layer: what the unit was told, or what became of it on the way to the lanes."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from nmpu_bringup.diagnosis.hypothesis import ALL_CASES, ANY_CASES, Hypothesis, if_set_up
from nmpu_bringup.diagnosis.scene import Scene
from nmpu_bringup.diagnosis.stages import Setup
from nmpu_model.program import Layer
from nmpu_spec.config import CODE_BITS, Config

_WIDE = ("all", "lane")
_TOLD = "whatever was loaded"
_WORDS = {False: "off", True: "on"}
_SIGNS = {False: "unsigned", True: "signed"}

LayerChange = Callable[[Layer], Layer]


def relus(scene: Scene) -> Iterator[Hypothesis]:
    """A ReLU that is always on, always off, or controlled by the other one's bit."""
    for name, title in (("relu_1", "ReLU 1"), ("relu_2", "ReLU 2")):
        for value, word in _WORDS.items():
            yield _layer(scene, "ReLU", title, f"is {word}, {_TOLD}", "residual", _fixed(name, value))
    exchanged = partial(_exchanged, "relu_1", "relu_2")
    yield _layer(scene, "ReLU", "ReLU 1 and ReLU 2", "obey each other's bit", "residual", exchanged)


def residual(scene: Scene) -> Iterator[Hypothesis]:
    """RX off, or its codes read with the wrong sign."""
    yield _layer(scene, "RX enable", "RX", f"is off, {_TOLD}", "residual", _fixed("rx_on", False))
    for value, word in _SIGNS.items():
        yield _layer(scene, "sign", "rx codes", f"are read as {word}, {_TOLD}", "residual", _fixed("rx_signed", value))


def output(scene: Scene) -> Iterator[Hypothesis]:
    """The output format: signedness and width."""
    for value, word in _SIGNS.items():
        yield _layer(scene, "sign", "output codes", f"are {word}, {_TOLD}", "output", _fixed("out_signed", value))
    for bits in CODE_BITS:
        fault = f"have {bits} bits, {_TOLD}"
        yield _layer(scene, "output width", "output codes", fault, "output", _fixed("out_bits", bits))


def shifts(scene: Scene) -> Iterator[Hypothesis]:
    """Another shift than the layer's: a constant, a stuck bit, too far or not far enough."""
    field = scene.config.output.shift_bits
    for shift in range(1 << field):
        yield _layer(scene, "shift", "shift", f"is {shift}, {_TOLD}", "output", _fixed("shift", shift))
    for bit in range(field):
        for value in (0, 1):
            fault = f"has bit {bit} stuck at {value}"
            yield _layer(scene, "shift", "shift", fault, "output", _stuck_shift(bit, value), ALL_CASES)
    for distance in (-2, -1, 1, 2):
        if _can_shift_by(scene, distance):
            fault = f"is {abs(distance)} too {'large' if distance > 0 else 'small'}"
            yield _layer(scene, "shift", "shift", fault, "output", _moved_shift(distance))


def rx_scale_bits(scene: Scene) -> Iterator[Hypothesis]:
    """A stuck bit of the scale of rx."""
    node = scene.config.residual.scale
    for bit in range(node.width):
        for value in (0, 1):
            fault, change = f"has bit {bit} stuck at {value}", _stuck_rx_scale(scene.config, bit, value)
            yield _layer(scene, "RX scale", "rx_scale", fault, "residual", change, ALL_CASES)


def masks(scene: Scene) -> Iterator[Hypothesis]:
    """Column enables that are ignored."""
    for word, value in (("enabled", True), ("disabled", False)):
        predict = if_set_up(scene, _masked(value))
        yield Hypothesis("mask", "column", f"is {word}, {_TOLD}", "output", predict, ("all", "column"), ANY_CASES)


def _layer(
    scene: Scene,
    cause: str,
    subject: str,
    fault: str,
    stage: str,
    change: LayerChange,
    one_case: tuple[bool, ...] = ANY_CASES,
) -> Hypothesis:
    predict = if_set_up(scene, lambda setup: replace(setup, layer=change(setup.layer)))
    return Hypothesis(cause, subject, fault, stage, predict, _WIDE, one_case)


def _exchanged(one: str, other: str, layer: Layer) -> Layer:
    return replace(layer, **{one: getattr(layer, other), other: getattr(layer, one)})


def _fixed(name: str, value: int) -> LayerChange:
    change: dict[str, Any] = {name: value}
    return lambda layer: replace(layer, **change)


def _stuck_shift(bit: int, value: int) -> LayerChange:
    return lambda layer: replace(layer, shift=layer.shift & ~(1 << bit) | value << bit)


def _moved_shift(distance: int) -> LayerChange:
    return lambda layer: replace(layer, shift=layer.shift + distance)


def _can_shift_by(scene: Scene, distance: int) -> bool:
    """Whether every layer's bits to round stay within what a machine word can shift by."""
    config = scene.config
    target = config.code_format(max(CODE_BITS), signed=True)
    bits = config.output.compression.rounded_bits(config.total_format, target) + distance
    return all(0 <= bits + setup.layer.shift < 63 for setup in scene.setups)


def _stuck_rx_scale(config: Config, bit: int, value: int) -> LayerChange:
    node = config.residual.scale

    def change(layer: Layer) -> Layer:
        raw = layer.rx_scale & ~(1 << bit) | value << bit
        return replace(layer, rx_scale=node.min_raw + ((raw - node.min_raw) & ((1 << node.width) - 1)))

    return change


def _masked(value: bool) -> Callable[[Setup], Setup]:
    return lambda setup: replace(setup, mask=np.full_like(setup.mask, value))
