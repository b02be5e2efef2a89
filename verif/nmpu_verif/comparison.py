"""The fixed-point unit beside the FP16 unit: speed, area, energy and codes, from one run with the same tools."""

from collections.abc import Callable
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import asdict, dataclass, replace
from multiprocessing import get_context

from nmpu_aimc.digital import Agreement
from nmpu_aimc.workload import run
from nmpu_flow.library import Library
from nmpu_spec.config import Config
from nmpu_spec.half import beside
from nmpu_verif.activity import LaneEnergy, lane_energy
from nmpu_verif.ppa import UnitPpa, measure
from nmpu_verif.workload_run import WorkloadRun, agreement, run_workload

LANES = (16, 32, 64, 128, 256)
"""The lane counts that are compared, as far as they divide the columns; the configuration's own is always one."""
PAPER = {"speedup": 139.0, "area_ratio_unit": 7.8}
"""Ferro et al., ISCAS 2024 (arXiv 2402.07549), abstract: 64 fixed-point units against the FP16 implementation."""

Progress = Callable[[str, int, int], None]
"""Called with what is done, the steps done, and their number."""


@dataclass(frozen=True)
class Contender:
    """One unit. Times are at its own shortest clock, areas at that clock (`UnitPpa.fast`).

    vector_ns     time for which a vector keeps the next one waiting: throughput
    latency_ns    time from the entry of a vector to its last code, alone
    energy        of a column result in the lanes, where it was measured
    lane_um2      one lane without its parameter memories: what works on one column per clock
    banks_um2     the parameter memories of all lanes
    """

    name: str
    lanes: int
    workload: WorkloadRun
    ppa: UnitPpa
    energy: LaneEnergy | None = None

    @property
    def period_ns(self) -> float:
        return self.ppa.fast.period_ns

    @property
    def vector_ns(self) -> float:
        return self.workload.cycles_per_vector * self.period_ns

    @property
    def latency_ns(self) -> float:
        return self.workload.vector_cycles * self.period_ns

    @property
    def area_um2(self) -> float:
        return self.ppa.fast.area_um2

    @property
    def banks_um2(self) -> float:
        return sum(part.area_um2 for part in self.ppa.fast.components if part.place.startswith("lanes/lane/memory"))

    @property
    def lane_um2(self) -> float:
        return self.ppa.fast.lane_area_um2 - self.banks_um2 / self.lanes


@dataclass(frozen=True)
class Comparison:
    """What ``build/bench.json`` holds. `ours` is the configuration's own unit, `half` the FP16 unit."""

    library: str
    ours: Contender
    half: Contender
    others: list[Contender]
    agreement: Agreement

    @property
    def ratios(self) -> dict[str, float]:
        """How many times faster, smaller, and both, our unit is than the FP16 unit.

        area_ratio_unit   of whole units, parameter banks included; area_ratio_unit_without_banks: without
        area_ratio_lane   of one lane each, without banks
        throughput_per_area_ratio   speedup_throughput * area_ratio_unit
        energy_ratio_datapath       of the data paths, per column result
        """
        ours, half = self.ours, self.half
        speedup = half.vector_ns / ours.vector_ns
        unit = half.area_um2 / ours.area_um2
        bare = (half.area_um2 - half.banks_um2) / (ours.area_um2 - ours.banks_um2)
        assert ours.energy is not None and half.energy is not None
        return {
            "speedup_latency": half.latency_ns / ours.latency_ns,
            "speedup_throughput": speedup,
            "speedup_cycles": half.workload.cycles_per_vector / ours.workload.cycles_per_vector,
            "area_ratio_unit": unit,
            "area_ratio_unit_without_banks": bare,
            "area_ratio_lane": half.lane_um2 / ours.lane_um2,
            "throughput_per_area_ratio": speedup * unit,
            "throughput_per_area_ratio_without_banks": speedup * bare,
            "energy_ratio_datapath": half.energy.parts["path"].total_pj / ours.energy.parts["path"].total_pj,
        }

    def as_json(self) -> dict[str, object]:
        return {
            **self.ratios,
            "paper": PAPER,
            "library": self.library,
            "agreement": asdict(self.agreement),
            "units": [_row(unit) for unit in (self.half, *self.others)],
        }


def compare(config: Config, library: Library, progress: Progress) -> Comparison:
    """Measure the FP16 unit beside `config` with its own and other lane counts.

    Raises `InputError` for a configuration that cannot serve the workload, `BenchError` where an RTL is not its model.
    """
    half = beside(config)
    lanes = sorted({config.lanes, *(count for count in LANES if config.columns % count == 0)})
    configs = [half, *(replace(config, lanes=count, name=f"{config.name}, {count} lanes") for count in lanes)]
    contenders: list[Contender] = []
    energies: dict[int, Future[LaneEnergy]] = {}
    # The gates of a lane run for minutes on one core: beside the other units, in a process of their own.
    with ProcessPoolExecutor(1, get_context("spawn")) as beside_us:
        for done, one in enumerate(configs):

            def step(what: str, *_: int, number: int = done, name: str = one.name) -> None:
                progress(f"{name}: {what}", number, len(configs))

            step("workload")
            codes = run(one)
            contenders.append(Contender(one.name, one.lanes, run_workload(one, codes), measure(one, library, step)))
            if one.lanes in (config.lanes, half.lanes):
                energies[done] = beside_us.submit(lane_energy, one, contenders[done].ppa, codes.batches, library)
        progress("energy", len(configs), len(configs))
        for done, energy in energies.items():
            contenders[done] = replace(contenders[done], energy=energy.result())
    others = contenders[1:]
    return Comparison(
        library=library.name,
        ours=next(unit for unit in others if unit.lanes == config.lanes),
        half=contenders[0],
        others=others,
        agreement=agreement(run(config).batches, half),
    )


def _row(unit: Contender) -> dict[str, object]:
    times = {"period_ns": unit.period_ns, "vector_ns": unit.vector_ns, "latency_ns": unit.latency_ns}
    areas = {"area_um2": unit.area_um2, "banks_um2": unit.banks_um2, "lane_um2": unit.lane_um2}
    energy = asdict(unit.energy) if unit.energy else None
    measured = {"energy": energy, "ppa": asdict(unit.ppa)}
    return {"name": unit.name, "lanes": unit.lanes, **times, **areas, **asdict(unit.workload), **measured}
