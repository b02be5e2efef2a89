"""The whole unit's RTL against the models, in two simulators and several configurations."""

from collections.abc import Callable

import pytest

from nmpu_verif.builds import Build, Simulator
from nmpu_verif.simulate import simulate

TESTS = {"bench_nmpu": 10, "bench_testport": 4}
"""Tests of each bench: fewer would mean that some did not run."""


@pytest.mark.parametrize(
    ("name", "simulator", "seed"),
    [
        ("tiny", Simulator.VERILATOR, 1),
        ("tiny", Simulator.VERILATOR, 2),
        ("tiny", Simulator.ICARUS, 3),
        ("hermes256", Simulator.VERILATOR, 1),
        pytest.param("hermes256", Simulator.ICARUS, 2, marks=pytest.mark.slow),
        pytest.param("wide256", Simulator.VERILATOR, 1, marks=pytest.mark.slow),
        ("user96", Simulator.VERILATOR, 1),
        ("single12", Simulator.VERILATOR, 1),
        ("single12", Simulator.ICARUS, 2),
        ("deep8", Simulator.VERILATOR, 1),
        ("gated12", Simulator.VERILATOR, 1),
        ("gated12", Simulator.ICARUS, 2),
        ("half12", Simulator.VERILATOR, 1),
        ("half12", Simulator.ICARUS, 2),
        ("half_single6", Simulator.VERILATOR, 1),
    ],
)
def test_unit(
    name: str,
    simulator: Simulator,
    seed: int,
    unit_build: Callable[[str, Simulator], Build],
    configurations: dict[str, str],
) -> None:
    build = unit_build(name, simulator)
    for bench, tests in TESTS.items():
        assert simulate(build, bench, configurations[name], seed=seed) == tests


@pytest.mark.parametrize("name", ["gated12"])
def test_what_is_idle_stands_still(
    name: str, unit_build: Callable[[str, Simulator], Build], configurations: dict[str, str]
) -> None:
    assert simulate(unit_build(name, Simulator.ICARUS), "bench_idle", configurations[name]) == 2
