"""Bench that does what a tester does: plays a bundle's files into a unit, right or wrong, and writes what comes out."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import cocotb
from cocotb.clock import Clock
from cocotb.triggers import FallingEdge, RisingEdge
from cocotbext.apb import Apb4Bus, ApbMaster

from nmpu_verif.environment import configuration, folder
from nmpu_verif.reset import set_reset
from nmpu_verif.streams import Source

_PERIOD_NS = 2
_QUIET = 24
"""Clocks without a beat on any stream after which nothing more is to come."""


@cocotb.test()
async def capture(dut: Any) -> None:
    """Every case of ``bundle/`` on every die of ``dies.json``: ``dumps/<number of the die>/<suite>/<case>/out.hex``."""
    work = folder()
    cases = sorted(path.parent for path in (work / "bundle").rglob("program.txt"))
    tester = Tester(dut)
    for die in range(len(json.loads((work / "dies.json").read_text("utf-8")))):
        dut.die.value = die
        await tester.reset()
        for case in cases:
            beats = await tester.play(case)
            place = work / "dumps" / str(die) / case.relative_to(work / "bundle")
            place.mkdir(parents=True)
            header, first, *_ = (case / "out.hex").read_text("utf-8").splitlines()
            lines = [header, *(f"{beat:0{len(first)}x}" for beat in beats)]
            (place / "out.hex").write_text("".join(f"{line}\n" for line in lines), "utf-8")


class Tester:
    """Writes registers, offers beats, takes what comes; it trusts nothing and waits for nothing for ever."""

    def __init__(self, dut: Any) -> None:
        self.dut = dut
        self.sources = {"adc": Source(), "rx": Source()}
        self.bus = ApbMaster(Apb4Bus.from_prefix(dut, "apb"), dut.clk)
        self.bus.log.setLevel("WARNING")
        Clock(dut.clk, _PERIOD_NS, "ns").start(start_high=False)

    async def reset(self) -> None:
        dut = self.dut
        for pin in (dut.adc_valid, dut.rx_valid, dut.out_ready):
            pin.value = 0
        set_reset(dut, configuration(), True)
        for _ in range(2):
            await RisingEdge(dut.clk)
        set_reset(dut, configuration(), False)

    async def play(self, case: Path) -> list[int]:
        """One case, from its program to the last beat that comes; a unit that hangs then is reset."""
        for line in _lines(case / "program.txt", "#"):
            _, address, data = line.split()
            await self.bus.write(int(address, 16), int(data, 16))
        for name, source in self.sources.items():
            source.clear()
            if (case / f"{name}.hex").exists():
                source.put(int(line, 16) for line in _lines(case / f"{name}.hex", "//"))
        beats = await self._beats()
        if int(self.dut.busy.value):
            await self.reset()
        return beats

    async def _beats(self) -> list[int]:
        dut, beats, quiet = self.dut, [], 0
        dut.out_ready.value = 1
        while quiet < _QUIET:
            for name, source in self.sources.items():
                beat = source.offer()
                getattr(dut, f"{name}_valid").value = beat is not None
                if beat is not None:
                    getattr(dut, f"{name}_payload").value = beat
            await FallingEdge(dut.clk)
            quiet += 1
            for name, source in self.sources.items():
                if int(getattr(dut, f"{name}_valid").value) and int(getattr(dut, f"{name}_ready").value):
                    source.take()
                    quiet = 0
            if int(dut.out_valid.value):
                beats.append(int(dut.out_payload.value))
                quiet = 0
            await RisingEdge(dut.clk)
        for pin in (dut.adc_valid, dut.rx_valid, dut.out_ready):
            pin.value = 0
        return beats


def _lines(path: Path, comment: str) -> Iterable[str]:
    """The lines of a file without comments."""
    lines = (line.partition(comment)[0].strip() for line in path.read_text("utf-8").splitlines())
    return (line for line in lines if line)
