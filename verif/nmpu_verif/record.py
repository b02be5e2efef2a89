"""Pin patterns of a bundle's cases, recorded from the RTL while the models watch it."""

import json
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from nmpu_bringup.bundle.golden import GoldenCase
from nmpu_bringup.bundle.pins import pins
from nmpu_bringup.bundle.stil import setup
from nmpu_bringup.bundle.write import heading
from nmpu_hw.nmpu import Nmpu
from nmpu_spec.config import Config
from nmpu_verif.builds import BUILD, build, verilog_of
from nmpu_verif.simulate import simulate_watched

Progress = Callable[[str, int, int], None]
"""Called with the step's name, the cases done, and their number."""


def record(
    config: Config, source: str, cases: Sequence[GoldenCase], files: Mapping[str, bytes], progress: Progress
) -> dict[str, bytes]:
    """``setup.stil``, and ``pins.stil`` of every case: path in the bundle to bytes.

    Each case is one run of the RTL, from reset to the reads of its ``check.txt``, as `files` (`model_files`) tell it;
    handshakes, codes, counters and every value read are compared with the models on the way. `source` is what `config`
    was loaded from. Raises `BenchError` for the first difference, `InputError` where the simulator cannot be built.
    """
    progress("building the simulator", 0, 1)
    simulator = build(verilog_of(config, "nmpu", lambda: Nmpu(config)), "nmpu")
    with tempfile.TemporaryDirectory(prefix="record-", dir=BUILD) as scratch:
        work = Path(scratch)
        for golden in cases:
            (work / golden.place).mkdir(parents=True)
            for name in ("program.txt", "check.txt", "vectors.npz"):
                (work / golden.place / name).write_bytes(files[f"{golden.place}/{name}"])
        headers = {golden.place: heading(config, golden) for golden in cases}
        (work / "record.json").write_text(json.dumps(headers), "utf-8")

        def watch() -> None:
            progress("recording the pins", len(list(work.rglob("pins.stil"))), len(cases))

        simulate_watched(simulator, "bench_record", source, work, watch)
        patterns = {f"{place}/pins.stil": (work / place / "pins.stil").read_bytes() for place in headers}
    return {"setup.stil": setup(pins(config), heading(config)), **patterns}
