"""Each stage's RTL against its model: every input of `tiny` in every mode, edges and random ones of `hermes256`."""

from collections.abc import Callable

import pytest

from nmpu_verif.builds import Build, Simulator
from nmpu_verif.simulate import simulate

STAGES = ("affine", "compress", "norm", "relu", "residual", "output")


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("name", ["tiny", "hermes256"])
def test_stage(
    name: str, stage: str, stage_build: Callable[[str, Simulator], Build], configurations: dict[str, str]
) -> None:
    build = stage_build(name, Simulator.VERILATOR)
    assert simulate(build, f"bench_{stage}", configurations[name]) == 1
