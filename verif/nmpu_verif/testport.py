"""The test port, as software uses it: push vectors through the registers, read what every stage made of them."""

from itertools import product

import numpy as np
from cocotb.triggers import RisingEdge
from numpy.typing import NDArray

from nmpu_model.script import inject_group
from nmpu_model.traffic import Traffic
from nmpu_spec.parameters import WORD_BITS, inject_fields
from nmpu_spec.registers import CAPTURE_SLOTS
from nmpu_verif.unit import Unit


async def test_mode(unit: Unit, on: bool) -> None:
    """Shut the streams, or open them again; they are when this returns."""
    await unit.write(unit.registers["test.mode"].address, int(on))
    await RisingEdge(unit.dut.clk)


async def push(unit: Unit, traffic: Traffic) -> dict[str, NDArray[np.int64]]:
    """Push vectors through the registers; returns every captured number by name, each (vectors, columns)."""
    unit.expect(traffic)
    config, lanes = unit.config, unit.config.lanes
    names = [*config.branches, *CAPTURE_SLOTS]
    seen = {name: np.zeros(traffic.p.shape, np.int64) for name in names}
    for vector, group in product(range(len(traffic.p)), range(config.groups)):
        columns = slice(group * lanes, (group + 1) * lanes)
        codes = {name: array[vector, columns] for name, array in vars(traffic).items() if array is not None}
        # Where rx is off, a code that is there all the same must change nothing.
        codes.setdefault("rx", np.full(lanes, config.residual_code.max_raw))
        for write in inject_group(config, codes):
            await unit.write(write.address, write.data)
        await unit.write(unit.registers["test.push"].address, 1)
        await passed(unit)
        for name in names:
            seen[name][vector, columns] = [await _captured(unit, name, lane) for lane in range(lanes)]
        fields = seen["code"][vector, columns].astype(np.uint8)
        unit.deliver(int.from_bytes(fields.tobytes(), "little"))
    return seen


async def passed(unit: Unit) -> None:
    """Wait until the group that was pushed has gone through, as software does."""
    polls = 0
    while unit.registers["test.mode"].field("in_flight").extract(await unit.read("test.mode")):
        polls += 1
        assert polls < unit.config.pipeline.latency, "a pushed group does not come out"


async def _captured(unit: Unit, name: str, lane: int) -> int:
    """A captured number of a lane, as a signed one where its format is."""
    if name in unit.config.branches:
        field = next(field for field in inject_fields(unit.config) if field.name == name)
        word = await unit.read(f"test.inject{field.word}[{lane}]")
        raw = word >> field.lsb & ((1 << field.format.width) - 1)
        return raw - (raw >> field.format.width - 1 << field.format.width) if field.format.signed else raw
    halves = []
    wide = name != "code" and unit.config.nodes[name].width > WORD_BITS
    for high in range(1 + wide):
        if wide:
            await unit.write(unit.registers["test.view"].address, high)
        halves.append(await unit.read(f"test.{name}[{lane}]"))
    number = sum(half << WORD_BITS * place for place, half in enumerate(halves))
    sign = 1 << WORD_BITS * len(halves) - 1
    return number if name == "code" else (number ^ sign) - sign
