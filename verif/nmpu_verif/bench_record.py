"""Bench that records the pins: every case from reset to the reads of its check script, as a pattern."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import cocotb
import numpy as np
from cocotb.triggers import FallingEdge, RisingEdge

from nmpu_bringup.bundle.pins import CLOCK, Pin, pins
from nmpu_bringup.bundle.stil import Clock, pattern
from nmpu_model.script import read_program
from nmpu_model.traffic import Traffic
from nmpu_spec.config import Config
from nmpu_verif.environment import configuration, folder
from nmpu_verif.unit import Unit

_COMPARED = str.maketrans("01", "LH")


@cocotb.test()
async def record(dut: Any) -> None:
    """Play each case as its files say, compare what the registers answer, and write its ``pins.stil``."""
    config, work = configuration(), folder()
    headers = json.loads((work / "record.json").read_text("utf-8"))
    recorder = Recorder(dut, config)
    unit = Unit(dut, config)
    for place, header in headers.items():
        writes = (work / place / "program.txt").read_text("utf-8").splitlines()
        reads = (work / place / "check.txt").read_text("utf-8").splitlines()
        with np.load(work / place / "vectors.npz") as codes:
            traffic = Traffic(codes["p"], codes.get("n"), codes.get("rx"))
        await recorder.begin()
        await unit.reset()
        await FallingEdge(dut.clk)  # or the first write would begin a clock earlier in some cases than in others
        for address, data in _script(writes):
            await unit.write(address, data)
        unit.programs[0] = read_program(config, writes, bank=0)
        unit.send(traffic)
        await unit.drain()
        for address, data in _script(reads):
            answer = await unit.bus.read(address)
            assert answer == data, f"{place}: {address:#x} reads {answer:#010x}, check.txt says {data:#010x}"
        clocks = await recorder.end()
        await unit.check()
        (work / place / "pins.stil").write_bytes(pattern(clocks, place, header))


class Recorder:
    """Takes down every pin in the middle of every clock, between the edge that drives and the edge that takes."""

    def __init__(self, dut: Any, config: Config) -> None:
        self.dut = dut
        self.pins = [pin for pin in pins(config) if pin.name != CLOCK]
        self._reset = config.implementation
        self._levels: list[dict[str, str]] | None = None
        for pin in self.pins:
            if pin.driven:
                getattr(dut, pin.name).value = 0
        cocotb.start_soon(self._follow())

    async def begin(self) -> None:
        """Start with the next clock; payloads that an earlier case left do not show."""
        await RisingEdge(self.dut.clk)
        self.dut.adc_payload.value = 0
        self.dut.rx_payload.value = 0
        self._levels = []

    async def end(self) -> list[Clock]:
        """The clocks since `begin`, up to the one that is running."""
        await RisingEdge(self.dut.clk)
        levels, self._levels = self._levels, None
        assert levels is not None
        return list(self._clocks(levels))

    async def _follow(self) -> None:
        while True:
            await FallingEdge(self.dut.clk)
            if self._levels is not None:
                self._levels.append({pin.name: str(getattr(self.dut, pin.name).value) for pin in self.pins})

    def _clocks(self, levels: Sequence[Mapping[str, str]]) -> Iterator[Clock]:
        labels = _labels(levels)
        for number, level in enumerate(levels):
            # In reset no output means anything.
            running = level[self._reset.reset_port] != str(self._reset.in_reset)
            yield Clock({pin.name: _characters(pin, level, running) for pin in self.pins}, labels.get(number))


def _characters(pin: Pin, level: Mapping[str, str], running: bool) -> str:
    if pin.driven:
        return level[pin.name]
    return level[pin.name].translate(_COMPARED) if running and _valid(pin.name, level) else "X" * pin.width


def _valid(output: str, level: Mapping[str, str]) -> bool:
    """Whether an output means something in this clock of a running unit."""
    access = level["apb_psel"] == level["apb_penable"] == "1"
    conditions = {
        "out_payload": level["out_valid"] == "1",
        "apb_prdata": access and level["apb_pwrite"] == "0",
        "apb_pslverr": access,
    }
    return conditions.get(output, True)


def _labels(levels: Sequence[Mapping[str, str]]) -> dict[int, str]:
    """Names of clocks, for whoever looks up the one that failed: each phase and each vector begins with one."""
    labels = {0: "reset"}
    vectors, offered = 0, False
    for number, level in enumerate(levels):
        setup = level["apb_psel"] == "1" and level["apb_penable"] == "0"
        phase = "program" if level["apb_pwrite"] == "1" else "check"
        if setup and phase not in labels.values():
            labels[number] = phase
        if level["adc_valid"] == "1" and not offered:
            labels[number] = f"vector_{vectors}"
            vectors += 1
        offered = level["adc_valid"] == "1" and level["adc_ready"] == "0"
    return labels


def _script(lines: Sequence[str]) -> list[tuple[int, int]]:
    """Address and data of every line but the comment on top."""
    return [(int(address, 16), int(data, 16)) for _, address, data, *_ in (line.split() for line in lines[1:])]
