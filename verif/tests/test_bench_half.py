"""The RTL of half arithmetic against its model.

NMPU_HALF_CASES is the number of random triples, as in test_model_half.
"""

import os

import pytest

from nmpu_flow.tools import icarus
from nmpu_spec.load import load
from nmpu_verif.builds import Simulator, build, verilog_of
from nmpu_verif.half_stages import half_stages
from nmpu_verif.harness import StageArray
from nmpu_verif.simulate import simulate

CASES = os.environ.get("NMPU_HALF_CASES", "262144")


def run(simulator: Simulator, test: str, cases: str) -> int:
    verilog = verilog_of(load("tiny"), "half", lambda: StageArray(half_stages()))
    built = build(verilog, "half", simulator)
    return simulate(built, "bench_half", "tiny", test=test, environment={"NMPU_HALF_CASES": cases})


@pytest.mark.parametrize(
    "test", ["multiply_add_at_the_edges", "multiply_add_at_random", "from_every_code", "to_every_code"]
)
def test_verilator(test: str) -> None:
    assert run(Simulator.VERILATOR, test, CASES) == 1


@pytest.mark.skipif(icarus() is None, reason="Icarus is not installed (Debian: apt install iverilog)")
@pytest.mark.parametrize("test", ["multiply_add_at_random", "from_every_code", "to_every_code"])
def test_icarus(test: str) -> None:
    """Four states: nothing comes out as X."""
    assert run(Simulator.ICARUS, test, "32768") == 1
