"""Bench of the test port: vectors pushed through the registers, and what every stage made of them."""

from itertools import product, repeat
from typing import Any

import cocotb
from cocotb.triggers import RisingEdge

from nmpu_model.script import load_program
from nmpu_model.trace import trace
from nmpu_model.traffic import random_program, random_traffic
from nmpu_verif.bench_nmpu import start
from nmpu_verif.coverage.bus import ACCESSES, UNITS
from nmpu_verif.environment import seed
from nmpu_verif.testport import passed, push, test_mode
from nmpu_verif.unit import Unit


@cocotb.test()
async def pushed_vectors_equal_the_model(dut: Any) -> None:
    """In test mode every stage's number of every column is the model's, whatever the streams' other ends do; then
    vectors flow again, and codes, counters and CRC count both."""
    unit = await start(dut)
    for bank, rx_on in enumerate((True, False)):
        program = random_program(unit.config, seed(), f"push/{bank}", rx_on)
        await unit.load(program, bank)
        await unit.control(enable=bool(bank), bank=bank)
        await test_mode(unit, True)
        # Without offers, and with ones that must not be taken: the harness sees to it that no ready and no valid rises.
        unit.out_ready = repeat(False)
        for offered in (0, 1):
            dut.adc_valid.value = dut.rx_valid.value = offered
            dut.rx_payload.value = 0b01 if offered else 0
            traffic = random_traffic(program, 1, seed(), f"push/{bank}/{offered}")
            seen = await push(unit, traffic)
            expected = trace(program, traffic)
            wanted = {**vars(traffic), **vars(expected), "code": expected.code & 0xFF}
            for name, numbers in seen.items():
                differ = (numbers != wanted[name]).nonzero()
                first = f"{numbers[differ][:1]} instead of {wanted[name][differ][:1]}, {len(differ[0])} in all"
                assert not differ[0].size, f"{name}: {first}"
        dut.adc_valid.value = dut.rx_valid.value = 0
        unit.out_ready = repeat(True)
        assert await unit.read("status") & 0b11101 == 0
        await test_mode(unit, False)
        unit.send(random_traffic(program, 3, seed(), f"after/{bank}"))
        await unit.control(enable=True, bank=bank)
        await unit.drain()
    await unit.check()


@cocotb.test()
async def test_registers_are_guarded(dut: Any) -> None:
    """Outside test mode nothing can be pushed; a group in the pipeline, and a vector begun, cannot be touched."""
    unit = await start(dut)
    registers = unit.registers
    mode, push = registers["test.mode"].address, registers["test.push"].address
    inject = registers["test.inject0[0]"].address
    last = registers[f"test.code[{unit.config.lanes - 1}]"].address
    program = random_program(unit.config, seed(), "guard", rx_on=False)
    await unit.load(program, 0)

    async def refused(address: int, data: int = 1) -> None:
        await unit.write(address, data, error=True)

    await refused(push)
    await refused(inject)
    await refused(last)
    if 4 * unit.config.lanes < registers.word_stride:
        await refused(last + 4)
        assert await unit.bus.read(last + 4, error_expected=True) == 0, "no such lane"
    assert await unit.bus.read(push, error_expected=True) == 0, "write-only"
    unit.out_ready = repeat(False)
    unit.send(random_traffic(program, 1, seed(), "guard"))
    await unit.control(enable=True)
    while not unit.model.in_flight:
        await RisingEdge(dut.clk)
    await refused(mode)
    assert await unit.bus.read(last, error_expected=True) == 0, "captured while a group is in the pipeline"
    unit.out_ready = repeat(True)
    await unit.drain()
    await unit.control(enable=False)

    await test_mode(unit, True)
    for group in range(unit.config.groups):
        await unit.write(inject, 0)
        await unit.write(push, 1)
        # The group is gone after two accesses.
        for address in (push, inject) if group == 0 else (last, inject):
            if group == 0:
                await refused(address)
            else:
                assert await unit.bus.read(address, error_expected=True) == 0
        await passed(unit)
        if group < unit.config.groups - 1:
            await refused(mode, 0)
            await refused(registers["bank[0].layer"].address, 0)
    assert await unit.read("test.mode") == 1
    assert await unit.read("out_beats") == 2 * unit.config.groups
    await test_mode(unit, False)
    assert await unit.read("test.mode") == 0
    for write in load_program(program, 0):
        assert await unit.read(write.register) == write.data, f"{write.register} changed"


@cocotb.test()
async def every_access_in_every_state(dut: Any) -> None:
    """Each kind of access is refused in the states of the table, and in no other."""
    unit = await start(dut)
    registers = unit.registers
    used = {register.address for register in registers}
    addresses = {
        "register": registers["test.view"].address,
        "read-only": registers["id"].address,
        "write-only": registers["test.push"].address,
        "mode": registers["test.mode"].address,
        "push": registers["test.push"].address,
        "parameter": registers["bank[0].word0[0]"].address,
        "injected": registers["test.inject0[0]"].address,
        "captured": registers["test.code[0]"].address,
        "hole": next(address for address in range(0, 1 << registers.address_bits, 4) if address not in used),
        "unaligned": registers["test.view"].address + 2,
        "partial": registers["test.view"].address,
    }
    for state, (access, refusing) in product(_states(unit), ACCESSES.items()):
        await _bring(unit, state)
        way, kind = access.split()
        address, refused = addresses[kind], state in refusing
        if way == "read":
            value = await unit.bus.read(address, error_expected=refused)
            assert not (refused and value), f"{access} in {state!r}: a refused read must return 0"
        else:
            # Test mode stays as it is, and nothing is pushed.
            data = 0 if kind == "push" else int("test" in state) if kind == "mode" else 1
            await unit.write(address, data, error=refused, strobe=7 if kind == "partial" else -1)
            assert await unit.read("test.view") == (kind == "register"), f"{access} in {state!r}"


@cocotb.test()
async def reset_in_test_mode(dut: Any) -> None:
    """A pushed group, and a vector begun, are gone; the streams are open."""
    unit = await start(dut)
    program = random_program(unit.config, seed(), "reset", rx_on=False)
    for state in _states(unit):
        await _bring(unit, state)
        await unit.reset()
        assert await unit.read("test.mode") == await unit.read("status") == 0
        await unit.load(program, 0)
        unit.send(random_traffic(program, 2, seed(), f"reset/{state}"))
        unit.out_ready = repeat(True)
        await unit.control(enable=True)
        await unit.check()


def _states(unit: Unit) -> list[str]:
    """Those of `UNITS` that the unit can be in."""
    return [state for state in UNITS if state != "test begun" or unit.config.groups > 1]


async def _bring(unit: Unit, state: str) -> None:
    """From reset into one of `UNITS`; there it stays for one access at least."""
    await unit.reset()
    unit.programs[0] = random_program(unit.config, seed(), "anything", rx_on=False)
    unit.out_ready = repeat(state != "flying")
    if state == "flying":
        unit.send(random_traffic(unit.programs[0], 1, seed(), "anything"))
        await unit.control(enable=True)
        while not unit.model.in_flight:
            await RisingEdge(unit.dut.clk)
    if "test" in state:
        await test_mode(unit, True)
    if state in ("test begun", "test flying"):
        await unit.write(unit.registers["test.push"].address, 1)
    if state == "test begun":
        await passed(unit)
