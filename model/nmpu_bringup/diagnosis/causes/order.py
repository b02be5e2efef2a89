"""Causes in the order of things: columns, lanes or groups that come where others should."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from math import comb

import numpy as np
from numpy.typing import NDArray

from nmpu_bringup.diagnosis.hypothesis import Hypothesis, if_output, if_set_up
from nmpu_bringup.diagnosis.places import Place
from nmpu_bringup.diagnosis.scene import Codes, Scene
from nmpu_bringup.diagnosis.stages import Setup
from nmpu_spec.config import Config
from nmpu_spec.parameters import parameter_fields

Sources = NDArray[np.int64]
"""Entry c is the column whose number column c gets."""

Predict = Callable[[int], Codes]


def output_order(scene: Scene) -> Iterator[Hypothesis]:
    """The codes leave in another order."""
    for cause, text, sources in _orders(scene.config):
        yield Hypothesis(cause, "output codes:", text, "output", _targets(scene, sources)["output codes"])


def input_order(scene: Scene) -> Iterator[Hypothesis]:
    """ADC codes, rx codes, parameters or the mask arrive in another order."""
    for cause, text, sources in _orders(scene.config):
        for what, predict in _targets(scene, sources).items():
            if what != "output codes":
                yield Hypothesis(cause, f"{what}:", text, "order", predict)


def exchanges(scene: Scene) -> Iterator[Hypothesis]:
    """Two columns, lanes or groups in each other's place, where exactly two differ."""
    config = scene.config
    wrong = np.flatnonzero(scene.differs.any(0))
    for kind, count in (("column", config.columns), ("lane", config.lanes), ("group", config.groups)):
        places = [Place(kind, index, None).columns(config) for index in range(count)]
        touched = [index for index, columns in enumerate(places) if np.isin(columns, wrong).any()]
        if len(touched) != 2 or (kind == "lane" and config.groups == 1) or (kind == "group" and config.lanes == 1):
            continue
        first, second = touched
        sources = np.arange(config.columns)
        sources[places[first]], sources[places[second]] = places[second], places[first]
        cause = "group order" if kind == "group" else "column order"
        targets = _targets(scene, sources)
        for what, predict in targets.items():
            fault = f"{kind}s {first} and {second} are exchanged"
            alternatives = comb(count, 2) * len(targets)
            yield Hypothesis(cause, f"{what}:", fault, "order", predict, ("all",), alternatives=alternatives)


def _orders(config: Config) -> Iterator[tuple[str, str, Sources]]:
    """Cause, words and sources of every regular order that is not the right one; equal ones come once."""
    columns = np.arange(config.columns)
    grid = columns.reshape(config.groups, config.lanes)
    named = {
        ("group order", "each group gets the next one's"): np.roll(grid, -1, 0),
        ("group order", "each group gets the previous one's"): np.roll(grid, 1, 0),
        ("group order", "the groups are in reverse order"): grid[::-1],
        ("group order", "neighbouring groups are swapped"): grid[_neighbours(config.groups)],
        ("column order", "each column gets the next one's"): np.roll(columns, -1),
        ("column order", "each column gets the previous one's"): np.roll(columns, 1),
        ("column order", "each lane gets the next one's, within its group"): np.roll(grid, -1, 1),
        ("column order", "each lane gets the previous one's, within its group"): np.roll(grid, 1, 1),
        ("column order", "neighbouring lanes are swapped"): grid[:, _neighbours(config.lanes)],
        ("column order", "the lanes are in reverse order"): grid[:, ::-1],
        ("column order", "the columns are in reverse order"): columns[::-1],
        ("column order", "column lane*groups + group stands for group*lanes + lane"): columns.reshape(
            config.lanes, config.groups
        ).T,
        ("column order", "column group*lanes + lane stands for lane*groups + group"): grid.T,
    }
    seen = [columns.tolist()]
    for (cause, text), order in named.items():
        sources = np.ascontiguousarray(order).ravel()
        if sources.tolist() not in seen:
            seen.append(sources.tolist())
            yield cause, text, sources


def _neighbours(count: int) -> Sources:
    """0 and 1, 2 and 3 ... exchanged; an odd one at the end stays."""
    order = np.arange(count)
    pairs = count // 2 * 2
    order[:pairs] ^= 1
    return order


def _targets(scene: Scene, sources: Sources) -> dict[str, Predict]:
    """What can come in the order `sources`, and what happens then."""
    fields = parameter_fields(scene.config)
    stages = {stage: [field.name for field in fields if field.stage == stage] for stage in ("affine", "norm")}

    def codes(*names: str) -> Callable[[Setup], Setup]:
        def change(setup: Setup) -> Setup:
            given = {name: getattr(setup, name) for name in names}
            return replace(setup, **{name: raws[:, sources] for name, raws in given.items() if raws is not None})

        return change

    def parameters(*names: str) -> Callable[[Setup], Setup]:
        def change(setup: Setup) -> Setup:
            moved = {name: setup.parameters[name][sources] for name in names}
            return replace(setup, parameters={**setup.parameters, **moved})

        return change

    changes: dict[str, Callable[[Setup], Setup]] = {
        "ADC codes": codes("p", "n"),
        "rx codes": codes("rx"),
        "parameters": parameters(*stages["affine"], *stages["norm"]),
        "affine parameters": parameters(*stages["affine"]),
        "norm parameters": parameters(*stages["norm"]),
        "mask": lambda setup: replace(setup, mask=setup.mask[sources]),
    }
    if "n" in scene.config.branches:
        changes |= {"P codes": codes("p"), "N codes": codes("n")}
    predictions = {what: if_set_up(scene, change) for what, change in changes.items()}
    return {"output codes": if_output(scene, lambda out: out[:, sources]), **predictions}
