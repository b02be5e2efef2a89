"""The unit's benches on a mutant, exactly as the test-suite runs them: Icarus, every register X at first."""

import subprocess
import tempfile
from collections.abc import Sequence
from itertools import product
from pathlib import Path
from typing import Any

from cocotb_tools.runner import Icarus

from nmpu_verif.builds import Build, Simulator
from nmpu_verif.mutation.killers import DoesNotCompileError, Killer, verification_sources
from nmpu_verif.mutation.mutant import Mutant, digest
from nmpu_verif.simulate import BenchError, simulate

BENCHES = ("bench_nmpu", "bench_testport", "bench_carry")
_SECONDS = 60
"""A bench takes three."""


class _Watched(Icarus):
    """A simulation that does not end is stopped: a mutant may hang a bench."""

    def _execute_cmds(self, cmds: Sequence[Sequence[str]], cwd: Any, stdout: Any = None) -> None:
        for command in cmds:
            done = subprocess.run(
                command, cwd=cwd, env=self.env, check=False, stdout=stdout, stderr=subprocess.STDOUT, timeout=_SECONDS
            )
            if done.returncode:
                raise RuntimeError(f"return code {done.returncode}")


def unit_killer(name: str, config: str, seeds: Sequence[int], top: str) -> Killer:
    """The benches of the whole unit with each seed, to the first test that fails."""
    return Killer(
        name,
        lambda _: True,
        lambda mutant: run_benches(mutant, config, seeds, top),
        digest(config, str(seeds), verification_sources(__file__)),
    )


def run_benches(mutant: Mutant, config: str, seeds: Sequence[int], top: str) -> str | None:
    """What the first failing test says."""
    with tempfile.TemporaryDirectory(prefix="nmpu_mutant_") as name:
        folder = Path(name)
        (folder / "mutant.v").write_text(mutant.text, "utf-8")
        runner = _Watched()
        try:
            runner.build(
                sources=[folder / "mutant.v"],
                hdl_toplevel=top,
                build_dir=folder / "build",
                build_args=["-g2005"],
                timescale=("1ns", "1ps"),
                log_file=folder / "build.log",
            )
        except (SystemExit, RuntimeError):
            raise DoesNotCompileError(mutant.name) from None
        made = Build(top, Simulator.ICARUS, folder / "build", runner)
        for seed, bench in product(seeds, BENCHES):
            try:
                simulate(made, bench, config, seed=seed, environment={"COCOTB_MAX_FAILURES": "1"})
            except BenchError as error:
                return str(error).partition(" (log: ")[0]
            except subprocess.TimeoutExpired:
                return f"{bench}: hangs: no end after {_SECONDS} s"
    return None
