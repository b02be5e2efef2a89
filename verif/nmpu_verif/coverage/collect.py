"""Runs the benches, and collects what they cover."""

import shutil
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from nmpu_flow.tools import icarus
from nmpu_hw.nmpu import Nmpu
from nmpu_spec.config import Config
from nmpu_verif.builds import Build, Simulator, build, verilog_of
from nmpu_verif.coverage.bins import ENVIRONMENT, read_hits
from nmpu_verif.coverage.groups import groups
from nmpu_verif.coverage.report import Covered, judge
from nmpu_verif.coverage.structural import OPTIONS, Point, merged
from nmpu_verif.harness import StageArray
from nmpu_verif.simulate import run_folder, simulate
from nmpu_verif.stages import stages

BENCHES = ("bench_nmpu", "bench_testport")
"""Of the whole unit."""
STAGES = ("affine", "compress", "norm", "relu", "residual", "output")

Tell = Callable[[str, int, int | None], None]


@dataclass(frozen=True)
class Run:
    """A bench, where and with which seed."""

    bench: str
    simulator: Simulator
    seed: int

    @property
    def name(self) -> str:
        return f"{self.bench}, {self.simulator}, seed {self.seed}"


def all_runs(seeds: int = 2) -> list[Run]:
    """Every stage's bench, and those of the unit with so many seeds; less what needs a tool that is not here."""
    found = [Run(f"bench_{stage}", Simulator.VERILATOR, 1) for stage in STAGES]
    where = [(Simulator.VERILATOR, seed) for seed in range(1, seeds + 1)]
    where += [(Simulator.ICARUS, seeds + 1)] * (icarus() is not None)
    return found + [Run(bench, *place) for place in where for bench in BENCHES]


def collect(config: Config, argument: str, runs: Sequence[Run], tell: Tell) -> list[Covered]:
    """The functional coverage of `runs` together; `argument` is what `nmpu_spec.load.load` takes for `config`."""
    builds: dict[tuple[bool, Simulator], Build] = {}
    with tempfile.TemporaryDirectory(prefix="nmpu_coverage_") as name:
        folder = Path(name).resolve()
        for at, run in enumerate(runs):
            tell(run.name, at, len(runs))
            of_unit = run.bench in BENCHES
            if (of_unit, run.simulator) not in builds:
                builds[of_unit, run.simulator] = build(*_verilog(config, of_unit), run.simulator)
            path = folder / f"{run.name}.jsonl"
            environment = {ENVIRONMENT: str(path)}
            simulate(builds[of_unit, run.simulator], run.bench, argument, seed=run.seed, environment=environment)
        return judge(groups(config), read_hits(sorted(folder.iterdir())))


def collect_structural(config: Config, argument: str, tell: Tell, seeds: int = 2) -> dict[Point, int]:
    """The line and toggle coverage of the unit's benches in Verilator, with so many seeds, together."""
    tell("line and toggle coverage", 0, None)
    built = build(*_verilog(config, True), more=OPTIONS)
    paths: list[Path] = []
    with tempfile.TemporaryDirectory(prefix="nmpu_coverage_") as name:
        for seed in range(1, seeds + 1):
            simulate(built, BENCHES, argument, seed=seed)
            left = run_folder(built, "+".join(BENCHES)) / "coverage.dat"
            paths.append(Path(name) / f"{seed}.dat")
            shutil.move(left, paths[-1])
        return merged(paths)


def _verilog(config: Config, of_unit: bool) -> tuple[Path, str]:
    """The Verilog that the benches run on, and the name of its top module."""
    if of_unit:
        return verilog_of(config, "nmpu", lambda: Nmpu(config)), "nmpu"
    return verilog_of(config, "stages", lambda: StageArray(stages(config))), "stages"
