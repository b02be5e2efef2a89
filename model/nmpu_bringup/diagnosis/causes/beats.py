"""Causes in the streams: a beat or vector that is lost or comes twice, and all that follows is in the wrong place."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from math import comb, log2

import numpy as np

from nmpu_bringup.diagnosis.explanation import Explanation
from nmpu_bringup.diagnosis.scene import Codes, Scene
from nmpu_bringup.diagnosis.stages import FIELD, Setup, answers
from nmpu_bringup.diagnosis.text import ranges
from nmpu_model.types import Integers

_NAMED = 3
"""Of the cases that are hit so many are named."""

Later = Callable[[Setup, Codes], Codes]
"""From a case's setup and right beats, (beats, lanes), to the beats as they are behind the edit."""


@dataclass(frozen=True)
class Edit:
    """A stream from which a beat is lost, or in which one comes twice.

    later    what comes behind the edit, if it is at the very beginning
    unit     beats of ``out`` from one possible place to the next: 1, or the groups of a vector
    moves_flags   first and last may go with the codes
    """

    subject: str
    doubled: bool
    later: Later
    unit: int
    moves_flags: bool = False
    rx_only: bool = False


@dataclass(frozen=True)
class Fit:
    """The beats or vectors of a case (from 0) that the edit may have hit; beats at the end that it says nothing of."""

    positions: range
    open_beats: int


def beats(scene: Scene) -> Iterator[Explanation]:
    """One lost or doubled beat or vector in each case that differs; nothing else may be wrong.

    Where the same one in every case explains all of them, also those in which it leaves no trace, that is the story.
    """
    per_case = scene.per_case(scene.differs).sum(1)
    hit = [case for case, count in enumerate(per_case) if count or not scene.is_whole(case)]
    edits = _edits(scene.config.groups)
    for edit in edits:
        able = [case for case, setup in enumerate(scene.setups) if setup.rx is not None or not edit.rx_only]
        if not set(hit) <= set(able):
            continue
        found = {case: fit for case in able if (fit := _fit(scene, case, edit)) is not None}
        everywhere = len(found) == len(able) and _common(found)
        if everywhere or set(hit) <= found.keys():
            fits = found if everywhere else {case: found[case] for case in hit}
            yield _explanation(scene, edit, fits, len(able), len(edits))


def _common(fits: dict[int, Fit]) -> set[int]:
    """The places that fit in all of the cases."""
    return set.intersection(*(set(fit.positions) for fit in fits.values()))


def _fit(scene: Scene, case: int, edit: Edit) -> Fit | None:
    answer, lanes = scene.answers[case], scene.config.lanes
    right = scene.expected[case].reshape(-1, lanes)
    later = edit.later(scene.setups[case], right)
    got = answer.codes.astype(np.int16)
    if answer.beats not in (len(later), len(right)):
        return None
    if not scene.in_order(case):
        if not edit.moves_flags:
            return None
        flags = scene.flags(len(right)).astype(np.int16)[:, None]
        moved = edit.later(scene.setups[case], flags)
        right, later = np.hstack([right, flags]), np.hstack([later, moved])
        assert answer.flags is not None
        got = np.hstack([got, answer.flags.astype(np.int16)[:, None]])
    compared = min(len(got), len(later))
    first, last = _splice(got[:compared], right, later)
    # Before the edit the beats are right; a doubled one must have come once.
    first, last = max(first, edit.unit * edit.doubled), min(last, compared - 1)
    places = range(-(-first // edit.unit), last // edit.unit + 1)
    if not places:
        return None
    return Fit(range(places.start - edit.doubled, places.stop - edit.doubled), len(got) - compared)


def _splice(got: Codes, before: Codes, behind: Codes) -> tuple[int, int]:
    """The smallest and largest s with got = before[:s] + behind[s:]; none if the first is the larger."""
    common = min(len(got), len(before))
    as_before = (got[:common] == before[:common]).all(1)
    as_behind = (got == behind[: len(got)]).all(1)
    last = int(np.argmin(as_before)) if not as_before.all() else common
    wrong = np.flatnonzero(~as_behind)
    return (int(wrong[-1]) + 1 if wrong.size else 0), last


def _explanation(scene: Scene, edit: Edit, fits: dict[int, Fit], able: int, edits: int) -> Explanation:
    groups, lanes = scene.config.groups, scene.config.lanes
    what = "vector" if edit.unit > 1 else "beat"
    common, count = _common(fits), len(fits)
    sizes = [len(scene.expected[case]) * groups // edit.unit for case in fits]
    choices = log2(max(sizes) / len(common)) if common else sum(map(log2, sizes))
    open_beats = sum(fit.open_beats for fit in fits.values())
    if common:
        notes = [f"{what} {ranges(common)} of the case, counted from 0"]
    else:
        notes = [f"{scene.names[case]}: {what} {ranges(fit.positions)}, counted from 0" for case, fit in fits.items()]
    if open_beats:
        notes.append("what stands at the end, where nothing more was to come, is left out")
    left = {case: _accounted(scene, case, fit) for case, fit in fits.items()}
    return Explanation(
        cause="repeated beat" if edit.doubled else "dropped beat",
        subject=edit.subject,
        fault="comes twice" if edit.doubled else "is lost",
        where=_where([scene.names[case] for case in fits], able, edit),
        stage="streams",
        explained=sum(left.values()),
        unexplained=0,
        contradicted=0,
        bits=log2(edits) + log2(comb(able, count)) + choices + open_beats * lanes * FIELD.bit_length(),
        cases={scene.names[case]: codes for case, codes in left.items() if codes},
        notes=tuple(notes),
    )


def _where(names: list[str], able: int, edit: Edit) -> str:
    if len(names) == able:
        return "every case with rx" if edit.rx_only else "every case"
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return f"only in {', '.join(names[:_NAMED])}{more}"


def _accounted(scene: Scene, case: int, fit: Fit) -> int:
    """The differing codes of a case, without those at the end that are left open."""
    differs = (scene.expected[case] != scene.got[case]).reshape(-1, scene.config.lanes)
    return int(differs[: len(differs) - fit.open_beats].sum())


def _edits(groups: int) -> tuple[Edit, ...]:
    edits = (
        Edit("a beat of out", False, lambda _, right: right[1:], 1, moves_flags=True),
        Edit("a beat of out", True, lambda _, right: _twice(right), 1, moves_flags=True),
        Edit("a vector of adc", False, _adc_lost, groups),
        Edit("a vector of adc", True, _adc_doubled, groups),
        Edit("a beat of rx", False, _rx_lost, 1, rx_only=True),
        Edit("a beat of rx", True, _rx_doubled, 1, rx_only=True),
    )
    vectors = (
        Edit("a vector of out", False, lambda _, right: right[groups:], groups),
        Edit("a vector of out", True, lambda _, right: _twice(right, groups), groups),
    )
    return (*edits, *vectors) if groups > 1 else edits


def _adc_lost(setup: Setup, right: Codes) -> Codes:
    return _run(replace(setup, p=setup.p[1:], n=_cut(setup.n, 1), rx=_cut(setup.rx, 0, -1)), right)


def _adc_doubled(setup: Setup, right: Codes) -> Codes:
    """With rx, the last vector finds none and never comes out."""
    count = len(setup.p) + (setup.rx is None)
    p = _twice(setup.p)[:count]
    return _run(replace(setup, p=p, n=None if setup.n is None else _twice(setup.n)[:count]), right)


def _rx_lost(setup: Setup, right: Codes) -> Codes:
    """The last group finds no beat and never comes out."""
    assert setup.rx is not None
    stream = setup.rx.reshape(right.shape)
    moved = np.concatenate([stream[1:], stream[-1:]])
    return _run(replace(setup, rx=moved.reshape(setup.rx.shape)), right)[:-1]


def _rx_doubled(setup: Setup, right: Codes) -> Codes:
    assert setup.rx is not None
    moved = _twice(setup.rx.reshape(right.shape))[:-1]
    return _run(replace(setup, rx=moved.reshape(setup.rx.shape)), right)


def _run(setup: Setup, right: Codes) -> Codes:
    return answers(setup).reshape(-1, right.shape[1])


def _cut(raws: Integers | None, first: int, last: int | None = None) -> Integers | None:
    return None if raws is None else raws[first:last]


def _twice(raws: Integers, count: int = 1) -> Integers:
    return np.concatenate([raws[:count], raws])
