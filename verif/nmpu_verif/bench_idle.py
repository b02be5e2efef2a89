"""Bench of what stands still: gated clocks, and the operands of lanes that have nothing to do. Four-state simulators
only, because it looks into the hierarchy.
"""

from typing import Any

import cocotb
from cocotb.triggers import RisingEdge

from nmpu_model.stimulus import integers
from nmpu_model.traffic import random_program, random_traffic
from nmpu_verif.bench_nmpu import start
from nmpu_verif.environment import seed
from nmpu_verif.unit import Unit

CLOCKS = 40
OPERANDS = {
    "": ("rx", "host_read_data", "affine_address", "norm_address", "code"),
    "path": ("code_p", "code_n", "rx", "corrected", "norm", "total", "code"),
    "path.residual": ("total",),
}
"""What is looked at, in a lane and in its parts. The unit's column selection does follow ``adc_payload``."""


@cocotb.test()
async def gated_clocks_stand_still(dut: Any) -> None:
    """No pulse while idle; the bus wakes the lanes of one gate; a vector or ``scan_enable`` wakes all."""
    unit = await start(dut)
    gates = unit.config.implementation.clock_gates
    lanes = unit.config.lanes // gates
    pulses = [0] * gates
    for gate in range(gates):
        cocotb.start_soon(_count(_lane(dut, gate * lanes).clk, pulses, gate))

    async def woken() -> list[bool]:
        before = list(pulses)
        for _ in range(CLOCKS):
            await RisingEdge(dut.clk)
        return [now != then for now, then in zip(pulses, before, strict=True)]

    assert await woken() == [False] * gates
    for gate in range(gates):
        before = list(pulses)
        await unit.write(unit.registers[f"bank[0].word0[{gate * lanes}]"].address, 0)
        await woken()
        assert [now - then for now, then in zip(pulses, before, strict=True)] == [
            gate == other for other in range(gates)
        ]
    dut.scan_enable.value = 1
    before = list(pulses)
    await woken()
    assert all(now - then >= CLOCKS - 1 for now, then in zip(pulses, before, strict=True))
    dut.scan_enable.value = 0
    await woken()
    program = random_program(unit.config, seed(), "idle", rx_on=False)
    await unit.load(program, 0)
    await unit.control(enable=True)
    assert await woken() == [False] * gates
    unit.send(random_traffic(program, 1, seed(), "idle"))
    assert await woken() == [True] * gates
    assert await woken() == [False] * gates
    await unit.check()


@cocotb.test()
async def idle_operands_stand_still(dut: Any) -> None:
    """Payloads without valid, and an unselected bus, move nothing in a lane, with rx on and a layer enabled."""
    unit = await start(dut)
    program = random_program(unit.config, seed(), "still", rx_on=True)
    await unit.load(program, 0)
    await unit.control(enable=True)
    unit.send(random_traffic(program, 2, seed(), "still"))
    await unit.check()
    await RisingEdge(dut.clk)
    await RisingEdge(dut.clk)
    before = _operands(dut, unit)
    values = integers(seed(), "still/wiggle", 0, 2**32 - 1, (CLOCKS,)).tolist()
    for value in values:
        dut.adc_payload.value = value
        dut.rx_payload.value = value & (1 << len(dut.rx_payload)) - 1
        dut.apb_paddr.value = value & (1 << len(dut.apb_paddr)) - 1
        await RisingEdge(dut.clk)
        assert _operands(dut, unit) == before


def _lane(dut: Any, index: int) -> Any:
    return getattr(dut.lanes, f"lane_{index}")


def _operands(dut: Any, unit: Unit) -> list[str]:
    found = []
    for index in range(unit.config.lanes):
        for place, names in OPERANDS.items():
            part = _lane(dut, index)
            for step in filter(None, place.split(".")):
                part = getattr(part, step)
            found += [str(getattr(part, name).value) for name in names]
    return found


async def _count(clock: Any, pulses: list[int], gate: int) -> None:
    while True:
        await RisingEdge(clock)
        pulses[gate] += 1
