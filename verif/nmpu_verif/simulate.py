"""Run cocotb benches on a built simulator."""

import os
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from xml.etree import ElementTree

from nmpu_verif.builds import Build, Simulator


class BenchError(AssertionError):
    """A bench found a difference; the message is its first line."""


def simulate(
    build: Build,
    bench: str | Sequence[str],
    config: str,
    *,
    seed: int = 1,
    test: str | None = None,
    waves: bool = False,
    environment: Mapping[str, str] | None = None,
) -> int:
    """Run the cocotb tests of the module ``nmpu_verif.<bench>`` (or its one `test`); returns how many ran.

    Several benches run one after the other in one simulation, which starts once.
    `config` is what `nmpu_spec.load.load` takes. Raises `BenchError` with the first difference that a bench found.
    """
    benches = [bench] if isinstance(bench, str) else [*bench]
    bench = "+".join(benches)
    folder = run_folder(build, bench)
    folder.mkdir(parents=True, exist_ok=True)
    results = folder / "results.xml"
    results.unlink(missing_ok=True)
    # Two-state registers start with random bits, as silicon does; four-state ones start as X.
    random_start = ["+verilator+rand+reset+2", f"+verilator+seed+{seed}"]
    plusargs = random_start if build.simulator is Simulator.VERILATOR else []
    # Under pytest the runner raises SystemExit for a failed bench; the results file says what failed.
    with suppress(SystemExit):
        build.runner.test(
            test_module=[f"nmpu_verif.{name}" for name in benches],
            hdl_toplevel=build.top,
            build_dir=build.folder.resolve(),
            test_dir=folder,
            results_xml=str(results),
            testcase=test,
            waves=waves,
            log_file=folder / "simulation.log",
            timescale=("1ns", "1ps"),
            plusargs=plusargs,
            extra_env={
                "NMPU_CONFIG": str(Path(config).resolve()) if config.endswith(".toml") else config,
                "NMPU_SEED": str(seed),
                "COCOTB_RANDOM_SEED": str(seed),
                "PYTHONHASHSEED": "0",
                **(environment or {}),
            },
        )
    return _judge(results, folder / "simulation.log", bench)


def run_folder(build: Build, bench: str) -> Path:
    """Where this process runs `bench`; what the simulator leaves lies there."""
    return build.folder.resolve() / "runs" / f"{bench}-{os.getpid()}"


def simulate_watched(build: Build, bench: str, config: str, work: Path, watch: Callable[[], None]) -> None:
    """`simulate` with the folder `work` for its files; `watch` is called several times a second meanwhile."""
    outcome: list[Exception] = []

    def run() -> None:
        try:
            simulate(build, bench, config, environment={"NMPU_WORK": str(work.resolve())})
        except Exception as error:
            outcome.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    while thread.is_alive():
        thread.join(0.2)
        watch()
    for error in outcome:
        raise error


def _judge(results: Path, log: Path, bench: str) -> int:
    if not results.is_file():
        raise BenchError(f"{bench}: the simulation ended without results; see {log}")
    cases = list(ElementTree.parse(results).iter("testcase"))
    for case in cases:
        problem = case.find("failure")
        problem = case.find("error") if problem is None else problem
        if problem is not None:
            message = problem.get("error_msg") or problem.get("message") or problem.text or "failed"
            raise BenchError(f"{bench}.{case.get('name')}: {message.strip().splitlines()[0]} (log: {log})")
    if not cases:
        raise BenchError(f"{bench}: no test ran; see {log}")
    return len(cases)
