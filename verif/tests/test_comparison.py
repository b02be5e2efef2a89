"""The comparison with the FP16 unit: what its ratios mean, and that it stops where RTL and model differ."""

from dataclasses import replace

import pytest

from nmpu_aimc.workload import run
from nmpu_spec.half import beside
from nmpu_spec.load import load
from nmpu_verif import workload_run
from nmpu_verif.activity import LaneEnergy, PartEnergy
from nmpu_verif.comparison import Comparison, Contender
from nmpu_verif.compiled import CompiledRtl, compiled
from nmpu_verif.ppa import Component, Point, UnitPpa
from nmpu_verif.simulate import BenchError
from nmpu_verif.workload_run import Agreement, WorkloadRun, agreement, run_workload

CONFIG = replace(load("hermes256"), columns=64, lanes=16, name="narrow")


def contender(lanes: int, clocks: float, alone: int, period: float, lane: float, bank: float, rest: float) -> Contender:
    """A unit of `lanes` lanes, each `lane` um2 and `bank` um2 of memories, and `rest` um2 around them."""
    bare = Component("lanes/lane/path", lanes, "fast", lanes * lane, 0.0, 0.0)
    banks = Component("lanes/lane/memory_norm_1", lanes, "small", lanes * bank, 0.0, 0.0)
    area = lanes * (lane + bank) + rest
    point = Point(period, "", "", period, area, 0.0, 0, lane + bank, 0.0, 0, [bare, banks])
    ppa = UnitPpa("", "", 256, lanes, 0, point, point, {}, None)
    energy = LaneEnergy(1, 1, {"path": PartEnergy(lane, 0.0, 0.0, 0.0), "memories": PartEnergy(bank, 0.0, 0.0, 0.0)})
    return Contender("", lanes, WorkloadRun(1, clocks, int(clocks), alone, 1.0, 1.0), ppa, energy)


def test_what_the_ratios_mean() -> None:
    ours = contender(lanes=64, clocks=4, alone=9, period=2.0, lane=10.0, bank=5.0, rest=40.0)
    half = contender(lanes=1, clocks=256, alone=272, period=3.0, lane=100.0, bank=400.0, rest=50.0)
    assert Comparison("cells", ours, half, [ours], Agreement(1, 1, 0)).ratios == pytest.approx(
        {
            "speedup_latency": 272 * 3 / (9 * 2),
            "speedup_throughput": 256 * 3 / (4 * 2),
            "speedup_cycles": 64,
            "area_ratio_unit": 550 / 1000,
            "area_ratio_unit_without_banks": 150 / 680,
            "area_ratio_lane": 10,
            "throughput_per_area_ratio": 96 * 550 / 1000,
            "throughput_per_area_ratio_without_banks": 96 * 150 / 680,
            "energy_ratio_datapath": 10,
        }
    )


@pytest.mark.parametrize("half", [False, True])
def test_clocks_are_what_the_rtl_counts(half: bool) -> None:
    config = beside(CONFIG) if half else CONFIG
    seen = run_workload(config, run(config, images=2))
    assert seen.results == 2 * 101 * 64
    assert seen.cycles_per_vector == seen.cycles_floor == config.groups
    assert seen.vector_cycles == config.groups + config.pipeline.latency


def test_a_wrong_code_ends_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def wrong(config: object) -> object:
        rtl: CompiledRtl = compiled(CONFIG)

        def call(*arguments: object) -> object:
            result = rtl(*arguments)  # type: ignore[arg-type]
            result.out[-1, 0] ^= 1
            return result

        return call

    monkeypatch.setattr(workload_run, "compiled", wrong)
    with pytest.raises(BenchError, match=r"^narrow, conv1\.0: RTL and model differ"):
        run_workload(CONFIG, run(CONFIG, images=1))


def test_agreement_is_counted_in_the_columns_in_use() -> None:
    done = run(CONFIG, images=2)
    codes = sum(int(batch.program.mask.sum()) * len(batch.p) for batch in done.batches)
    assert agreement(done.batches, CONFIG) == Agreement(codes, codes, 0)
    other = agreement(done.batches, beside(CONFIG))
    assert other.codes == codes
    assert 0 < other.identical < codes
    assert 1 <= other.largest_difference <= 3
