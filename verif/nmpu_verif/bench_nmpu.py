"""Bench of the whole unit: registers, streams under every kind of stall, bank swaps, resets."""

from collections.abc import Iterator
from itertools import chain, product, repeat
from typing import Any

import cocotb
from cocotb.triggers import RisingEdge

from nmpu_model.program import Program
from nmpu_model.script import load_program
from nmpu_model.stimulus import integers
from nmpu_model.traffic import random_program, random_traffic
from nmpu_spec.cycles import unstalled
from nmpu_spec.registers import BANKS, RegisterMap
from nmpu_verif.environment import configuration, seed
from nmpu_verif.phases import *  # noqa: F403 (its tests run here, in the same simulation)
from nmpu_verif.unit import Unit

STALLS = {
    "none": (0, 0, 0),
    "slow source": (6, 0, 0),
    "slow rx": (0, 3, 0),
    "slow sink": (0, 0, 3),
    "all": (3, 2, 2),
}
"""Longest random pause of adc, of rx, and of the sink."""


async def start(dut: Any) -> Unit:
    unit = Unit(dut, configuration())
    await unit.reset()
    return unit


def pauses(stream: str, longest: int, count: int = 4096) -> list[int]:
    """Half of the pauses are zero, so that beats in a row and gaps both occur."""
    if not longest:
        return []
    draws = integers(seed(), f"{stream}/pause", -longest, longest, (count,)).tolist()
    return [max(draw, 0) for draw in draws]


def ready(stream: str, longest: int) -> Iterator[bool]:
    """The sink's level: a high clock after each pause."""
    gaps = pauses(f"{stream}/sink", longest)
    return chain.from_iterable(chain(repeat(False, gap), (True,)) for gap in gaps) if gaps else repeat(True)


@cocotb.test()
async def registers_keep_the_map(dut: Any) -> None:
    """Every register: reset value, write, read back; every wrong access refused without a trace."""
    unit = await start(dut)
    registers = unit.registers
    plain = [register for register in registers if not register.in_lanes]
    for register in plain:
        if any(field.readable for field in register.fields) and not any(
            field.from_hardware for field in register.fields
        ):
            assert await unit.read(register.name) == register.pack(), f"{register.name}: reset value"

    written = {}
    for register in registers:
        fields = [field for field in register.fields if field.writable and not field.pulse and field.name != "enable"]
        if not fields or register.name.startswith("test."):  # which have a bench of their own
            continue
        word = int(integers(seed(), register.name, 0, 0xFFFFFFFF, (1,))[0])
        if register.name == "ctrl":
            word &= ~1
        await unit.write(register.address, word)
        written[register.name] = sum(field.insert(field.extract(word)) for field in fields)
    for name, word in written.items():
        assert await unit.read(name) == word, f"{name}: read back"

    used = {register.address for register in registers}
    span = 1 << registers.address_bits
    holes = sorted(set(range(0, span, 4)) - used)
    picks = [holes[int(i)] for i in integers(seed(), "holes", 0, len(holes) - 1, (40,))]
    places = {"ctrl": 1, "id": 2, "bank[0].word0[0]": 2, "test.code[0]": 3}
    unaligned = [registers[name].address + offset for name, offset in places.items()]
    for address in [holes[0], holes[-1], *picks, *unaligned]:
        await unit.write(address, 0xFFFFFFFF, error=True)
        assert await unit.bus.read(address, error_expected=True) == 0, "a refused read must return 0"
    for register in plain:
        if not any(field.writable for field in register.fields):
            await unit.write(register.address, 0xFFFFFFFF, error=True)
    for strobe in (0, 1, 7, 14):
        await unit.write(registers["bank[0].layer"].address, 0, strobe=strobe, error=True)
        await unit.write(registers["bank[1].word0[1]"].address, 0, strobe=strobe, error=True)
    for name, word in written.items():
        assert await unit.read(name) == word, f"{name}: changed by a refused access"


@cocotb.test()
async def vectors_follow_without_a_bubble(dut: Any) -> None:
    """Latency, throughput and every time counter are those of the closed form; relies on nothing that is measured."""
    unit = await start(dut)
    program = random_program(unit.config, seed(), "unstalled", rx_on=False)
    await unit.load(program, 0)
    vectors = 20
    unit.send(random_traffic(program, vectors, seed(), "unstalled"))
    await unit.control(enable=True, clear=True)
    await unit.drain()
    assert unit.first_in is not None and unit.first_out is not None
    assert unit.first_out - unit.first_in == unit.config.pipeline.latency
    counters = await unit.check()
    timing = unstalled(unit.config, vectors)
    assert counters["busy"] == timing.busy
    assert counters["wait_rx"] == counters["stall_out"] == 0
    assert counters["vectors"] == vectors


@cocotb.test()
async def traffic_under_stalls(dut: Any) -> None:
    """Every stall pattern, with random programs; the idle bank is reprogrammed and swapped in while vectors flow."""
    unit = await start(dut)
    for name, (adc, rx, sink) in STALLS.items():
        unit.adc.pace(pauses(f"{name}/adc", adc))
        unit.rx.pace(pauses(f"{name}/rx", rx))
        unit.out_ready = ready(name, sink)
        for round_ in range(3):
            stream = f"{name}/{round_}"
            # Both programs of a round agree on RX, so that the queued rx beats fit whichever bank takes a vector.
            rx_on = round_ != 1
            programs = [random_program(unit.config, seed(), f"{stream}/{bank}", rx_on) for bank in range(BANKS)]
            first = unit.active_bank
            await unit.load(programs[first], first)
            await unit.control(enable=True, bank=first)
            traffic = _matching(unit, programs, stream)
            unit.send(traffic)
            for _ in range(2):
                other = 1 - unit.active_bank
                await unit.load(programs[other], other)
                await unit.control(enable=True, bank=other)
                await _until_free(unit, 1 - other)
            await unit.drain()
            await unit.control(enable=False, bank=unit.active_bank)
    await unit.check()
    assert await unit.read("status") >> 4 == 0, "rx was aligned, the unit says it was not"


@cocotb.test()
async def banks_differ_in_rx(dut: Any) -> None:
    """The bank is swapped again and again while vectors flow; only the groups of the bank with RX on wait for rx."""
    unit = await start(dut)
    programs = [random_program(unit.config, seed(), f"rx/{bank}", rx_on=bank == 1) for bank in range(BANKS)]
    for bank, program in enumerate(programs):
        await unit.load(program, bank)
    unit.rx.pace(pauses("differ/rx", 6))
    unit.adc.pace(pauses("differ/adc", 1))
    # There is an rx beat for every group, of which the vectors of the other bank leave theirs.
    unit.send(random_traffic(programs[1], max(40, 400 // unit.config.groups), seed(), "differ"))
    bank = 0
    while unit.adc.left:
        await unit.control(enable=True, bank=bank)
        for _ in range(pauses("differ/swap", 9)[unit.adc.left]):
            await RisingEdge(dut.clk)
        bank = 1 - bank
    await unit.check()


@cocotb.test()
async def banks_in_use_are_locked(dut: Any) -> None:
    """Writes to a bank that a vector is in, or waits for, and reads of parameters while busy, are refused; nothing
    changes."""
    unit = await start(dut)
    registers: RegisterMap = unit.registers
    programs = [random_program(unit.config, seed(), f"locked/{bank}", rx_on=False) for bank in range(BANKS)]
    for bank, program in enumerate(programs):
        await unit.load(program, bank)

    async def locked(bank: int) -> None:
        for name in ("layer", "rx_scale", "mask[0]", "word0[0]"):
            await unit.write(registers[f"bank[{bank}].{name}"].address, 0, error=True)
        assert await unit.bus.read(registers[f"bank[{1 - bank}].word0[0]"].address, error_expected=True) == 0

    depth = unit.config.pipeline.latency
    unit.out_ready = repeat(False)
    unit.send(random_traffic(programs[0], 1, seed(), "inside"))
    await unit.control(enable=True)
    for _ in range(2 * depth):
        await RisingEdge(dut.clk)
    status = await unit.read("status")
    assert status & 0b1101 == 0b0101, f"status {status:#x}: busy, bank 0 in use"
    await locked(0)
    await unit.load(programs[1], 1)
    await unit.control(enable=True, bank=1)
    unit.send(random_traffic(programs[1], 1, seed(), "waits"))
    await RisingEdge(dut.clk)
    await locked(0)
    await locked(1)
    unit.out_ready = repeat(True)
    await unit.drain()

    await unit.control(enable=True, bank=0)
    unit.out_ready = repeat(False)
    unit.send(random_traffic(programs[0], 3 + depth, seed(), "begun"))
    for _ in range(3 * depth):
        await RisingEdge(dut.clk)
    await locked(0)
    unit.out_ready = repeat(True)
    await unit.check()
    for bank, program in enumerate(programs):
        for write in load_program(program, bank):
            assert await unit.read(write.register) == write.data, f"{write.register} changed"


@cocotb.test()
async def misplaced_rx_is_reported(dut: Any) -> None:
    """An rx beat whose first/last do not fit its group sets STATUS.rx_misaligned until it is cleared."""
    unit = await start(dut)
    program = random_program(unit.config, seed(), "misplaced", rx_on=True)
    await unit.load(program, 0)
    traffic = random_traffic(program, 2, seed(), "misplaced")
    codes = unit.config.residual.code_bits * unit.config.lanes
    for flipped, group in product((1, 2, 3), sorted({0, unit.config.groups // 2, unit.config.groups - 1})):
        unit.send(traffic)
        beats = [unit.rx.take() for _ in range(unit.rx.left)]
        beats[group] ^= flipped << codes
        unit.rx.put(beats)
        await unit.control(enable=True, clear=True)
        await unit.drain()
        assert await unit.read("status") >> 4 == 1
        await unit.control(enable=False, clear=True)
        assert await unit.read("status") >> 4 == 0
        for name in ("vectors", "out_beats", "out_crc"):
            assert await unit.read(name) == 0, f"{name} is not cleared"


def _matching(unit: Unit, programs: list[Program], stream: str) -> Any:
    vectors = max(12, 160 // unit.config.groups)
    return random_traffic(programs[0], vectors, seed(), stream)


async def _until_free(unit: Unit, bank: int) -> None:
    """Wait until no vector uses `bank` any more, as software does."""
    while await unit.read("status") >> (2 + bank) & 1:
        pass
