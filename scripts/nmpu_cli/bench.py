"""`nmpu bench`: the fixed-point unit beside the FP16 unit, and how fast models and simulated RTL are."""

import json
from collections.abc import Callable
from pathlib import Path

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from nmpu_cli.options import ConfigOption, JsonOption, LibertyOption
from nmpu_cli.progress import progress_bar
from nmpu_flow.library import find_library, read_library
from nmpu_flow.timing import require_sta
from nmpu_spec.half import require_fixed
from nmpu_spec.load import load
from nmpu_verif.comparison import PAPER, Comparison, Contender, compare
from nmpu_verif.speed import Speed, comparable, measure

_REPORT = Path("build") / "bench.json"


def bench(config: ConfigOption = "hermes256", liberty: LibertyOption = None, as_json: JsonOption = False) -> None:
    """Speed, area and codes beside the FP16 unit, on the digits workload; speed of the models; build/bench.json."""
    loaded = require_fixed(load(config))
    require_sta()
    library = read_library(find_library(liberty))
    with progress_bar() as progress:
        speeds = []
        if comparable(loaded):
            speeds = measure(loaded, config, lambda name: progress(f"timing {name}", 0, None))
        comparison = compare(loaded, library, progress)
    report = {**comparison.as_json(), "speed": [vars(speed) for speed in speeds]}
    _REPORT.parent.mkdir(parents=True, exist_ok=True)
    _REPORT.write_text(json.dumps(report, indent=1) + "\n", "utf-8")
    if as_json:
        print(json.dumps(report, indent=1))
        return
    console = Console(highlight=False)
    for table in (_units(comparison), _ratios(comparison)):
        console.print(table)
    if speeds:
        console.print(_speeds(config, speeds))
    else:
        console.print(
            "speed beside apytypes and fxpmath: left out, they have only rounding half_up without cuts in common"
        )
    agreement = comparison.agreement
    console.print(
        f"{loaded.name} and FP16 on the same ADC codes: {agreement.identical / agreement.codes:.2%} of "
        f"{agreement.codes:,} codes identical, largest difference {agreement.largest_difference} LSB",
        soft_wrap=True,
    )
    console.print(
        f"every RTL equals its golden model: {comparison.half.workload.results:,} column results each, 0 mismatches  "
        f"({_REPORT})",
        soft_wrap=True,
    )


def _units(comparison: Comparison) -> Table:
    title = f"cells of {comparison.library}, before layout; each unit at its own shortest clock"
    table = Table(title=title, title_justify="left", box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    table.add_column("lanes", no_wrap=True)
    units = [comparison.half, *comparison.others]
    for unit in units:
        table.add_column("FP16" if unit is comparison.half else f"{unit.lanes}", justify="right", no_wrap=True)
    for heading, cell in _ROWS.items():
        table.add_row(heading, *(cell(unit) for unit in units))
    return table


def _energy(unit: Contender, part: str | None = None) -> str:
    if unit.energy is None:
        return ""
    return f"{(unit.energy.parts[part] if part else unit.energy).total_pj:,.0f}"


_ROWS: dict[str, Callable[[Contender], str]] = {
    "clock, ns": lambda unit: f"{unit.period_ns:.2f}",
    "clocks per vector": lambda unit: f"{unit.workload.cycles_per_vector:g}",
    "  bound: columns / lanes": lambda unit: f"{unit.workload.cycles_floor:g}",
    "time per vector, ns": lambda unit: f"{unit.vector_ns:,.1f}",
    "clocks, one vector alone": lambda unit: f"{unit.workload.vector_cycles}",
    "latency of a vector, ns": lambda unit: f"{unit.latency_ns:,.0f}",
    "area, mm2": lambda unit: f"{unit.area_um2 / 1e6:.2f}",
    "  over bare operators": lambda unit: f"{unit.ppa.floor.overhead_fast:.2f}" if unit.ppa.floor else "",
    "  parameter banks": lambda unit: f"{unit.banks_um2 / 1e6:.2f}",
    "  one lane, without banks": lambda unit: f"{unit.lane_um2 / 1e6:.3f}",
    "1000 gate equivalents": lambda unit: f"{unit.ppa.fast.gates / 1e3:,.0f}",
    "pJ per result, lanes": _energy,
    "  data path": lambda unit: _energy(unit, "path"),
    "accuracy, digits": lambda unit: f"{unit.workload.accuracy:.2%}",
    "RTL simulated, M results/s": lambda unit: f"{unit.workload.results_per_second / 1e6:.1f}",
}


def _ratios(comparison: Comparison) -> Table:
    caption = (
        "The paper's FP16 unit, its 14 nm library and its clock are not public: its figures and ours have the question "
        "in common, not the baseline."
    )
    title = f"{comparison.ours.lanes} lanes against FP16"
    table = Table(title=title, caption=caption, title_justify="left", caption_justify="left")
    table.add_column("")
    table.add_column("measured", justify="right")
    table.add_column("paper", justify="right")
    ratios = comparison.ratios
    for name, text in _RATIOS.items():
        paper = PAPER.get("speedup" if name.startswith("speedup_t") else name)
        table.add_row(text, f"{ratios[name]:.2f}", f"{paper:g}" if paper else "")
    return table


_RATIOS = {
    "speedup_throughput": "times faster, vector after vector",
    "speedup_latency": "times faster, one vector alone",
    "speedup_cycles": "times fewer clocks per vector",
    "area_ratio_unit": "times smaller, unit with parameter banks",
    "area_ratio_unit_without_banks": "times smaller, unit without banks",
    "area_ratio_lane": "times smaller, one lane without banks",
    "throughput_per_area_ratio": "times the throughput per area, with banks",
    "throughput_per_area_ratio_without_banks": "times the throughput per area, without banks",
    "energy_ratio_datapath": "times less energy per column result, data path",
}


def _speeds(config: str, speeds: list[Speed]) -> Table:
    title = f"{config}: affine, BatchNorm, ReLU and both compressions; the fastest of several runs in one process"
    table = Table(title=title, title_justify="left")
    table.add_column("implementation", no_wrap=True)
    for heading in ("results", "seconds", "million/s", "times slower"):
        table.add_column(heading, justify="right")
    for speed in speeds:
        table.add_row(
            speed.name,
            f"{speed.samples:,}",
            f"{speed.seconds:.4f}",
            f"{speed.samples_per_second / 1e6:,.3f}",
            f"{speeds[0].samples_per_second / speed.samples_per_second:,.1f}",
        )
    return table
