"""Bench of the unit on a real workload: every batch of a file, at full speed, through both banks in turn."""

import json
import time
from typing import Any

import cocotb

from nmpu_model.traffic import Traffic
from nmpu_verif.environment import configuration, folder
from nmpu_verif.unit import Unit
from nmpu_verif.workload import restore

_CHUNK = 512
"""Vectors queued at a time: their wide integers would fill the memory."""


@cocotb.test()
async def workload_equals_model(dut: Any) -> None:
    """Program the idle bank while the other one works, swap, and compare every code and counter."""
    config = configuration()
    work = folder()
    unit = Unit(dut, config)
    await unit.reset()
    batches = restore(config, work / "workload.npz")
    total = sum(len(codes["p"]) for _, _, codes in batches)
    report, done, started = [], 0, time.monotonic()
    await unit.load(batches[0][1], 0)
    await unit.control(enable=False, bank=0, clear=True)
    for number, (name, _, codes) in enumerate(batches):
        bank = number % 2
        await unit.control(enable=True, bank=bank)
        before, first = unit.time, unit.clocks
        for start in range(0, len(codes["p"]), _CHUNK):
            part = {key: array[start : start + _CHUNK] for key, array in codes.items()}
            unit.send(Traffic(part["p"], part["n"], part.get("rx")))
            if start == 0 and number + 1 < len(batches):
                await unit.load(batches[number + 1][1], 1 - bank)
            await unit.nearly_empty()
            done += len(part["p"])
            (work / "progress").write_text(f"{done} {total}")
        await unit.drain()
        await unit.control(enable=False, bank=bank)
        spent = {counter: count - before[counter] for counter, count in unit.time.items()}
        report.append({"name": name, "vectors": len(codes["p"]), "clocks": unit.clocks - first, **spent})
    seconds = time.monotonic() - started
    try:
        await unit.check()
    finally:
        result = {
            "batches": report,
            "counters": unit.counters,
            "latency_cycles": unit.latency,
            "outputs_compared": unit.compared,
            "mismatches": unit.mismatches,
            "simulation_seconds": seconds,
        }
        (work / "result.json").write_text(json.dumps(result))
