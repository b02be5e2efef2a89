"""The unit's benches on the Verilog that is handed over."""

import hashlib
import time
from collections.abc import Callable
from pathlib import Path

from nmpu_flow.errors import FlowError
from nmpu_flow.tools import verilator_version
from nmpu_spec.config import Config
from nmpu_verif.builds import BUILD, Build, Simulator, build
from nmpu_verif.simulate import BenchError, simulate
from nmpu_verif.tapeout.check import Check
from nmpu_verif.tapeout.lint import icarus_version
from nmpu_verif.tapeout.package_files import listed

BENCHES = ("bench_nmpu", "bench_testport")
START = {Simulator.VERILATOR: "registers start with random bits", Simulator.ICARUS: "four-state, registers start as X"}


def rtl_checks(argument: str) -> tuple[Check, ...]:
    """The benches on the files of ``nmpu.f``, in both simulators; `argument` is what `nmpu_spec.load.load` takes."""

    def check(simulator: Simulator) -> Check:
        return bench_check(
            "RTL",
            simulator,
            START[simulator],
            lambda folder, _: run_benches(argument, lambda: build(joined(folder), "nmpu", simulator)),
        )

    return tuple(check(simulator) for simulator in Simulator)


def bench_check(of: str, simulator: Simulator, method: str, run: Callable[[Path, Config], str]) -> Check:
    """A check that is `run_benches` on something."""
    tools = {Simulator.VERILATOR: lambda: f"Verilator {verilator_version()}", Simulator.ICARUS: icarus_version}
    return Check(f"simulation: {of}", tools[simulator], f"benches of the unit; {method}", run)


def run_benches(argument: str, make: Callable[[], Build]) -> str:
    """Every test of `BENCHES` on what `make` builds; raises `FlowError` with the first difference that they find."""
    start = time.monotonic()
    built = make()
    ready = time.monotonic()
    try:
        tests = sum(simulate(built, bench, argument) for bench in BENCHES)
    except BenchError as error:
        raise FlowError(str(error)) from None
    return f"{tests} tests; build {ready - start:.0f} s, run {time.monotonic() - ready:.0f} s"


def joined(folder: Path) -> Path:
    """The files of the list, one after the other, as one file."""
    text = "".join((folder / name).read_text("utf-8") for name in listed(folder))
    path = BUILD / "verilog" / hashlib.sha256(text.encode()).hexdigest()[:16] / "nmpu.v"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
    return path
