"""The register block: what ``nmpu.rdl`` says, as gates."""

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value
from amaranth.lib.wiring import Component, In, Out

from nmpu_hw.apb import DATA_BITS, apb_signature
from nmpu_spec.config import Config
from nmpu_spec.parameters import inject_words, parameter_words
from nmpu_spec.registers import BANKS, CAPTURE_SLOTS, INJECT_SLOT, TEST_AREA, Field, Register, register_map


def wire_name(register: str, field: str) -> str:
    """The port of a field: ``bank[1].mask[3]``, ``columns`` -> ``bank1_mask3_columns``."""
    return f"{register}_{field}".replace("[", "").replace("]", "").replace(".", "_")


class RegisterBlock(Component):
    """APB4 to fields, and to what is kept in the lanes: parameter memories and test registers.

    Every stored field is an output, every field that the hardware drives an input, named by `wire_name`; a pulse is
    high in the clock that the write ends with. Constants are part of the block.

    locked[b]    bank b is in use: writing its registers answers PSLVERR
    busy         reading parameters, and writing ``test.mode``, answers PSLVERR
    test_mode_in_flight   test registers of the lanes cannot be touched, and no group can be pushed

    The port to the lanes: an access to word `host_slot` (as in the address: 0 is no word) of column `host_column` of
    bank `host_bank`, or, with `host_test`, of lane `host_column`.

    host_write   write a parameter;  host_inject   write an injected code;  both with `host_data`
    host_read    read a parameter: `host_read_data` is there in the next clock; a test register shows at once
    """

    def __init__(self, config: Config) -> None:
        self.config = config
        self.map = register_map(config)
        ports = {}
        for register, field in self._fields():
            if field.from_hardware:
                ports[wire_name(register.name, field.name)] = In(field.width)
            elif field.writable:
                init = 0 if field.pulse else field.reset
                ports[wire_name(register.name, field.name)] = Out(field.width, init=init)
        slots = self.map.bank_stride // self.map.word_stride
        super().__init__(
            {
                "apb": In(apb_signature(self.map.address_bits)),
                **ports,
                "locked": In(BANKS),
                "busy": In(1),
                "host_write": Out(1),
                "host_inject": Out(1),
                "host_read": Out(1),
                "host_test": Out(1),
                "host_bank": Out(range(BANKS)),
                "host_slot": Out(range(slots)),
                "host_column": Out(range(max(config.columns, 2))),
                "host_data": Out(DATA_BITS),
                "host_read_data": In(DATA_BITS),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        apb = self.apb
        setup, access, write, read = (Signal(name=name) for name in ("setup", "access", "write", "read"))
        whole, readable, writable = (Signal(name=name) for name in ("whole", "readable", "writable"))
        area = Signal(range(TEST_AREA + 1))
        lock = Signal()
        m.d.comb += [
            apb.pready.eq(1),
            setup.eq(apb.psel & ~apb.penable),
            access.eq(apb.psel & apb.penable),
            whole.eq(apb.pstrb.all()),
            area.eq(apb.paddr[(self.map.bank_stride - 1).bit_length() :]),
            lock.eq(Cat((area == 1 + bank) & self.locked[bank] for bank in range(BANKS)).any()),
            write.eq(access & apb.pwrite & writable & whole & ~lock),
            read.eq(~apb.pwrite & readable),
            apb.pslverr.eq(access & Mux(apb.pwrite, ~(writable & whole & ~lock), ~readable)),
        ]
        parameter, injected, captured = self._lane_port(m, area, setup, write)
        with m.If(parameter):
            # Reading needed the memories in the setup clock, when the unit may have been using them.
            idle = Signal()
            with m.If(setup):
                m.d.sync += idle.eq(~self.busy)
            m.d.comb += [writable.eq(1), readable.eq(idle)]
        with m.Elif(injected):
            m.d.comb += [writable.eq(self._can_inject), readable.eq(~self.test_mode_in_flight)]
        with m.Elif(captured):
            m.d.comb += readable.eq(~self.test_mode_in_flight)
        with m.If(parameter | injected | captured):
            with m.If(read):
                m.d.comb += apb.prdata.eq(self.host_read_data)
        with m.Else(), m.Switch(apb.paddr):
            for register in self.map:
                if not register.in_lanes:
                    with m.Case(register.address):
                        self._register(m, register, write, read, readable, writable)
        return m

    @property
    def _can_inject(self) -> Value:
        return self.test_mode_on & ~self.test_mode_in_flight

    def _lane_port(self, m: Module, area: Value, setup: Value, write: Value) -> tuple[Signal, Signal, Signal]:
        """Decode the words in the lanes; returns whether the address is a parameter, an injected or a captured word."""
        paddr, config = self.apb.paddr, self.config
        low = (self.map.word_stride - 1).bit_length()
        slot, entry = self.host_slot, paddr[2:low]
        parameter, injected, captured = (Signal(name=name) for name in ("parameter", "injected", "captured"))
        # Slot 0 is none: while nobody looks, what the lanes hold stays out of the way to the bus.
        slot_bits = paddr[low : (self.map.bank_stride - 1).bit_length()]
        m.d.comb += self.host_slot.eq(Mux(self.apb.psel, slot_bits, 0))
        parameters = range(1, 1 + parameter_words(config))
        codes = range(INJECT_SLOT, INJECT_SLOT + inject_words(config))
        for kind, test, slots, entries in (
            (parameter, False, parameters, config.columns),
            (injected, True, codes, config.lanes),
            (captured, True, CAPTURE_SLOTS.values(), config.lanes),
        ):
            here = self.host_test if test else ~self.host_test & (area != 0)
            m.d.comb += kind.eq(here & slot.matches(*slots) & (entry < entries) & (paddr[:2] == 0))
        m.d.comb += [
            self.host_test.eq(area == TEST_AREA),
            self.host_bank.eq(area - 1),
            self.host_column.eq(entry),
            self.host_data.eq(self.apb.pwdata),
            self.host_write.eq(parameter & write),
            self.host_inject.eq(injected & write),
            self.host_read.eq(parameter & setup & ~self.apb.pwrite & ~self.busy),
        ]
        return parameter, injected, captured

    def _register(
        self, m: Module, register: Register, write: Value, read: Value, readable: Value, writable: Value
    ) -> None:
        """One register, inside the case of its address."""
        can_read = any(field.readable for field in register.fields)
        can_write = any(field.writable for field in register.fields)
        allowed = {"test.mode": ~self.busy, "test.push": self._can_inject}.get(register.name, Const(1))
        m.d.comb += [readable.eq(can_read), writable.eq(can_write & allowed)]
        word: list[Value] = []
        for field in register.fields:
            value = self._value(m, register, field, write)
            word += [Const(0, field.lsb - sum(map(len, word))), value if field.readable else Const(0, field.width)]
        if can_read:
            with m.If(read):
                m.d.comb += self.apb.prdata.eq(Cat(word))

    def _value(self, m: Module, register: Register, field: Field, write: Value) -> Value:
        """What reads as the field; a stored one takes `write`'s data."""
        if not field.writable and not field.from_hardware:
            return Const(field.reset or 0, field.width)
        wire: Signal = getattr(self, wire_name(register.name, field.name))
        if field.writable:
            incoming = self.apb.pwdata[field.lsb : field.lsb + field.width]
            if field.pulse:
                with m.If(write):
                    m.d.comb += wire.eq(incoming)
            else:
                with m.If(write):
                    m.d.sync += wire.eq(incoming)
        return wire

    def _fields(self) -> list[tuple[Register, Field]]:
        return [(register, field) for register in self.map for field in register.fields if not register.in_lanes]
