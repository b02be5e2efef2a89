"""The unit's RTL clock by clock, in Amaranth's simulator: streams and bus as the system around the unit drives them.

`nmpu_verif.compiled` is faster and runs one program from reset; here banks are programmed and swapped under way.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from amaranth.sim import Simulator
from numpy.typing import NDArray

from nmpu_hw.nmpu import Nmpu
from nmpu_model import unit
from nmpu_model.packing import unpack
from nmpu_model.payloads import adc_beats, group_beats
from nmpu_model.program import Program
from nmpu_model.script import Write, control, load_program
from nmpu_model.traffic import Traffic
from nmpu_spec.config import Config
from nmpu_spec.registers import BANKS, register_map
from nmpu_verif.simulate import BenchError


class Batch(NamedTuple):
    """Vectors that run with one program."""

    program: Program
    traffic: Traffic


def cut(batch: Batch, part: slice) -> Batch:
    """Some of the vectors of `batch`, with the same program."""
    p, n, rx = (
        None if codes is None else codes[part] for codes in (batch.traffic.p, batch.traffic.n, batch.traffic.rx)
    )
    assert p is not None
    return Batch(batch.program, Traffic(p, n, rx))


@dataclass(frozen=True)
class Played:
    """What the pins showed.

    fields     the 8-bit fields of every code, (vectors, columns)
    entered    clock in which the last group of each vector entered: its beat on ``adc`` was taken
    delivered  clock in which the last codes of each vector were on ``out``
    loads      clocks on the bus for each bank that was programmed, in order
    counters   the time counters of the registers at the end, and `vectors`
    """

    fields: NDArray[np.int64]
    entered: NDArray[np.int64]
    delivered: NDArray[np.int64]
    loads: tuple[int, ...]
    counters: Mapping[str, int]


def play(config: Config, batches: Sequence[Batch], period: int = 0) -> Played:
    """Run `batches` one after the other, through both banks in turn; the sink is always ready.

    A bank is programmed as soon as no vector uses it, unless it holds the batch's program already; the swap is written
    while the last vector of the batch before is in progress. `period` is the number of clocks from one vector's offer
    to the next; at 0 the next one is offered as soon as one is taken.
    """
    run = _Run(config, batches, period)
    simulator = Simulator(run.dut)
    simulator.add_clock(1e-9)
    # In this order they see a clock: what the monitor noted is what the others go by.
    simulator.add_testbench(run.monitor, background=True)
    simulator.add_testbench(run.host)
    simulator.add_testbench(run.adc, background=True)
    simulator.add_testbench(run.rx, background=True)
    simulator.run()
    codes = unpack(run.beats, config.widest_code, config.lanes, signed=False).reshape(-1, config.columns)
    ends = slice(config.groups - 1, None, config.groups)
    return Played(codes, np.array(run.taken), np.array(run.out_clocks[ends]), tuple(run.loads), run.counters)


def same_codes(batches: Sequence[Batch], played: Played) -> bool:
    """Every vector has the codes that the golden model gives it with the program of its own batch."""
    wanted = [unit.run(program, traffic.p, traffic.n, traffic.rx).out for program, traffic in batches]
    fields = np.concatenate(wanted).astype(np.int64) & ((1 << batches[0].program.config.widest_code) - 1)
    return np.array_equal(fields, played.fields)


class _Run:
    """One simulation; `released` batches may be offered, `offered` vectors were."""

    def __init__(self, config: Config, batches: Sequence[Batch], period: int) -> None:
        self.config, self.batches, self.period = config, batches, period
        self.dut = Nmpu(config)
        self.registers = register_map(config)
        self.clock = self.released = self.offered = 0
        self.taken: list[int] = []
        self.beats: list[int] = []
        self.out_clocks: list[int] = []
        self.loads: list[int] = []
        self.counters: dict[str, int] = {}

    async def monitor(self, ctx: Any) -> None:
        adc, out = self.dut.adc, self.dut.out
        ctx.set(out.ready, 1)
        pins = ctx.tick().sample(adc.valid & adc.ready, out.valid, out.payload.codes.as_value())
        async for _, _, taken, valid, codes in pins:
            if taken:
                self.taken.append(self.clock)
            if valid:
                self.beats.append(codes)
                self.out_clocks.append(self.clock)
            self.clock += 1

    async def host(self, ctx: Any) -> None:
        held: dict[int, Program] = {}
        first = 0
        for number, batch in enumerate(self.batches):
            bank = number % BANKS
            if held.get(bank) is not batch.program:
                while self.registers["status"].field("in_use").extract(await self._read(ctx, "status")) >> bank & 1:
                    pass
                begun = self.clock
                for write in load_program(batch.program, bank):
                    await self._write(ctx, write)
                self.loads.append(self.clock - begun)
                held[bank] = batch.program
            while self.offered < first:
                await ctx.tick()
            await self._write(ctx, control(self.config, enable=True, bank=bank))
            self.released += 1
            first += len(batch.traffic.p)
        while len(self.beats) < first * self.config.groups:
            await ctx.tick()
        for name in ("busy", "wait_adc", "wait_rx", "stall_out", "vectors"):
            self.counters[name] = await self._read(ctx, name)

    async def adc(self, ctx: Any) -> None:
        due = 0
        for number, batch in enumerate(self.batches):
            for beat in adc_beats(self.config, batch.traffic):
                while self.released <= number or self.clock < due:
                    await ctx.tick()
                due = self.clock + self.period
                ctx.set(self.dut.adc.payload.as_value(), beat)
                ctx.set(self.dut.adc.valid, 1)
                self.offered += 1
                await ctx.tick().until(self.dut.adc.ready)
                ctx.set(self.dut.adc.valid, 0)

    async def rx(self, ctx: Any) -> None:
        for batch in self.batches:
            if batch.traffic.rx is not None:
                for beat in group_beats(self.config, batch.traffic.rx, self.config.residual.code_bits):
                    ctx.set(self.dut.rx.payload.as_value(), beat)
                    ctx.set(self.dut.rx.valid, 1)
                    await ctx.tick().until(self.dut.rx.ready)
                    ctx.set(self.dut.rx.valid, 0)

    async def _write(self, ctx: Any, write: Write) -> None:
        ctx.set(self.dut.apb.pwdata, write.data)
        ctx.set(self.dut.apb.pstrb, -1)
        await self._transfer(ctx, write.address, True)

    async def _read(self, ctx: Any, register: str) -> int:
        return await self._transfer(ctx, self.registers[register].address, False)

    async def _transfer(self, ctx: Any, address: int, write: bool) -> int:
        """A setup and an access phase; the unit never makes the bus wait."""
        apb = self.dut.apb
        ctx.set(apb.paddr, address)
        ctx.set(apb.pwrite, write)
        ctx.set(apb.psel, 1)
        await ctx.tick()
        ctx.set(apb.penable, 1)
        _, _, data, refused = await ctx.tick().sample(apb.prdata, apb.pslverr)
        ctx.set(apb.psel, 0)
        ctx.set(apb.penable, 0)
        if refused:
            raise BenchError(f"clock {self.clock}: the register access to {address:#x} is refused")
        return int(data)
