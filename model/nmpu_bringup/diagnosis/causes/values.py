"""Wrong parameter values: for the columns that differ, every value of a field that gives exactly what came out."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import product
from math import log2
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nmpu_bringup.diagnosis.explanation import Explanation
from nmpu_bringup.diagnosis.places import Place
from nmpu_bringup.diagnosis.scene import Scene
from nmpu_bringup.diagnosis.stages import Setup, answers
from nmpu_bringup.diagnosis.text import ranges
from nmpu_spec.formats import Format
from nmpu_spec.parameters import PackedField, parameter_fields

_MOST_COLUMNS = 8
"""Where more columns differ, it is not their parameters one by one."""
_WIDEST = 20
"""Fields of more bits have too many values to try."""
_AT_ONCE = 1 << 14
"""While more values are left they are tried on one vector, which soon leaves few."""

Values = NDArray[np.int64]


def values(scene: Scene) -> Iterator[Explanation]:
    """One wrong value of a field in each column that differs, or of rx_scale.

    It is the same in every case or, where only one case differs, in that one.
    """
    wrong = scene.per_case(scene.differs)
    columns, hit = np.flatnonzero(wrong.any(0)).tolist(), np.flatnonzero(wrong.any(1)).tolist()
    everywhere = sorted(range(len(scene.cases)), key=lambda case: case not in hit)
    fields = [field for field in parameter_fields(scene.config) if field.format.width <= _WIDEST]
    for cases in [everywhere] if len(hit) > 1 or len(everywhere) == 1 else [everywhere, hit]:
        only = scene.names[hit[0]] if cases is hit else None
        for field in fields if len(columns) <= _MOST_COLUMNS else []:
            fitting = {column: _fitting(scene, field.name, field.format, [column], cases) for column in columns}
            if all(raws.size for raws in fitting.values()):
                yield _parameter(scene, field, fitting, only, len(fields))
        if scene.setups[hit[0]].layer.rx_on:
            by_differences = np.argsort(-wrong.sum(0), kind="stable").tolist()
            raws = _fitting(scene, "rx_scale", scene.config.residual.scale, by_differences, cases)
            if raws.size:
                yield _rx_scale(scene, raws, only)


def _fitting(scene: Scene, name: str, node: Format, columns: Sequence[int], cases: Sequence[int]) -> Values:
    """Every value that answers as the dump does, in all vectors of `cases` and `columns`: a sieve."""
    left = np.arange(node.min_raw, node.max_raw + 1, dtype=np.int64)
    for case, column in product(cases, columns):
        setup, got = scene.setups[case], scene.got[case][:, column]
        # Differing vectors first: they rule out most.
        order = np.argsort(got == scene.expected[case][:, column], kind="stable")
        while order.size and left.size:
            count = 1 if left.size > _AT_ONCE else len(order)
            vectors, order = order[:count], order[count:]
            made = answers(_candidates(setup, column, vectors, name, left))
            left = left[(made == got[vectors, None]).all(0)]
    return left


def _candidates(setup: Setup, column: int, vectors: NDArray[np.int64], name: str, raws: Values) -> Setup:
    """A unit with a column for each candidate, all of them fed with what `column` was fed with."""
    count = len(raws)

    def fed(codes: NDArray[np.integer]) -> NDArray[np.int64]:
        return np.repeat(codes[vectors, column][:, None], count, axis=1)

    parameters = {other: np.full(count, own[column]) for other, own in setup.parameters.items()}
    layer: dict[str, Any] = {"rx_scale": raws} if name == "rx_scale" else {}
    return replace(
        setup,
        layer=replace(setup.layer, **layer),
        parameters=parameters if layer else {**parameters, name: raws},
        mask=np.full(count, setup.mask[column]),
        p=fed(setup.p),
        n=None if setup.n is None else fed(setup.n),
        rx=None if setup.rx is None else fed(setup.rx),
    )


def _parameter(
    scene: Scene, field: PackedField, fitting: dict[int, Values], only: str | None, fields: int
) -> Explanation:
    config, hit = scene.config, list(fitting)
    width = field.format.width
    choices = [log2(config.columns) + width - log2(len(raws)) for raws in fitting.values()]
    notes = []
    for column, raws in fitting.items():
        right = sorted({int(setup.parameters[field.name][column]) for setup in scene.setups})
        if only is not None:
            right = [int(scene.setups[scene.names.index(only)].parameters[field.name][column])]
        note = f"column {column}: raw {ranges(raws.tolist())} fits; right is {ranges(right)}"
        flips = [int(raw) for raw in raws if len(right) == 1 and _one_bit(int(raw) ^ right[0], width)]
        notes.append(note + (f"; one bit away from it: {ranges(flips)}" if flips else ""))
    where = f"columns {ranges(hit)}" if len(hit) > 1 else Place("column", hit[0], None).text(config, scene.names)
    return _found(
        scene,
        "wrong parameter",
        field.name,
        where,
        field.stage,
        log2(fields) + sum(choices),
        only,
        tuple(notes),
    )


def _rx_scale(scene: Scene, raws: Values, only: str | None) -> Explanation:
    width = scene.config.residual.scale.width
    notes = (f"raw {ranges(raws.tolist())} fits",)
    bits = width - log2(len(raws))
    return _found(scene, "RX scale", "rx_scale", "every column", "residual", bits, only, notes)


def _found(
    scene: Scene,
    cause: str,
    subject: str,
    where: str,
    stage: str,
    bits: float,
    only: str | None,
    notes: tuple[str, ...],
) -> Explanation:
    wrong = scene.per_case(scene.differs).sum(1)
    return Explanation(
        cause,
        subject,
        "has another value",
        where if only is None else f"{where}, only in case {only}",
        stage,
        int(wrong.sum()),
        0,
        0,
        bits + (log2(len(scene.cases)) if only else 0),
        {name: int(count) for name, count in zip(scene.names, wrong, strict=True) if count},
        notes,
    )


def _one_bit(difference: int, width: int) -> bool:
    return (difference & ((1 << width) - 1)).bit_count() == 1
