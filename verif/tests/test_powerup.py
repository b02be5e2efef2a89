"""Power-up states are random, and a register that depends on its own is found."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from nmpu_flow.tools import icarus
from nmpu_spec.load import load
from nmpu_verif.builds import Build, Simulator, build
from nmpu_verif.powerup import power_up, silicon_verilog
from nmpu_verif.simulate import BenchError

needs_icarus = pytest.mark.skipif(icarus() is None, reason="Icarus is not installed (Debian: apt install iverilog)")


def test_the_seed_decides_every_memory_and_register(unit_build: Callable[[str, Simulator], Build]) -> None:
    built = unit_build("tiny", Simulator.VERILATOR)
    first, other, again = (power_up(built, "tiny", seed, benches=())[0] for seed in (1, 2, 1))
    assert first == again
    assert not first.unknown
    for one, two in ((first.memories, other.memories), (first.registers, other.registers)):
        assert one != two
        assert len(set(one)) > 1


@needs_icarus
def test_a_register_without_its_reset_is_found(tmp_path: Path) -> None:
    """In four states, in what is handed over; and unchanged it passes, from X."""
    verilog = silicon_verilog(load("tiny"), tmp_path / "package")
    start, _ = power_up(build(verilog, "nmpu", Simulator.ICARUS), "tiny", 1, benches=())
    assert start.unknown
    planted = tmp_path / "nmpu.v"
    text, count = re.subn(r"if \(rst\) (index <= .*;\n\s*else )", "", verilog.read_text("utf-8"), count=1)
    assert count == 1
    planted.write_text(text, "utf-8")
    with pytest.raises(BenchError):
        power_up(build(planted, "nmpu", Simulator.ICARUS), "tiny", 1)
