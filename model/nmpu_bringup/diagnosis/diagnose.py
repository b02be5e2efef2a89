"""Which single cause explains all that differs: every hypothesis of the catalogue, tried at every place."""

from collections.abc import Callable, Iterator
from math import log2

import numpy as np
from numpy.typing import NDArray

from nmpu_bringup.diagnosis.causes import arithmetic, order, output, parameters, registers, settings
from nmpu_bringup.diagnosis.causes.beats import beats
from nmpu_bringup.diagnosis.causes.values import values
from nmpu_bringup.diagnosis.explanation import Explanation, ranked
from nmpu_bringup.diagnosis.hypothesis import Hypothesis
from nmpu_bringup.diagnosis.places import Place, best_place
from nmpu_bringup.diagnosis.scene import Scene

Family = Callable[[Scene], Iterator[Hypothesis]]
Progress = Callable[[str, int, int], None]
"""What is being tried, how many families are done, and how many there are."""

FAMILIES: dict[str, Family] = {
    "rounding modes": arithmetic.rounding,
    "saturation": arithmetic.overflow,
    "P and N": arithmetic.branches,
    "signs": arithmetic.signs,
    "ReLU": settings.relus,
    "RX": settings.residual,
    "output formats": settings.output,
    "shifts": settings.shifts,
    "masks": settings.masks,
    "rx_scale": settings.rx_scale_bits,
    "output bits": output.output_bits,
    "output wiring": output.output_wiring,
    "dead lanes": output.dead_lanes,
    "order of the outputs": order.output_order,
    "order of the inputs": order.input_order,
    "exchanges": order.exchanges,
    "input bits": registers.input_bits,
    "register bits": registers.register_bits,
    "parameter bits": parameters.parameter_bits,
    "stale loads": parameters.stale,
}
"""Families of hypotheses; a family is the more specific the fewer it lists."""

SEARCHES: dict[str, Callable[[Scene], Iterator[Explanation]]] = {"parameter values": values, "beats": beats}
"""Causes that are searched for instead of listed: what they find is exact."""

SHOWN = 12
"""More than so many explanations help nobody."""


def diagnose(scene: Scene, progress: Progress = lambda *_: None) -> list[Explanation]:
    """The best explanations of a dump that differs, the best one first; at most `SHOWN`.

    The first is exact if any is. Where an answer has not the beats that it should have, only lost and repeated beats
    are tried, and there may be none.
    """
    if not scene.whole:
        return ranked(beats(scene))[:SHOWN]
    steps = len(FAMILIES) + len(SEARCHES)
    found: list[Explanation] = []
    for done, (name, family) in enumerate(FAMILIES.items()):
        progress(name, done, steps)
        found += _tried(scene, family)
    for done, (name, search) in enumerate(SEARCHES.items(), len(FAMILIES)):
        progress(name, done, steps)
        found += search(scene)
    progress("done", steps, steps)
    return ranked(found)[:SHOWN]


def _tried(scene: Scene, family: Family) -> Iterator[Explanation]:
    hypotheses = list(family(scene))
    for hypothesis in hypotheses:
        found = _explanation(scene, hypothesis, hypothesis.alternatives or len(hypotheses))
        if found is not None:
            yield found


def _explanation(scene: Scene, hypothesis: Hypothesis, alternatives: int) -> Explanation | None:
    """The hypothesis at the place where it explains most; None if it explains nothing at any."""
    predicted = np.concatenate([hypothesis.predict(case) for case in range(len(scene.cases))])
    right = predicted == scene.rows_got
    explained = scene.per_case(right & scene.differs)
    contradicted = scene.per_case(~right & ~scene.differs)
    found = best_place(explained - contradicted, scene.config, hypothesis.kinds, hypothesis.one_case)
    if found.gain <= 0:
        return None
    inside = _inside(found.place, scene)
    hits = (explained * inside).sum(1)
    total = int(scene.differs.sum())
    return Explanation(
        cause=hypothesis.cause,
        subject=hypothesis.subject,
        fault=hypothesis.fault,
        where=found.place.text(scene.config, scene.names),
        stage=hypothesis.stage,
        explained=int(hits.sum()),
        unexplained=total - int(hits.sum()),
        contradicted=int((contradicted * inside).sum()),
        bits=log2(alternatives) + found.bits,
        cases={name: int(count) for name, count in zip(scene.names, hits, strict=True) if count},
    )


def _inside(place: Place, scene: Scene) -> NDArray[np.bool_]:
    """The place as a mask of (cases, columns)."""
    mask = np.zeros((len(scene.cases), scene.config.columns), bool)
    mask[place.case if place.case is not None else slice(None), place.columns(scene.config)] = True
    return mask
