"""The unit's RTL in Amaranth's own simulator, against golden model and cycle model.

Nothing is written as Verilog or compiled: a unit of a few lanes is ready in a fifth of a second. Clock gates are left
out: Amaranth simulates a gated clock a step behind its source, so that registers would see each other's new values.
"""

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from amaranth.sim import Simulator

from nmpu_hw.nmpu import Nmpu
from nmpu_model.packing import unpack
from nmpu_model.payloads import adc_beats, group_beats
from nmpu_model.program import Program
from nmpu_model.script import Write, control, load_program
from nmpu_model.stimulus import integers
from nmpu_model.traffic import Traffic
from nmpu_model.unit import run
from nmpu_spec.config import CODE_BITS, Config
from nmpu_spec.cycles import CycleModel
from nmpu_spec.implementation import Implementation
from nmpu_spec.registers import BANKS, register_map

_BITS = max(CODE_BITS)


def check_unit(config: Config, work: Sequence[tuple[Program, Traffic]], seed: int) -> None:
    """Raises `AssertionError` for the first handshake, code, counter or CRC that is not the models'.

    Programs go into the banks in turn. The two inputs and the sink pause at random, as `seed` says, but for the first
    traffic, which flows at full speed.
    """
    plain = replace(config, implementation=Implementation())
    unit = Nmpu(plain)
    simulator = Simulator(unit)
    simulator.add_clock(1e-6)

    # A process and not a testbench: the design settles once in a clock, not after every pin that is set.
    async def bench(context: Any) -> None:
        with context.critical():
            driver = _Driver(plain, unit, context)
            for number, (program, traffic) in enumerate(work):
                await driver.run(program, traffic, number % BANKS, _levels(seed, number) if number else None)

    simulator.add_process(bench)
    simulator.run()


def _levels(seed: int, number: int) -> Iterator[tuple[bool, ...]]:
    """For each clock whether ``adc`` and ``rx`` offer a beat and ``out`` is taken; each is high in 1/8 to 7/8."""
    often = integers(seed, f"levels/{number}", 1, 7, (3,))
    block = 0
    while True:
        drawn = integers(seed, f"levels/{number}/{block}", 0, 7, (64, 3))
        yield from (tuple(row) for row in (drawn < often).tolist())
        block += 1


class _Driver:
    """The pins of the unit, one clock after the other, and the cycle model beside it."""

    def __init__(self, config: Config, unit: Nmpu, context: Any) -> None:
        self._config, self._unit, self._context = config, unit, context
        self._registers = register_map(config)
        self._model = CycleModel(config)
        self._enable, self._bank, self._rx_on = False, 0, [False] * BANKS
        self._time: dict[str, int] = {}
        self._answer = [0, 0]
        """PSLVERR and PRDATA of the last clock."""
        context.set(unit.apb.pstrb, 0xF)

    async def run(
        self, program: Program, traffic: Traffic, bank: int, levels: Iterator[tuple[bool, ...]] | None
    ) -> None:
        """Load, run, read what was counted, compare."""
        config, registers = self._config, self._registers
        for write in load_program(program, bank):
            await self._write(write)
        self._rx_on[bank] = program.layer.rx_on
        await self._write(control(config, enable=True, bank=bank, clear=True))
        self._enable, self._bank = True, bank
        self._time = dict.fromkeys(("busy", "wait_adc", "wait_rx", "stall_out"), 0)
        beats = await self._stream(traffic, levels)
        await self._write(control(config, enable=False, bank=bank))
        self._enable = False

        wanted = run(program, traffic.p, traffic.n, traffic.rx)
        out = group_beats(config, wanted.out, _BITS)
        codes = unpack([beat & ((1 << _BITS * config.lanes) - 1) for beat in beats], _BITS, config.lanes, signed=False)
        assert beats == out, f"beats {[f'{beat:x}' for beat in beats]}, must be {[f'{beat:x}' for beat in out]}"
        counters = {**wanted.counters, **self._time, "cycles": sum(self._time.values())}
        counters |= {"out_crc": zlib.crc32(codes.astype(np.uint8).tobytes()), "out_beats": len(out)}
        found = {name: await self._read(registers[name].address) for name in counters}
        assert found == counters, f"counters {found}, the models say {counters}"

    async def _stream(self, traffic: Traffic, levels: Iterator[tuple[bool, ...]] | None) -> list[int]:
        """Send everything; the beats that came out."""
        config, unit, context = self._config, self._unit, self._context
        adc = adc_beats(config, traffic)
        rx = [] if traffic.rx is None else group_beats(config, traffic.rx, config.residual.code_bits)
        beats: list[int] = []
        wanted = len(traffic.p) * config.groups
        adc_offered = rx_offered = False
        while len(beats) < wanted:
            levels_now = next(levels) if levels else (True, True, True)
            # A beat that was offered stays until it is taken.
            adc_offered = bool(adc) and (adc_offered or levels_now[0])
            rx_offered = bool(rx) and (rx_offered or levels_now[1])
            context.set(unit.adc.payload.as_value(), adc[0] if adc_offered else 0)
            context.set(unit.rx.payload.as_value(), rx[0] if rx_offered else 0)
            adc_ready, rx_ready, beat = await self._clock(adc_offered, rx_offered, levels_now[2])
            if adc_offered and adc_ready:
                adc.pop(0)
                adc_offered = False
            if rx_offered and rx_ready:
                rx.pop(0)
                rx_offered = False
            if beat is not None:
                beats.append(beat)
        return beats

    async def _clock(
        self, adc_valid: bool = False, rx_valid: bool = False, out_ready: bool = True
    ) -> tuple[bool, bool, int | None]:
        """One clock; whether adc and rx were ready, and the beat that was taken from ``out``."""
        unit, context = self._unit, self._context
        context.set(unit.adc.valid, adc_valid)
        context.set(unit.rx.valid, rx_valid)
        context.set(unit.out.ready, out_ready)
        hands = self._model.step(
            adc_valid=adc_valid,
            rx_valid=rx_valid,
            out_ready=out_ready,
            enable=self._enable,
            bank=self._bank,
            rx_on=self._rx_on,
        )
        if hands.counted:
            self._time[hands.counted] += 1
        outputs = (unit.adc.ready, unit.rx.ready, unit.out.valid, unit.out.payload.as_value())
        sampled = await context.tick().sample(*outputs, unit.apb.pslverr, unit.apb.prdata)
        adc_ready, rx_ready, valid, beat, *self._answer = sampled[2:]
        seen, wanted = (adc_ready, rx_ready, valid), (hands.adc_ready, hands.rx_ready, hands.out_valid)
        assert seen == wanted, f"adc_ready, rx_ready, out_valid are {seen}, cycle model: {wanted}"
        return bool(adc_ready), bool(rx_ready), beat if valid and out_ready else None

    async def _write(self, write: Write) -> None:
        refused, _ = await self._access(write.address, write.data)
        assert not refused, f"the write to {write.register} was refused"

    async def _read(self, address: int) -> int:
        refused, data = await self._access(address)
        assert not refused, f"the read of {address:#x} was refused"
        return data

    async def _access(self, address: int, data: int | None = None) -> tuple[bool, int]:
        """Set-up and access on the bus: the error, and what was read."""
        apb, context = self._unit.apb, self._context
        for pin, value in (
            (apb.psel, 1),
            (apb.pwrite, data is not None),
            (apb.paddr, address),
            (apb.pwdata, data or 0),
        ):
            context.set(pin, value)
        context.set(apb.penable, 0)
        await self._clock()
        context.set(apb.penable, 1)
        await self._clock()
        context.set(apb.psel, 0)
        refused, read = self._answer
        return bool(refused), read
