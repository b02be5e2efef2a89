"""The real workload through the golden model and the RTL: what `make sim` reports."""

import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from nmpu_aimc import digits
from nmpu_aimc.workload import run
from nmpu_hw.nmpu import Nmpu
from nmpu_spec.config import Config
from nmpu_spec.half import HalfConfig, beside
from nmpu_verif.builds import BUILD, Build, build, verilog_of
from nmpu_verif.simulate import BenchError, simulate_watched
from nmpu_verif.workload import save

Progress = Callable[[str, int, int], None]
"""Called with the step's name, the vectors done, and their number."""


@dataclass(frozen=True)
class Report:
    """``report.json``. `samples` are the column results compared; `counters` are those that the unit itself counted.

    cycles_per_vector   (busy + wait_rx + stall_out) / vectors: the clocks for which a vector occupies the unit
    lane_utilization    busy / cycles: the part of the clocks in which every lane takes a column
    columns_in_use      the part of the column results that the workload's layers ask for
    """

    preset: str
    config_hash: str
    images: int
    vectors: int
    samples: int
    mismatches: int
    accuracy: dict[str, float]
    cycles: int
    cycles_per_vector: float
    lane_utilization: float
    columns_in_use: float
    latency_cycles: int
    counters: dict[str, int]
    batches: list[dict[str, int | str]]
    simulated_samples_per_second: float
    seconds: dict[str, float]
    first_mismatch: str | None


def cosimulate(config: Config, source: str, images: int | None, progress: Progress) -> Report:
    """Run the digits network's ADC codes through both, and write ``build/sim/report.json``.

    `source` is what `config` was loaded from. Raises `InputError` for a configuration that cannot serve the network.
    """
    folder = BUILD / "sim"
    folder.mkdir(parents=True, exist_ok=True)
    started = time.monotonic()
    progress("golden model", 0, 1)
    done = run(config, images)
    labels = done.labels
    reference = digits.float_logits(digits.load_weights(), digits.split()[1].first(len(labels)))
    accuracy = {"float": digits.accuracy(reference, labels)}
    if isinstance(config, HalfConfig):
        accuracy["fp16"] = done.accuracy
    else:
        accuracy |= {"fp16": run(beside(config), images).accuracy, "nmpu": done.accuracy}
    save(done.batches, folder / "workload.npz")
    modelled = time.monotonic()
    progress("building the simulator", 0, 1)
    simulator = build(verilog_of(config, "nmpu", lambda: Nmpu(config)), "nmpu")
    built = time.monotonic()
    failure = _simulate(simulator, source, folder, progress)
    result = json.loads((folder / "result.json").read_text("utf-8"))
    counters = result["counters"]
    vectors = sum(len(batch.p) for batch in done.batches)
    occupied = counters["busy"] + counters["wait_rx"] + counters["stall_out"]
    report = Report(
        preset=config.name,
        config_hash=config.hash,
        images=len(labels),
        vectors=vectors,
        samples=result["outputs_compared"],
        mismatches=result["mismatches"],
        accuracy=accuracy,
        cycles=counters["cycles"],
        cycles_per_vector=occupied / vectors,
        lane_utilization=counters["busy"] / counters["cycles"],
        columns_in_use=counters["samples"] / result["outputs_compared"],
        latency_cycles=result["latency_cycles"],
        counters=counters,
        batches=result["batches"],
        simulated_samples_per_second=result["outputs_compared"] / result["simulation_seconds"],
        seconds={
            "golden_model": modelled - started,
            "build": built - modelled,
            "simulation": result["simulation_seconds"],
            "total": time.monotonic() - started,
        },
        first_mismatch=failure,
    )
    (folder / "report.json").write_text(json.dumps(asdict(report), indent=1) + "\n", "utf-8")
    return report


def _simulate(simulator: Build, source: str, folder: Path, progress: Progress) -> str | None:
    """Run the bench while its progress file is watched; returns the first difference, if there was one."""
    for name in ("result.json", "progress"):
        (folder / name).unlink(missing_ok=True)

    def watch() -> None:
        if (folder / "progress").is_file():
            done, _, total = (folder / "progress").read_text("utf-8").partition(" ")
            if total:
                progress("RTL simulation", int(done), int(total))

    try:
        simulate_watched(simulator, "bench_workload", source, folder, watch)
    except BenchError as error:
        if not (folder / "result.json").is_file():
            raise
        return str(error)
    return None
