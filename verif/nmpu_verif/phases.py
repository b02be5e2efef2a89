"""Benches that bring the unit into every phase of its work, and do something to it there; run by `bench_nmpu`."""

from dataclasses import replace
from itertools import chain, repeat
from typing import Any

import cocotb
from cocotb.triggers import FallingEdge, RisingEdge

from nmpu_model.program import Program
from nmpu_model.script import load_parameters, load_program
from nmpu_model.traffic import Traffic, random_program, random_traffic
from nmpu_spec.config import CODE_BITS
from nmpu_verif.coverage.control import on_clear, on_disable, on_reset
from nmpu_verif.environment import configuration, seed
from nmpu_verif.levels import IDLE, Played, Walk, tour, walks
from nmpu_verif.unit import Unit

__all__ = [
    "counters_cleared_in_every_phase",
    "disabled_in_every_phase",
    "every_state_of_the_pipeline",
    "reset_in_every_phase",
]

ACCESS_CLOCKS = 2
"""From the call of a bus write to the clock in which the unit takes it."""
VECTORS = 4
"""Queued for a walk; more than it needs."""


async def prepared(dut: Any, stream: str) -> tuple[Unit, Program]:
    """A unit whose streams are played, enabled, with a program that wants rx in bank 0."""
    unit = Unit(dut, configuration())
    unit.adc, unit.rx = Played(), Played()
    await unit.reset()
    program = random_program(unit.config, seed(), stream, rx_on=True)
    await unit.load(program, 0)
    await unit.control(enable=True)
    return unit, program


async def play(unit: Unit, walk: Walk, traffic: Traffic, before: int = 0) -> None:
    """Send `traffic` as `walk` says, and the rest at full speed; returns `before` clocks before the walk's last one."""
    pad = max(before + 2 - len(walk), 1)
    script: Walk = [*[IDLE] * pad, *walk]
    await FallingEdge(unit.dut.clk)  # the levels of the next clock are not asked for yet
    assert isinstance(unit.adc, Played) and isinstance(unit.rx, Played)
    unit.send(traffic)
    unit.adc.play([levels.adc_valid for levels in script])
    unit.rx.play([levels.rx_valid for levels in script])
    unit.out_ready = chain([levels.out_ready for levels in script], repeat(True))
    for _ in range(len(script) - before):
        await RisingEdge(unit.dut.clk)


@cocotb.test()
async def every_state_of_the_pipeline(dut: Any) -> None:
    """Every set of registers that hold a group, and every stall there; out_width's spare value means 8 bits."""
    unit, program = await prepared(dut, "tour")
    program = replace(program, layer=replace(program.layer, out_bits=CODE_BITS[-1]))
    await unit.load(program, 0)
    layer = unit.registers["bank[0].layer"]
    spare = layer.field("out_width").insert(len(CODE_BITS))
    await unit.write(layer.address, await unit.read(layer.name) | spare)
    walk = tour(unit.config, seed())
    vectors = 1 + sum(levels.adc_valid for levels in walk) // unit.config.groups
    await play(unit, walk, random_traffic(program, vectors, seed(), "tour"))
    await unit.check()


@cocotb.test()
async def reset_in_every_phase(dut: Any) -> None:
    """Whatever the pipeline holds is gone; the unit is as new, and parameters in the memories are kept."""
    unit, program = await prepared(dut, "reset")
    writes = load_program(program, 0)
    kept = {write.register for write in load_parameters(program, 0)}
    phases = walks(unit.config, lambda moment, after: on_reset(unit.config, moment, after), seed())
    for number, walk in enumerate(phases):
        traffic = random_traffic(program, VECTORS, seed(), f"reset/{number}")
        await play(unit, walk, traffic, before=-1)
        await unit.reset()
        assert await unit.read("status") == 0
        assert await unit.read("cycles") == 0
        for write in writes:
            if write.register not in kept:
                await unit.write(write.address, write.data)
        unit.programs[0] = program
        unit.send(random_traffic(program, 2, seed(), f"after/{number}"))
        await unit.control(enable=True)
        await unit.check()
        await unit.control(enable=True)
    await unit.control(enable=False)
    assert await unit.read("status") == 0
    await unit.reset()
    assert await unit.read("ctrl") == 0


@cocotb.test()
async def counters_cleared_in_every_phase(dut: Any) -> None:
    """Only what is counted after CTRL.clear is counted, whatever the pipeline holds."""
    unit, program = await prepared(dut, "clear")
    for number, walk in enumerate(walks(unit.config, lambda moment, _: on_clear(unit.config, moment), seed())):
        traffic = random_traffic(program, VECTORS, seed(), f"clear/{number}")
        await play(unit, walk, traffic, ACCESS_CLOCKS)
        await unit.control(enable=True, clear=True)
        await unit.check()
        await unit.control(enable=True)


@cocotb.test()
async def disabled_in_every_phase(dut: Any) -> None:
    """A vector that has begun comes out whole; no other begins."""
    unit, program = await prepared(dut, "disable")
    for number, walk in enumerate(walks(unit.config, lambda moment, _: on_disable(unit.config, moment), seed())):
        traffic = random_traffic(program, VECTORS, seed(), f"disable/{number}")
        await play(unit, walk, traffic, ACCESS_CLOCKS)
        await unit.control(enable=False)
        for _ in range(2 * (unit.config.groups + unit.config.pipeline.latency)):
            await RisingEdge(dut.clk)
        assert not unit.model.in_flight
        assert await unit.read("status") == 0
        await unit.control(enable=True)
        await unit.drain()
    await unit.check()
