"""Energy of a column result: the lane's netlist on the codes of the real workload, gate by gate."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from nmpu_aimc.workload import Batch
from nmpu_flow.fanout import buffer
from nmpu_flow.gates import GateSimulator
from nmpu_flow.library import Library
from nmpu_flow.netlist import Netlist
from nmpu_flow.power import Energy, energy
from nmpu_flow.synthesis import RECIPES, Recipe
from nmpu_spec.config import Config
from nmpu_verif.lane_stimulus import Stimulus, from_bits
from nmpu_verif.netlists import netlist, prepare, unit_rtl
from nmpu_verif.ppa import UnitPpa
from nmpu_verif.simulate import BenchError

_CLOCKS, _LANES = 64, 256


@dataclass(frozen=True)
class PartEnergy:
    """Of a part of the lane, picojoule for one column result; leakage over one clock at the unit's shortest period."""

    internal_pj: float
    switching_pj: float
    clock_pj: float
    leakage_pj: float

    @property
    def total_pj(self) -> float:
        return self.internal_pj + self.switching_pj + self.clock_pj + self.leakage_pj


@dataclass(frozen=True)
class LaneEnergy:
    """`parts`: data path (``path``), parameter memories (``memories``), and the registers around them (``lane``).

    vectors   that were simulated of each layer;  results   column results that were counted
    """

    vectors: int
    results: int
    parts: dict[str, PartEnergy]

    @property
    def total_pj(self) -> float:
        return sum(part.total_pj for part in self.parts.values())


def lane_energy(config: Config, ppa: UnitPpa, batches: Sequence[Batch], library: Library) -> LaneEnergy:
    """The energy of the lanes of `ppa.fast` for the vectors of `batches`, which are the workload on `config`.

    Of each batch some vectors, evenly spread: as many as take `_CLOCKS` clocks, one after the other without a pause, in
    each of several units side by side, which have `_LANES` lanes together. Batches count by their number of vectors.
    Every lane is simulated gate by gate, without glitches. Column selection, control, counters, CRC and register block
    are not part of it, nor are wires and clock tree. Raises `BenchError` where a code is not the golden model's.
    """
    rtl = unit_rtl(config)
    by_name = {recipe.name: recipe for recipe in RECIPES}
    chosen = {part.place: by_name[part.recipe] for part in ppa.fast.components if part.place.startswith("lanes/lane")}
    recipes: dict[str, Recipe] = {rtl.lane: chosen["lanes/lane"]}
    recipes |= {of: chosen[f"lanes/lane/{name}"] for name, of in rtl.tree[rtl.lane].items()}
    prepare([(rtl, name, recipe) for name, recipe in recipes.items()], library, lambda *_: None)
    lane = netlist(rtl, library, recipes, rtl.lane)
    buffer(lane)
    vectors = min(max(1, _CLOCKS // config.groups), *(len(batch.p) for batch in batches))
    stimulus = Stimulus(config, vectors, max(1, _LANES // config.lanes))
    simulator = GateSimulator(lane, stimulus.copies, still=_still(lane))
    whole = sum(len(batch.p) for batch in batches)
    parts: dict[str, PartEnergy] = {}
    for batch in batches:
        share = len(batch.p) / whole
        for name, one in _batch(simulator, library, stimulus, batch).items():
            part = "memories" if name.startswith("memory") else name or "lane"
            found = _per_result(one, stimulus.results, share, ppa.fast.period_ns * 1e-9)
            parts[part] = _sum(parts[part], found) if part in parts else found
    return LaneEnergy(vectors * stimulus.units, stimulus.results * len(batches), parts)


def _still(lane: Netlist) -> list[str]:
    """What keeps its value while vectors flow: the register bus, the settings, and the words of the memories."""
    module = lane.modules[lane.top]
    ports = [
        name for name in module.ports if name.startswith(("host_", "write", "inject", "layer_", "test", "capture"))
    ]
    words = [
        f"{memory.name}/{cell.name}"
        for memory in module.instances
        if memory.name.startswith("memory_")
        for cell in lane.modules[memory.of].instances
        if cell.name.startswith("words_")
    ]
    return [*ports, "clk", *words]


def _batch(simulator: GateSimulator, library: Library, stimulus: Stimulus, batch: Batch) -> dict[str, Energy]:
    """Energy of each part of the lane for the vectors of one batch; checks every code."""
    simulator.toggles[:] = [0] * len(simulator.toggles)
    columns = stimulus.columns(batch)
    simulator.load(stimulus.memory(batch), stimulus.inputs(batch, columns, 0))
    for clock in range(stimulus.clocks):
        simulator.settle(stimulus.inputs(batch, columns, clock), count=clock >= stimulus.filled)
        group = clock - stimulus.latency
        if group >= 0 and not np.array_equal(
            from_bits(simulator.read("code"), stimulus.copies), columns["out"][group] & 255
        ):
            raise BenchError(f"{batch.name}: the netlist's codes of group {group} are not the golden model's")
        simulator.clock()
    return energy(simulator.flat, library, simulator.toggles, (stimulus.clocks - stimulus.filled) * stimulus.copies)


def _per_result(one: Energy, results: int, share: float, period: float) -> PartEnergy:
    scale = 1e12 * share / results
    return PartEnergy(
        one.internal * scale, one.switching * scale, one.clock * scale, one.leakage * period * 1e12 * share
    )


def _sum(a: PartEnergy, b: PartEnergy) -> PartEnergy:
    return PartEnergy(
        a.internal_pj + b.internal_pj,
        a.switching_pj + b.switching_pj,
        a.clock_pj + b.clock_pj,
        a.leakage_pj + b.leakage_pj,
    )
