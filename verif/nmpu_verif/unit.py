"""The unit under test, with everything around it: bus, streams, and a model that follows it clock by clock."""

import zlib
from collections.abc import Iterator, Mapping
from itertools import repeat
from typing import Any

import cocotb
import numpy as np
from cocotb.clock import Clock
from cocotb.triggers import FallingEdge, RisingEdge
from cocotbext.apb import Apb4Bus, ApbMaster
from numpy.typing import NDArray

from nmpu_model.packing import unpack
from nmpu_model.payloads import adc_beats, group_beats
from nmpu_model.program import Program
from nmpu_model.script import control, load_parameters, load_program
from nmpu_model.traffic import Traffic
from nmpu_spec.config import CODE_BITS, Config
from nmpu_spec.cycles import Handshakes
from nmpu_spec.registers import BANKS, register_map
from nmpu_verif.batches import compare
from nmpu_verif.coverage.bins import hits
from nmpu_verif.coverage.bus import Access
from nmpu_verif.coverage.moment import Moment, Observed
from nmpu_verif.coverage.sampler import Sampler
from nmpu_verif.reset import set_reset
from nmpu_verif.streams import Source

PERIOD_NS = 2
TIME_COUNTERS = ("busy", "wait_adc", "wait_rx", "stall_out")


class Unit:
    """Drives the pins of `Nmpu`, and checks every handshake of every clock against `CycleModel`.

    Vectors that are taken or pushed are remembered with the program that was in their bank; `check` runs them through
    the golden model and compares every code and, through the bus, every counter and the CRC.
    """

    def __init__(self, dut: Any, config: Config) -> None:
        self.dut = dut
        self.config = config
        self.registers = register_map(config)
        self.adc, self.rx = Source(), Source()
        self.out_ready: Iterator[bool] = repeat(True)
        self.bus = ApbMaster(Apb4Bus.from_prefix(dut, "apb"), dut.clk)
        self.bus.return_int = True
        self.bus.log.setLevel("WARNING")
        self.clocks = 0
        record = hits()
        self._coverage = Sampler(config, record) if record else None
        self._forget()
        Clock(dut.clk, PERIOD_NS, "ns").start(start_high=False)

    # -- what a test does --------------------------------------------------------------------------------------------

    async def reset(self) -> None:
        """Two clocks of reset; programs in the parameter memories survive, settings and vectors do not."""
        self._running = False
        if self._coverage:
            self._coverage.reset(self.model)
        dut = self.dut
        set_reset(dut, self.config, True)
        for pin in (dut.adc_valid, dut.rx_valid, dut.out_ready):
            pin.value = 0
        for _ in range(2):
            await RisingEdge(dut.clk)
        set_reset(dut, self.config, False)
        self._forget()
        self._running = True
        self._task = cocotb.start_soon(self._follow())

    async def write(self, address: int, data: int, *, error: bool = False, strobe: int = -1) -> None:
        await self.bus.write(address, data, strb=strobe, error_expected=error)

    async def read(self, name: str) -> int:
        value = await self.bus.read(self.registers[name].address)
        assert isinstance(value, int)
        return value

    async def load(self, program: Program, bank: int, *, parameters_only: bool = False) -> None:
        """Program a bank that is not in use."""
        for write in (load_parameters if parameters_only else load_program)(program, bank):
            await self.write(write.address, write.data)
        self.programs[bank] = program

    async def control(self, *, enable: bool = True, bank: int = 0, clear: bool = False) -> None:
        write = control(self.config, enable=enable, bank=bank, clear=clear)
        await self.write(write.address, write.data)

    @property
    def active_bank(self) -> int:
        """The bank that the next group uses."""
        return self.model.active_bank(self._bank)

    def send(self, traffic: Traffic) -> None:
        """Queue vectors, and the rx beats that go with them."""
        self._sent.append(traffic)
        self.adc.put(adc_beats(self.config, traffic))
        if traffic.rx is not None:
            self.rx.put(group_beats(self.config, traffic.rx, self.config.residual.code_bits))

    def expect(self, traffic: Traffic) -> None:
        """Vectors that come in another way than through the streams; `deliver` tells what became of each group."""
        self._sent.append(traffic)

    @property
    def time(self) -> dict[str, int]:
        """The time counters as they must stand."""
        return dict(self._time)

    @property
    def latency(self) -> int:
        """Measured clocks from the first group's entry to the first codes on ``out``."""
        assert self.first_in is not None and self.first_out is not None
        return self.first_out - self.first_in

    async def nearly_empty(self) -> None:
        """Wait until the source is about to run dry, in time to queue more without a gap."""
        while self.adc.left > 1:
            await RisingEdge(self.dut.clk)

    async def drain(self) -> None:
        """Wait until every queued vector is delivered."""
        while self.adc.left or self.model.in_flight:
            await RisingEdge(self.dut.clk)

    async def check(self) -> Mapping[str, int]:
        """Drain, stop, and compare every code and counter with the models; returns the counters."""
        await self.drain()
        await self.control(enable=False, bank=self.active_bank)
        wanted = {**dict.fromkeys(self.registers.counters, 0), **self._time}
        wanted["cycles"] = sum(self._time.values())
        found = compare(self.config, self._codes(), self._sent, self._taken, self._cleared)
        self.compared, self.mismatches = found.compared, found.mismatches
        wanted |= found.counters
        self.counters = {name: await self.read(name) for name in self.registers.counters}
        assert not found.mismatches, f"{found.mismatches} codes differ; first: {found.first}"
        assert self.counters == wanted, f"counters {self.counters}, the models say {wanted}"
        for name, number in (("out_crc", self._crc), ("out_beats", self._delivered)):
            assert (seen := await self.read(name)) == number, f"{name} is {seen:#x}, must be {number:#x}"
        return self.counters

    # -- what happens in every clock ---------------------------------------------------------------------------------

    async def _follow(self) -> None:
        while self._running:
            await FallingEdge(self.dut.clk)
            if not self._running:
                return
            self._sample()
            await RisingEdge(self.dut.clk)
            if self._running:
                self._drive()

    def _forget(self) -> None:
        self.model = Observed(self.config)
        self.programs: dict[int, Program] = {}
        self._time = dict.fromkeys(TIME_COUNTERS, 0)
        self._enable, self._bank, self._rx_on = False, 0, [False] * BANKS
        self._adc_beat: int | None = None
        self._rx_beat: int | None = None
        self._ready = self._test = self._push = False
        self._crc = self._delivered = self._entered = 0
        self._cleared = 0, 0
        self._sent: list[Traffic] = []
        self._taken: list[Program] = []
        self._beats: list[int] = []
        self.first_out: int | None = None
        self.first_in: int | None = None
        self.adc.clear()
        self.rx.clear()

    def _drive(self) -> None:
        dut = self.dut
        adc, rx = self.adc.offer(), self.rx.offer()
        if adc is not None and adc is not self._adc_beat:
            dut.adc_payload.value = adc
        if rx is not None and rx is not self._rx_beat:
            dut.rx_payload.value = rx
        if (adc is None) != (self._adc_beat is None):
            dut.adc_valid.value = adc is not None
        if (rx is None) != (self._rx_beat is None):
            dut.rx_valid.value = rx is not None
        ready = next(self.out_ready, True)
        if ready != self._ready:
            dut.out_ready.value = ready
        self._adc_beat, self._rx_beat, self._ready = adc, rx, ready

    def _sample(self) -> None:
        dut, model = self.dut, self.model
        adc_valid, rx_valid = self._adc_beat is not None, self._rx_beat is not None
        bank = self.active_bank
        test, ready = self._test, self._ready
        if test:
            adc_valid, rx_valid, ready = self._push, True, True
        enable = self._enable or test
        locked = model.banks_in_use(adc_valid, enable, self._bank) if int(dut.apb_psel.value) else set()
        state, joining = model.state, model.joining
        hands = model.step(
            adc_valid=adc_valid,
            rx_valid=rx_valid,
            out_ready=ready,
            enable=enable,
            bank=self._bank,
            rx_on=self._rx_on,
        )
        self._push = False
        seen = (int(dut.adc_ready.value), int(dut.rx_ready.value), int(dut.out_valid.value), int(dut.active_bank.value))
        pins = (False,) * 3 if test else (hands.adc_ready, hands.rx_ready, hands.out_valid)
        wanted = (*pins, bank)
        assert seen == wanted, (
            f"clock {self.clocks}: adc_ready, rx_ready, out_valid, active_bank are {seen}, cycle model: {wanted}"
        )
        if self._coverage:
            layer = self.programs[bank].layer if hands.issued else None
            offered = bank if enable and adc_valid else None
            moment = Moment(state, joining, adc_valid, rx_valid, ready, hands)
            self._coverage.clock(moment, test, layer, self._rx_beat, offered)
        self._remember(hands, adc_valid, rx_valid, bank)
        if int(dut.apb_psel.value) and int(dut.apb_penable.value):
            self._snoop(locked)
        self.clocks += 1

    def _remember(self, hands: Handshakes, adc_valid: bool, rx_valid: bool, bank: int) -> None:
        if hands.counted:
            self._time[hands.counted] += 1
        self._entered += hands.issued
        if hands.issued and self.first_in is None:
            self.first_in = self.clocks
        if hands.out_valid and self.first_out is None:
            self.first_out = self.clocks
        if adc_valid and hands.adc_ready:
            self._taken.append(self.programs[bank])
        if self._test:
            return
        if adc_valid and hands.adc_ready:
            self.adc.take()
        if rx_valid and hands.rx_ready:
            self.rx.take()
        if hands.out_valid and self._ready:
            assert hands.out is not None
            beat = int(self.dut.out_payload.value)
            flags = beat >> (max(CODE_BITS) * self.config.lanes)
            place = (hands.out.index == 0) | hands.out.last << 1
            assert flags == place, f"clock {self.clocks}: last, first are {flags:02b}, must be {place:02b}"
            self.deliver(beat & ((1 << max(CODE_BITS) * self.config.lanes) - 1))

    def deliver(self, codes: int) -> None:
        """The codes of a group left the unit."""
        self._beats.append(codes)
        self._crc = zlib.crc32(codes.to_bytes(max(CODE_BITS) * self.config.lanes // 8, "little"), self._crc)
        self._delivered += 1

    def _snoop(self, locked: set[int]) -> None:
        """Follow what the bus writes; a locked bank must have answered with an error."""
        dut = self.dut
        address, data, refused = (int(pin.value) for pin in (dut.apb_paddr, dut.apb_pwdata, dut.apb_pslverr))
        if self._coverage:
            self._coverage.access(Access(bool(int(dut.apb_pwrite.value)), address, int(dut.apb_pstrb.value)))
        if not int(dut.apb_pwrite.value):
            return
        bank = address // self.registers.bank_stride - 1
        if bank in locked:
            assert refused, f"clock {self.clocks}: bank {bank} is in use, a write to {address:#x} must be refused"
        if refused:
            return
        if address == self.registers["ctrl"].address:
            ctrl = self.registers["ctrl"]
            before = self._enable, self._bank
            self._enable = bool(ctrl.field("enable").extract(data))
            self._bank = ctrl.field("bank").extract(data)
            clear = bool(ctrl.field("clear").extract(data))
            if self._coverage:
                self._coverage.control(self._bank != before[1], before[0] and not self._enable, clear)
            if clear:
                self._time = dict.fromkeys(TIME_COUNTERS, 0)
                self._crc = self._delivered = 0
                self._cleared = self._entered - self.model.held("affine"), self._entered - self.model.held()
        if address == self.registers["test.mode"].address:
            self._test = bool(self.registers["test.mode"].field("on").extract(data))
        if address == self.registers["test.push"].address:
            self._push = bool(data & 1)
        for number in range(BANKS):
            layer = self.registers[f"bank[{number}].layer"]
            if address == layer.address:
                self._rx_on[number] = bool(layer.field("rx_on").extract(data))

    # -- the record --------------------------------------------------------------------------------------------------

    def _codes(self) -> NDArray[np.int64]:
        """Every code that came out, as its 8-bit field, of shape (vectors, columns)."""
        codes = unpack(self._beats, max(CODE_BITS), self.config.lanes, signed=False)
        return codes.reshape(-1, self.config.columns)
