"""Area and clock of units, at one library and by one rule: what `make ppa` reports."""

import pickle
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import nmpu_flow
from nmpu_flow.fanout import buffer
from nmpu_flow.floor import Floor
from nmpu_flow.library import Library
from nmpu_flow.netlist import Netlist
from nmpu_flow.standin import lighten
from nmpu_flow.synthesis import FAST, SMALL, Recipe
from nmpu_flow.timing import Timing, analyse
from nmpu_spec.config import Config
from nmpu_spec.half import HalfConfig
from nmpu_verif.builds import BUILD
from nmpu_verif.cache import made_once
from nmpu_verif.netlists import Rtl, flat_rtl, instance_paths, module, netlist, prepare, unit_rtl

Progress = Callable[[str, int, int], None]
"""Called with what is done, the steps done, and their number."""


@dataclass(frozen=True)
class Component:
    """A part of a unit: the cells of a module itself, without those of the modules inside it that are parts too.

    place   its instance path, ``lanes/lane/path``; empty for the unit's own
    count   how often it is there; area and gates are those of all of them
    """

    place: str
    count: int
    recipe: str
    area_um2: float
    sequential_um2: float
    gates: float


@dataclass(frozen=True)
class Point:
    """A unit at one end of the trade between clock and area.

    period_ns       the shortest clock of the unit: the longest path from register to register
    lane_period_ns  that of one lane alone
    gates           gate equivalents: area / that of the library's smallest two-input NAND
    """

    period_ns: float
    start: str
    end: str
    lane_period_ns: float
    area_um2: float
    gates: float
    flops: int
    lane_area_um2: float
    lane_gates: float
    lane_flops: int
    components: list[Component]


@dataclass(frozen=True)
class FloorArea:
    """The bare multipliers and adders of one lane (`nmpu_flow.floor.Floor`), and a unit's area / (lanes * floor)."""

    fast_um2: float
    small_um2: float
    overhead_fast: float
    overhead_small: float


@dataclass(frozen=True)
class UnitPpa:
    """`stages_ns`: for each register of the data path at `fast`, the longest path that ends in it, inputs included."""

    name: str
    config_hash: str
    columns: int
    lanes: int
    latency_clocks: int
    fast: Point
    small: Point
    stages_ns: dict[str, float]
    floor: FloorArea | None


def measure(config: Config, library: Library, progress: Progress) -> UnitPpa:
    """Area and clock of the unit of `config` in cells of `library`.

    small   every module by the recipe `SMALL`
    fast    the data path by `FAST`; so, step by step, is every other module that the longest path of the unit crosses,
            or in which a path ends that is longer than any of the data path alone; until there is none by `SMALL`
    Kept by content under ``build/``. Raises `FlowError` for what Yosys or OpenSTA refuse.
    """
    rtl = unit_rtl(config)
    digest = sha256(f"{config.name} {config.hash} {rtl.verilog} {library.digest}".encode())
    here = Path(__file__)
    for source in (*sorted(Path(nmpu_flow.__path__[0]).glob("*.py")), here, here.with_name("netlists.py")):
        digest.update(source.read_bytes())
    folder = BUILD / "ppa" / digest.hexdigest()[:16]
    with made_once(folder) as missing:
        if missing:
            (folder / "unit.pickle").write_bytes(pickle.dumps(_measured(config, rtl, library, progress)))
    unit: UnitPpa = pickle.loads((folder / "unit.pickle").read_bytes())
    return unit


def _measured(config: Config, rtl: Rtl, library: Library, progress: Progress) -> UnitPpa:
    path = rtl.tree[rtl.lane]["path"]
    prepare([*((rtl, name, SMALL) for name in rtl.modules), (rtl, path, FAST)], library, progress)
    progress("timing", 0, 1)
    alone = analyse(Netlist(path, {path: module(rtl, path, FAST, library)}, library), ports=True)
    recipes = dict.fromkeys(rtl.modules, SMALL)
    small = _point(rtl, recipes, *_timed(rtl, library, recipes))
    recipes[path] = FAST
    while True:
        unit, timing = _timed(rtl, library, recipes)
        slow = [name for name in _modules_on(rtl, timing, alone.period) if recipes[name] is SMALL]
        if not slow:
            break
        recipes |= dict.fromkeys(slow, FAST)
        prepare([(rtl, name, FAST) for name in slow], library, progress)
        progress("timing", 0, 1)
    fast = _point(rtl, recipes, unit, timing)
    return UnitPpa(
        name=config.name,
        config_hash=config.hash,
        columns=config.columns,
        lanes=config.lanes,
        latency_clocks=config.pipeline.latency,
        fast=fast,
        small=small,
        stages_ns={name: delay * 1e9 for name, delay in alone.registers.items()},
        floor=None if isinstance(config, HalfConfig) else _floor(config, library, fast, small, progress),
    )


def _timed(rtl: Rtl, library: Library, recipes: Mapping[str, Recipe]) -> tuple[Netlist, Timing]:
    """The unit with its buffers, and its timing."""
    unit = netlist(rtl, library, recipes)
    return unit, analyse(lighten(unit, rtl.lane, buffer(unit)))


def _modules_on(rtl: Rtl, timing: Timing, target: float) -> set[str]:
    """The modules that the longest path crosses, and those in which a path longer than `target` ends."""
    modules = dict(instance_paths(rtl))
    places = [*timing.through, *(register for register, delay in timing.registers.items() if delay > target)]
    return {modules[place.rpartition("/")[0]] for place in places}


def _point(rtl: Rtl, recipes: Mapping[str, Recipe], unit: Netlist, timing: Timing) -> Point:
    lane = Netlist(rtl.lane, unit.modules, unit.library)
    gate = unit.library.nand2.area
    return Point(
        period_ns=timing.period * 1e9,
        start=timing.start,
        end=timing.end,
        lane_period_ns=analyse(lane).period * 1e9,
        area_um2=unit.area(),
        gates=unit.area() / gate,
        flops=unit.flops(),
        lane_area_um2=lane.area(),
        lane_gates=lane.area() / gate,
        lane_flops=lane.flops(),
        components=_components(rtl, unit, recipes),
    )


def _components(rtl: Rtl, unit: Netlist, recipes: Mapping[str, Recipe]) -> list[Component]:
    counts: Counter[tuple[str, str]] = Counter()
    for place, name in instance_paths(rtl):
        parts = [("lane" if part.startswith("lane_") else part) for part in place.split("/")]
        counts["/".join(parts), name] += 1
    return [
        Component(
            place=place,
            count=count,
            recipe=recipes[name].name,
            area_um2=count * unit.own_area(name),
            sequential_um2=count * unit.own_area(name, sequential_only=True),
            gates=count * unit.own_area(name) / unit.library.nand2.area,
        )
        for (place, name), count in counts.items()
    ]


def _floor(config: Config, library: Library, fast: Point, small: Point, progress: Progress) -> FloorArea:
    rtl = flat_rtl(config, "floor", lambda: Floor(config))
    prepare([(rtl, "floor", recipe) for recipe in (FAST, SMALL)], library, progress)
    areas = [netlist(rtl, library, {"floor": recipe}).area() for recipe in (FAST, SMALL)]
    return FloorArea(
        fast_um2=areas[0],
        small_um2=areas[1],
        overhead_fast=fast.area_um2 / (config.lanes * areas[0]),
        overhead_small=small.area_um2 / (config.lanes * areas[1]),
    )
