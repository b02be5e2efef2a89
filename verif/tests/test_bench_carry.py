"""What no run of the RTL reaches: the counters' upper bits, and every code."""

from collections.abc import Callable

from nmpu_verif.builds import Build, Simulator
from nmpu_verif.simulate import simulate


def test_what_no_run_reaches(unit_build: Callable[[str, Simulator], Build], configurations: dict[str, str]) -> None:
    assert simulate(unit_build("tiny", Simulator.ICARUS), "bench_carry", configurations["tiny"], seed=3) == 4
