"""Bench of what the pins do not show in a run: the counters' upper bits, codes that a narrow configuration never gives
(registers are set, and what follows must be right), and the locked banks in every clock. Four-state simulators only,
because it looks into the hierarchy.
"""

import zlib
from collections.abc import Iterator
from itertools import count
from typing import Any
from unittest.mock import patch

import cocotb
from cocotb.triggers import FallingEdge, RisingEdge, Timer

from nmpu_hw.counters import SATURATIONS
from nmpu_model.program import Program
from nmpu_model.stimulus import integers
from nmpu_model.traffic import Traffic, random_program, random_traffic
from nmpu_model.unit import run
from nmpu_spec.config import CODE_BITS, Config
from nmpu_spec.cycles import Handshakes
from nmpu_spec.registers import BANKS
from nmpu_verif.bench_nmpu import pauses, ready, start
from nmpu_verif.environment import configuration, seed
from nmpu_verif.testport import test_mode
from nmpu_verif.unit import PERIOD_NS, Unit

BITS = 32
VECTORS = 12
GROUPS = 96


@cocotb.test()
async def every_counter_carries_through_all_its_bits(dut: Any) -> None:
    """From 2**k - 1, for every k: each counter goes on by what happened, modulo 2**32."""
    unit = await start(dut)
    program, traffic = next(_saturating(unit.config))
    numbers = run(program, traffic.p, traffic.n, traffic.rx).counters
    await unit.load(program, 0)
    unit.rx.pace(pauses("carry/rx", 3))
    unit.out_ready = ready("carry", 3)
    registers = {name: getattr(dut.counters, name) for name in unit.registers.counters}
    # An instance that has a wire's name gets a number behind it.
    registers["out_beats"] = next(part.beats for part in dut if part._name.startswith("crc") and hasattr(part, "beats"))
    for bits in range(BITS + 1):
        before = (1 << bits) - 1
        await unit.control(enable=False, clear=True)
        await FallingEdge(dut.clk)
        for register in registers.values():
            register.value = before
        unit.send(traffic)
        await unit.control(enable=True)
        await unit.drain()
        await unit.control(enable=False)
        happened = {
            **numbers,
            **unit.time,
            "cycles": sum(unit.time.values()),
            "out_beats": VECTORS * unit.config.groups,
        }
        for name in registers:
            assert happened[name] > 0, f"{name} did not count"
            wanted = (before + happened[name]) % (1 << BITS)
            assert (seen := await unit.read(name)) == wanted, f"{name}: {seen:#x} instead of {wanted:#x}"


@cocotb.test()
async def every_code_enters_the_crc(dut: Any) -> None:
    """Random codes in the output registers, in every clock: the CRC is that of what left the unit."""
    unit = _Listening(dut, configuration())
    await unit.reset()
    program = random_program(unit.config, seed(), "crc", rx_on=False)
    await unit.load(program, 0)
    unit.send(random_traffic(program, GROUPS // unit.config.groups, seed(), "crc"))
    await unit.control(enable=True, clear=True)
    lanes, bits = unit.config.lanes, max(CODE_BITS)
    codes = iter(integers(seed(), "crc/code", 0, (1 << bits) - 1, (16 * GROUPS, lanes)).tolist())
    while unit.adc.left or unit.model.in_flight:
        await RisingEdge(dut.clk)
        await Timer(PERIOD_NS / 4, "ns")
        for lane, code in enumerate(next(codes)):
            getattr(dut.lanes, f"lane_{lane}").code.value = code
    await unit.control(enable=False)
    size = bits * lanes // 8
    wanted = zlib.crc32(b"".join(beat.to_bytes(size, "little") for beat in unit.heard))
    assert len(unit.heard) == GROUPS // unit.config.groups * unit.config.groups
    assert (seen := await unit.read("out_crc")) == wanted, f"out_crc: {seen:#x} instead of {wanted:#x}"


@cocotb.test()
async def every_code_is_captured(dut: Any) -> None:
    """Random codes in the output registers, read through the test port."""
    unit = await start(dut)
    await test_mode(unit, True)
    lanes = unit.config.lanes
    for codes in integers(seed(), "captured/code", 0, (1 << max(CODE_BITS)) - 1, (16, lanes)).tolist():
        await FallingEdge(dut.clk)
        for lane, code in enumerate(codes):
            getattr(dut.lanes, f"lane_{lane}").code.value = code
        assert [await unit.read(f"test.code[{lane}]") for lane in range(lanes)] == codes


@cocotb.test()
async def banks_are_locked_in_every_clock(dut: Any) -> None:
    """Where the bus would find it by chance: groups of both banks, with gaps of every kind between the vectors."""
    unit = await start(dut)
    model, step = unit.model, unit.model.step

    def watched(*, adc_valid: bool, enable: bool, bank: int, **levels: Any) -> Handshakes:
        wanted = sum(1 << number for number in model.banks_in_use(adc_valid, enable, bank))
        assert (seen := int(dut.in_use.value)) == wanted, f"locked banks {seen:02b}, must be {wanted:02b}"
        return step(adc_valid=adc_valid, enable=enable, bank=bank, **levels)

    programs = [random_program(unit.config, seed(), f"locks/{bank}", rx_on=True) for bank in range(BANKS)]
    for bank, program in enumerate(programs):
        await unit.load(program, bank)
    unit.adc.pace(pauses("locks/adc", 9))
    unit.rx.pace(pauses("locks/rx", 6))
    unit.out_ready = ready("locks", 2)
    unit.send(random_traffic(programs[1], GROUPS // unit.config.groups, seed(), "locks"))
    with patch.object(model, "step", watched):
        while unit.adc.left:
            await unit.control(enable=True, bank=1 - unit.active_bank)
            for _ in range(pauses("locks/swap", 9)[unit.adc.left]):
                await RisingEdge(dut.clk)
        await unit.check()


class _Listening(Unit):
    """Keeps what leaves the unit."""

    def __init__(self, dut: Any, config: Config) -> None:
        self.heard: list[int] = []
        super().__init__(dut, config)

    def deliver(self, codes: int) -> None:
        self.heard.append(codes)


def _saturating(config: Config) -> Iterator[tuple[Program, Traffic]]:
    """Programs, and vectors for them, that saturate on either side of either compression."""
    for number in count():
        program = random_program(config, seed(), f"carry/{number}", rx_on=True)
        traffic = random_traffic(program, VECTORS, seed(), f"carry/{number}")
        if all(run(program, traffic.p, traffic.n, traffic.rx).counters[name] for name in SATURATIONS):
            yield program, traffic
