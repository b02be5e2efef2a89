"""Answers that cannot be compared beat by beat, refused in one line."""

import numpy as np

from nmpu_bringup.diagnosis.dump_files import Answer
from nmpu_bringup.diagnosis.scene import Scene
from nmpu_spec.errors import InputError


def refuse_truncated(scene: Scene) -> None:
    """Raises `InputError` if answers end early, and all of these are right as far as they go."""
    short = [case for case, answer in enumerate(scene.answers) if answer.beats < _wanted(scene, case)]
    if short and all(_is_prefix(scene, case) for case in short):
        raise InputError(_truncated(scene, short[0]))


def refuse_unequal(scene: Scene) -> None:
    """Raises `InputError` for the first answer that has not the beats that it should have, in their order."""
    for case, answer in enumerate(scene.answers):
        if answer.beats < _wanted(scene, case) and _is_prefix(scene, case):
            raise InputError(_truncated(scene, case))
        if answer.beats != _wanted(scene, case):
            raise InputError(
                f"{answer.path}: {_amount(scene, case)}, and no single lost or repeated one explains it; "
                "record the case again"
            )
        if not scene.in_order(case):
            raise InputError(f"{answer.path}: {_disorder(scene, answer)}; record the case again")


def _wanted(scene: Scene, case: int) -> int:
    return len(scene.expected[case]) * scene.config.groups


def _is_prefix(scene: Scene, case: int) -> bool:
    answer = scene.answers[case]
    right = scene.expected[case].reshape(-1, scene.config.lanes)
    return scene.in_order(case) and np.array_equal(right[: answer.beats], answer.codes)


def _truncated(scene: Scene, case: int) -> str:
    return f"{scene.answers[case].path}: is truncated, {_amount(scene, case)}; those that are there are right"


def _amount(scene: Scene, case: int) -> str:
    answer, groups, wanted = scene.answers[case], scene.config.groups, _wanted(scene, case)
    if answer.flags is None:
        return f"{answer.beats // groups} vectors instead of {wanted // groups}"
    return f"{answer.beats} beats instead of {wanted}"


def _disorder(scene: Scene, answer: Answer) -> str:
    assert answer.flags is not None and answer.lines is not None
    wrong = int(np.flatnonzero(answer.flags != scene.flags(answer.beats))[0])
    return (
        f"line {answer.lines[wrong]}: last, first are {answer.flags[wrong]:02b}, must be "
        f"{scene.flags(answer.beats)[wrong]:02b}; its beats are out of order"
    )
