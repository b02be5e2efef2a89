"""A hypothesis: one thing that may be wrong, and what would come out if it were."""

from collections.abc import Callable
from dataclasses import dataclass

from nmpu_bringup.diagnosis.places import KINDS
from nmpu_bringup.diagnosis.scene import Codes, Scene
from nmpu_bringup.diagnosis.stages import Setup, Tap, answers

ALL_CASES = (False,)
"""A fault of the circuit: it is there in every case."""
ANY_CASES = (False, True)
"""It may also be there in one case alone, as when one load went wrong."""
ONE_CASE = (True,)


@dataclass(frozen=True)
class Hypothesis:
    """One possible cause, wherever it may sit.

    cause     its name in the catalogue (docs/diagnosis.md)
    subject   what is wrong ...
    fault     ... and what is wrong with it
    stage     where on the data path
    predict   the codes of compared case k if it were wrong in every column
    kinds, one_case   the places where it can sit (`nmpu_bringup.diagnosis.places`)
    alternatives   how many hypotheses it was chosen from, where that is not the number that its family lists
    """

    cause: str
    subject: str
    fault: str
    stage: str
    predict: Callable[[int], Codes]
    kinds: tuple[str, ...] = KINDS
    one_case: tuple[bool, ...] = ALL_CASES
    alternatives: int | None = None


def if_set_up(scene: Scene, change: Callable[[Setup], Setup]) -> Callable[[int], Codes]:
    """What comes out of a unit that works on something else than it was given."""
    return lambda case: answers(change(scene.setups[case]))


def if_register(scene: Scene, register: str, fault: Tap) -> Callable[[int], Codes]:
    """What comes out if a pipeline register of the lane has a fault."""
    return lambda case: answers(scene.setups[case], {register: fault})


def if_output(scene: Scene, change: Callable[[Codes], Codes]) -> Callable[[int], Codes]:
    """What comes out if something happens to the right codes on their way out."""
    return lambda case: change(scene.expected[case])
