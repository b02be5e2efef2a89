"""Any power-up state: the unit's benches from random ones, and from registers and memories that are all X."""

import json
import re
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from nmpu_flow.package import write_package
from nmpu_flow.tools import icarus, verilator_version
from nmpu_hw.nmpu import Nmpu
from nmpu_spec.config import Config
from nmpu_verif.builds import Build, Simulator, build
from nmpu_verif.evidence import Evidence, Outcome
from nmpu_verif.simulate import BenchError, simulate
from nmpu_verif.tapeout.lint import icarus_version
from nmpu_verif.tapeout.rtl_bench import BENCHES, joined

START = "bench_start"
Tell = Callable[[str, int, int | None], None]


@dataclass(frozen=True)
class Start:
    """What `bench_start` saw: pins before the reset; words of the memories and of registers after it, in two states."""

    pins: dict[str, str]
    memories: tuple[int, ...] = ()
    registers: tuple[int, ...] = ()

    @property
    def unknown(self) -> bool:
        """Every one of the pins is X."""
        return all(set(value.lower()) == {"x"} for value in self.pins.values())


def silicon_verilog(config: Config, scratch: Path) -> Path:
    """What ``nmpu verilog`` hands over, as one file."""
    write_package(Nmpu(config), config, scratch)
    return joined(scratch)


def power_up(built: Build, argument: str, seed: int, benches: Sequence[str] = BENCHES) -> tuple[Start, int]:
    """Start the unit once, in a process of its own; returns how it was and how many tests passed then.

    `argument` is what `nmpu_spec.load.load` takes. Raises `BenchError` with the first difference.
    """
    with tempfile.TemporaryDirectory(prefix="nmpu_powerup_") as name:
        tests = simulate(built, [START, *benches], argument, seed=seed, environment={"NMPU_WORK": name})
        found = json.loads((Path(name) / "start.json").read_text("utf-8"))
    return Start(found["pins"], tuple(found.get("memories", ())), tuple(found.get("registers", ()))), tests


def evidence(config: Config, argument: str, states: int, tell: Tell) -> list[Evidence]:
    """The rows for `states` random power-ups and one four-state one."""
    with tempfile.TemporaryDirectory(prefix="nmpu_package_") as name:
        tell("writing the Verilog", 0, None)
        verilog = silicon_verilog(config, Path(name) / "package")
    return [_no_initial(verilog), *_random(verilog, argument, states, tell), _unknown(verilog, argument, tell)]


def _no_initial(verilog: Path) -> Evidence:
    start = time.monotonic()
    found = re.findall(r"\binitial\b.*", re.sub(r"//.*", "", verilog.read_text("utf-8")))
    outcome = Outcome.FAILED if found else Outcome.PASSED
    seconds = time.monotonic() - start
    return Evidence(
        "the Verilog for silicon sets no initial value", "text search", "all files", "own", seconds, outcome, *found[:1]
    )


def _random(verilog: Path, argument: str, states: int, tell: Tell) -> list[Evidence]:
    tool, start = f"Verilator {verilator_version()}", time.monotonic()
    starts: list[Start] = []
    tests, note = 0, ""
    try:
        tell("building", 0, None)
        built = build(verilog, "nmpu")
        for seed in range(1, states + 1):
            tell("random power-up states", seed - 1, states)
            found, tests = power_up(built, argument, seed)
            starts.append(found)
    except BenchError as error:
        note = f"seed {len(starts) + 1}: {error}"
    seconds = time.monotonic() - start
    bound = f"{len(starts)} states, for each a new process with all {tests} tests and another stimulus"
    passed = Evidence(
        "the benches pass from random power-up states",
        "simulation, two-state, every register and memory starts with random bits",
        bound,
        tool,
        seconds,
        Outcome.FAILED if note else Outcome.PASSED,
        note,
    )
    return [passed, _differ(starts, tool)] if len(starts) > 1 else [passed]


def _differ(starts: Sequence[Start], tool: str) -> Evidence:
    """Whether the states were any different, in memories as in registers."""
    kinds = {"memories": [one.memories for one in starts], "captured registers": [one.registers for one in starts]}
    faults = [f"{name}: {len(starts) - len(set(words))} repeated" for name, words in kinds.items() if _alike(words)]
    return Evidence(
        "no two of these states are alike",
        "words that no reset reaches, read through the bus before any is written",
        ", ".join(f"{len(words[0])} words of {name}" for name, words in kinds.items()),
        tool,
        0.0,
        Outcome.FAILED if faults else Outcome.PASSED,
        "; ".join(faults),
    )


def _alike(states: Sequence[tuple[int, ...]]) -> bool:
    return len(set(states)) < len(states)


def _unknown(verilog: Path, argument: str, tell: Tell) -> Evidence:
    claim = "the benches pass where every register and memory starts as X"
    method = "simulation, four-state"
    if icarus() is None:
        return Evidence(claim, method, "", "Icarus", 0.0, Outcome.NOT_RUN, "install Debian's package iverilog")
    tell("registers start as X", 0, None)
    start = time.monotonic()
    tests, note = 0, ""
    try:
        found, tests = power_up(build(verilog, "nmpu", Simulator.ICARUS), argument, 1)
        note = "" if found.unknown else f"before the reset the pins are {found.pins}, not X"
    except BenchError as error:
        note = str(error)
    outcome = Outcome.FAILED if note else Outcome.PASSED
    bound = f"all {tests} tests; the outputs are X before the reset"
    return Evidence(claim, method, bound, icarus_version(), time.monotonic() - start, outcome, note)
