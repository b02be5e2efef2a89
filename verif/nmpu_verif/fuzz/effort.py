"""How many examples a property is tried with."""

import os
from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, settings

_TIMES = int(os.environ.get("NMPU_FUZZ", "1"))


def examples(number: int) -> Callable[[Any], Any]:
    """The settings of a property: `number` examples, the same in every run.

    The environment's NMPU_FUZZ = n asks for n times as many, other ones in every run; what fails is printed, shrunk.
    """
    return settings(
        max_examples=number * _TIMES,
        derandomize=_TIMES == 1,
        database=None,
        deadline=None,
        # Fixtures are files that every example may share.
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
    )
