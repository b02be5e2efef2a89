"""Bench that plays a STIL pattern on the RTL as a tester does: it drives every edge, the clock's too, and compares."""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

import cocotb
from cocotb.triggers import Timer

from nmpu_verif.environment import folder
from nmpu_verif.stil_reader import Stil, read_stil

_SIGNAL = re.compile(r"(\w+?)(?:\[(\d+)\])?")
_COMPARED = {"L": "0", "H": "1"}


@cocotb.test()
async def play(dut: Any) -> None:
    """Every clock of the pattern ``pins.stil``; ``result.json`` lists each miscompare."""
    work = folder()
    player = Player(dut, read_stil(work / "suite" / "case" / "pins.stil"))
    await player.play()
    result = {"clocks": player.clocks, "compared": player.compared, "miscompares": player.miscompares}
    (work / "result.json").write_text(json.dumps(result), "utf-8")


class Player:
    """`miscompares` are [clock, signal, what was expected, what was there]; `compared` counts what was looked at."""

    def __init__(self, dut: Any, stil: Stil) -> None:
        self.dut = dut
        self.stil = stil
        self.clocks = self.compared = 0
        self.miscompares: list[tuple[int, str, str, str]] = []
        self._ports = {"In": _ports(stil, "In"), "Out": _ports(stil, "Out")}
        self._characters: dict[str, str] = {}
        self._levels: dict[str, str] = {}

    async def play(self) -> None:
        waves = self.stil.waveforms.values()
        times = sorted({time for waveform in waves for events in waveform.values() for time, _ in events})
        for vector in self.stil.vectors:
            self._characters |= vector.characters
            now = 0.0
            for time in times:
                if time > now:
                    await Timer(time - now, "ns")
                self._drive(time)
                self._compare(time)
                now = time
            await Timer(self.stil.period - now, "ns")
            self.clocks += 1

    def _events(self, signals: Sequence[str], time: float) -> dict[str, str]:
        """The event of each signal that has one at `time`."""
        waveforms, characters = self.stil.waveforms, self._characters
        return {
            signal: event
            for signal in signals
            for moment, event in waveforms[signal][characters[signal]]
            if moment == time
        }

    def _drive(self, time: float) -> None:
        for port, signals in self._ports["In"].items():
            forced = {signal: "1" if event == "U" else "0" for signal, event in self._events(signals, time).items()}
            if any(self._levels.get(signal) != level for signal, level in forced.items()):
                self._levels |= forced
                getattr(self.dut, port).value = int("".join(self._levels[signal] for signal in signals), 2)

    def _compare(self, time: float) -> None:
        for port, signals in self._ports["Out"].items():
            expected = {signal: event for signal, event in self._events(signals, time).items() if event in _COMPARED}
            if not expected:
                continue
            seen = dict(zip(signals, str(getattr(self.dut, port).value), strict=True))
            self.compared += len(expected)
            self.miscompares += [
                (self.clocks, signal, _COMPARED[event], seen[signal])
                for signal, event in expected.items()
                if seen[signal] != _COMPARED[event]
            ]


def _ports(stil: Stil, direction: str) -> Mapping[str, list[str]]:
    """Each port of the RTL and its signals, highest bit first."""
    found: dict[str, dict[int, str]] = {}
    for signal, way in stil.directions.items():
        parts = _SIGNAL.fullmatch(signal)
        assert parts is not None, signal
        if way == direction:
            found.setdefault(parts[1], {})[int(parts[2] or 0)] = signal
    return {port: [bits[bit] for bit in reversed(range(len(bits)))] for port, bits in found.items()}
