"""What the tests share: built simulators, and where they run."""

from collections.abc import Callable
from pathlib import Path

import pytest
from amaranth.lib.wiring import Component

from nmpu_flow.tools import icarus
from nmpu_hw.nmpu import Nmpu
from nmpu_spec.config import Config
from nmpu_spec.load import load
from nmpu_verif.builds import Build, Simulator, build, verilog_of
from nmpu_verif.harness import StageArray
from nmpu_verif.stages import stages

ROOT = Path(__file__).parents[2]

USER_TOML = """
columns = 96
lanes = 24

[adc]
mode = "dual"
code = "U10.0"

[affine]
scale = "U1.5"
offset = "S6.1"
corrected = "S11.1"
rounding = "half_even"
cut_before = 1

[norm]
gain = "S2.8"
bias = "S12.4"

[residual]
code_bits = 6
scale = "U5.3"

[output]
shift_bits = 3
rounding = "half_away"
overflow = "wrap"
"""

SINGLE_TOML = """
columns = 12
lanes = 12

[adc]
mode = "single"
code = "S8.0"

[affine]
scale = "U1.7"
offset = "S7.1"
corrected = "S13.1"
rounding = "floor"

[norm]
gain = "S2.14"
bias = "S14.6"

[residual]
code_bits = 8
scale = "U7.5"

[output]
shift_bits = 3
rounding = "half_even"
"""

DEEP_TOML = """
columns = 8
lanes = 4

[adc]
mode = "dual"
code = "U20.0"

[affine]
scale = "U2.10"
offset = "S12.4"
corrected = "S22.6"

[norm]
gain = "S4.18"
bias = "S20.8"

[residual]
code_bits = 8
scale = "U9.9"

[output]
shift_bits = 5
"""
"""Numbers of more than 32 bits, and codes that need more than one word of a lane."""

GATED_TOML = """
columns = 12
lanes = 6

[adc]
mode = "dual"
code = "U12.0"

[affine]
scale = "U1.7"
offset = "S7.1"
corrected = "S12.1"

[norm]
gain = "S2.8"
bias = "S12.4"

[residual]
code_bits = 8
scale = "U5.7"

[output]
shift_bits = 4

[implementation]
reset = "async"
clock_gates = 3
"""

HALF_TOML = """
arithmetic = "binary16"
columns = 12
lanes = 2

[adc]
mode = "dual"
code = "U12.0"

[residual]
code_bits = 8
"""

HALF_SINGLE_TOML = """
arithmetic = "binary16"
columns = 6
lanes = 3

[adc]
mode = "single"
code = "S8.2"

[residual]
code_bits = 5
"""


@pytest.fixture(scope="session", autouse=True)
def _at_the_root() -> None:
    """Builds and reports go to build/ of the repository, wherever pytest was started."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(ROOT)
        yield


@pytest.fixture(scope="session")
def configurations(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Name to what `load` takes: the presets, and files such as users write."""
    folder = tmp_path_factory.mktemp("configurations")
    found = {name: name for name in ("tiny", "hermes256", "wide256", "fp16")}
    texts = {"user96": USER_TOML, "single12": SINGLE_TOML, "deep8": DEEP_TOML, "gated12": GATED_TOML}
    texts |= {"half12": HALF_TOML, "half_single6": HALF_SINGLE_TOML}
    for name, text in texts.items():
        (folder / f"{name}.toml").write_text(text, "utf-8")
        found[name] = str(folder / f"{name}.toml")
    return found


@pytest.fixture(scope="session")
def unit_build(configurations: dict[str, str]) -> Callable[[str, Simulator], Build]:
    """The simulator of a configuration's whole unit."""
    return lambda name, simulator: _built(load(configurations[name]), simulator, "nmpu", Nmpu)


@pytest.fixture(scope="session")
def stage_build(configurations: dict[str, str]) -> Callable[[str, Simulator], Build]:
    """The simulator of a configuration's stages, in many copies."""
    return lambda name, simulator: _built(
        load(configurations[name]), simulator, "stages", lambda config: StageArray(stages(config))
    )


def _built(config: Config, simulator: Simulator, top: str, make: Callable[[Config], Component]) -> Build:
    if simulator is Simulator.ICARUS and icarus() is None:
        pytest.skip("Icarus is not installed (Debian: apt install iverilog); the four-state run is left out")
    return build(verilog_of(config, top, lambda: make(config)), top, simulator)
