"""Causes behind the data path: bits of the output codes, and lanes that deliver nothing of their own."""

from collections.abc import Iterator
from functools import partial
from itertools import combinations

import numpy as np

from nmpu_bringup.diagnosis.hypothesis import Hypothesis, if_output
from nmpu_bringup.diagnosis.scene import Codes, Scene
from nmpu_bringup.diagnosis.stages import FIELD
from nmpu_spec.config import CODE_BITS

BITS = max(CODE_BITS)
CONSTANTS = (0, FIELD)
"""What a dead lane shows as a rule."""


def output_bits(scene: Scene) -> Iterator[Hypothesis]:
    """A bit of the code that is stuck or inverted."""
    for bit in range(BITS):
        for value in (0, 1):
            predict = if_output(scene, partial(stuck, bit=bit, value=value))
            yield Hypothesis("stuck output bit", f"output bit {bit}", f"is stuck at {value}", "output", predict)
        predict = if_output(scene, partial(_inverted, bit=bit))
        yield Hypothesis("inverted output bit", f"output bit {bit}", "is inverted", "output", predict)


def output_wiring(scene: Scene) -> Iterator[Hypothesis]:
    """Bits of the code that arrive in another place."""
    orders = {f"{low} and {high} are swapped": _swap(low, high) for low, high in combinations(range(BITS), 2)}
    orders["are in reverse order"] = list(range(BITS))[::-1]
    for fault, order in orders.items():
        predict = if_output(scene, partial(_reordered, order=order))
        yield Hypothesis("swapped output bits", "output bits", fault, "output", predict)


def dead_lanes(scene: Scene) -> Iterator[Hypothesis]:
    """A lane that shows a constant, or what it showed before."""
    for value in CONSTANTS:
        yield _constant(scene, value, None)
    # Of the other constants those that the dump shows; any of them could have been.
    codes = scene.rows_got
    constant = (codes == codes[0]).all(0)
    for value in sorted(set(codes[0][constant].tolist()) - set(CONSTANTS)):
        yield _constant(scene, value, FIELD + 1)
    for what, beats in (("beat", 1), ("vector", scene.config.groups)):
        predict = partial(_late, scene, beats)
        fault = f"are one {what} late: each is the one of the {what} before"
        yield Hypothesis("late lane", "codes", fault, "output", predict, ("all", "lane"))


def _constant(scene: Scene, value: int, alternatives: int | None) -> Hypothesis:
    predict = if_output(scene, lambda codes: np.full_like(codes, value))
    fault = f"is {value:#04x} whatever goes in"
    return Hypothesis("dead lane", "code", fault, "lane", predict, alternatives=alternatives)


def _late(scene: Scene, beats: int, case: int) -> Codes:
    """The codes `beats` later; what came before the first of them, only the dump knows."""
    lanes = scene.config.lanes
    got, codes = (scene_codes[case].reshape(-1, lanes) for scene_codes in (scene.got, scene.expected))
    return np.concatenate([got[:beats], codes[:-beats]]).reshape(scene.expected[case].shape)


def stuck(codes: Codes, bit: int, value: int) -> Codes:
    """`codes` with one bit at `value`."""
    return codes | (1 << bit) if value else codes & ~(1 << bit)


def _inverted(codes: Codes, bit: int) -> Codes:
    return codes ^ (1 << bit)


def _swap(low: int, high: int) -> list[int]:
    order = list(range(BITS))
    order[low], order[high] = high, low
    return order


def _reordered(codes: Codes, order: list[int]) -> Codes:
    """Bit i of the new code is bit `order[i]` of the old one."""
    made = np.zeros_like(codes)
    for bit, source in enumerate(order):
        made |= ((codes >> source) & 1) << bit
    return made
