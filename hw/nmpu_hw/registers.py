"""The register block: what ``nmpu.rdl`` says, as gates."""

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value
from amaranth.lib.wiring import Component, In, Out

from nmpu_hw.apb import DATA_BITS, apb_signature
from nmpu_spec.config import Config
from nmpu_spec.parameters import parameter_words
from nmpu_spec.registers import BANKS, Field, Register, register_map


def wire_name(register: str, field: str) -> str:
    """The port of a field: ``bank[1].mask[3]``, ``columns`` -> ``bank1_mask3_columns``."""
    return f"{register}_{field}".replace("[", "").replace("]", "").replace(".", "_")


class RegisterBlock(Component):
    """APB4 to fields and to the lanes' parameter memories.

    Every stored field is an output, every field that the hardware drives an input, named by `wire_name`; a pulse is
    high in the clock that the write ends with. Constants are part of the block.

    locked[b]    bank b is in use: writing its registers answers PSLVERR
    busy         reading parameters answers PSLVERR
    memory_*     the parameter port: a write (one clock), or a read whose data is there in the next clock
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
        super().__init__(
            {
                "apb": In(apb_signature(self.map.address_bits)),
                **ports,
                "locked": In(BANKS),
                "busy": In(1),
                "memory_write": Out(1),
                "memory_read": Out(1),
                "memory_bank": Out(range(BANKS)),
                "memory_word": Out(range(max(parameter_words(config), 2))),
                "memory_column": Out(range(max(config.columns, 2))),
                "memory_data": Out(DATA_BITS),
                "memory_read_data": In(DATA_BITS),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        apb = self.apb
        setup, access, write, read = (Signal(name=name) for name in ("setup", "access", "write", "read"))
        whole, readable, writable = (Signal(name=name) for name in ("whole", "readable", "writable"))
        bank = Signal(range(BANKS + 1))
        lock = Signal()
        m.d.comb += [
            apb.pready.eq(1),
            setup.eq(apb.psel & ~apb.penable),
            access.eq(apb.psel & apb.penable),
            whole.eq(apb.pstrb.all()),
            bank.eq(apb.paddr[(self.map.bank_stride - 1).bit_length() :]),
            # Area 0 holds the registers that belong to no bank.
            lock.eq(Mux(bank == 0, 0, self.locked.bit_select((bank - 1)[:1], 1))),
            write.eq(access & apb.pwrite & writable & whole & ~lock),
            read.eq(~apb.pwrite & readable),
            apb.pslverr.eq(access & Mux(apb.pwrite, ~(writable & whole & ~lock), ~readable)),
        ]
        in_memory = self._memory(m, bank, setup, write)
        with m.If(in_memory):
            # Reading needed the memories in the setup clock, when the unit may have been using them.
            idle = Signal()
            with m.If(setup):
                m.d.sync += idle.eq(~self.busy)
            m.d.comb += [writable.eq(1), readable.eq(idle)]
            with m.If(read):
                m.d.comb += apb.prdata.eq(self.memory_read_data)
        with m.Else(), m.Switch(apb.paddr):
            for register in self.map:
                if not register.in_memory:
                    with m.Case(register.address):
                        self._register(m, register, write, read, readable, writable)
        return m

    def _memory(self, m: Module, bank: Value, setup: Value, write: Value) -> Signal:
        """Decode the parameter words; returns whether the address is one."""
        paddr, columns = self.apb.paddr, self.config.columns
        low = (self.map.word_stride - 1).bit_length()
        in_memory = Signal()
        slot = paddr[low : (self.map.bank_stride - 1).bit_length()]
        m.d.comb += [
            in_memory.eq(
                (bank >= 1)
                & (bank <= BANKS)
                & (slot >= 1)
                & (slot <= parameter_words(self.config))
                & (paddr[:2] == 0)
                & (paddr[2:low] < columns)
            ),
            self.memory_bank.eq(bank - 1),
            self.memory_word.eq(slot - 1),
            self.memory_column.eq(paddr[2:low]),
            self.memory_data.eq(self.apb.pwdata),
            self.memory_write.eq(in_memory & write),
            self.memory_read.eq(in_memory & setup & ~self.apb.pwrite & ~self.busy),
        ]
        return in_memory

    def _register(
        self, m: Module, register: Register, write: Value, read: Value, readable: Value, writable: Value
    ) -> None:
        """One register, inside the case of its address."""
        can_read = any(field.readable for field in register.fields)
        can_write = any(field.writable for field in register.fields)
        m.d.comb += [readable.eq(can_read), writable.eq(can_write)]
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
        return [(register, field) for register in self.map for field in register.fields if not register.in_memory]
