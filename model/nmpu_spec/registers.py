"""The register map, elaborated from ``nmpu.rdl`` for a configuration."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

from systemrdl import RDLCompiler
from systemrdl.node import AddrmapNode, FieldNode, RegNode

from nmpu_spec.config import CODE_BITS, Config
from nmpu_spec.parameters import WORD_BITS, PackedField, inject_fields, inject_words, parameter_fields, parameter_words

RDL_FILE = Path(__file__).with_name("nmpu.rdl")

BANKS = 2
TEST_AREA = BANKS + 1
"""The map is made of areas of one size: the common registers, each bank, the test registers."""
INJECT_SLOT = 1
"""In the test area: the first of the arrays of words that take codes ..."""
CAPTURE_SLOTS = {"corrected": 4, "norm": 5, "total": 6, "code": 7}
"""... and those that show what a lane made of them."""
_MIN_WORD_STRIDE = 0x400
_PARAMETERS = ("scale_p", "offset_p", "scale_n", "offset_n", "gain", "bias")
_INJECTED = ("p", "n", "rx")
_NO_WORD = 0xFF


@dataclass(frozen=True)
class Field:
    """Bits `lsb` to `lsb + width - 1` of a register."""

    name: str
    lsb: int
    width: int
    reset: int | None
    readable: bool
    writable: bool
    from_hardware: bool
    """The unit drives it; the value is not stored in the register."""
    pulse: bool
    """Written as 1 for one cycle; reads 0."""

    def insert(self, value: int) -> int:
        """`value` at its place in the register; raises `ValueError` where it has more bits than the field."""
        if not 0 <= value < 1 << self.width:
            raise ValueError(f"field {self.name}: {value} does not fit {self.width} bits")
        return value << self.lsb

    def extract(self, word: int) -> int:
        return word >> self.lsb & ((1 << self.width) - 1)


@dataclass(frozen=True)
class Register:
    """One 32-bit register; its name is the path below the top: ``ctrl``, ``bank[1].mask[3]``."""

    name: str
    address: int
    fields: tuple[Field, ...]
    in_lanes: bool
    """A parameter word, or a test register: it lives in a lane, not in the register block."""

    def field(self, name: str) -> Field:
        return next(field for field in self.fields if field.name == name)

    def pack(self, **values: int) -> int:
        """The register's word with the named fields set and every other at its reset value."""
        word = 0
        for field in self.fields:
            word |= field.insert(values.pop(field.name, field.reset or 0))
        if values:
            raise ValueError(f"register {self.name}: no field {', '.join(values)}")
        return word


@dataclass(frozen=True)
class RegisterMap:
    """Every register of one configuration, by address."""

    registers: tuple[Register, ...]
    bank_stride: int
    word_stride: int

    def __getitem__(self, name: str) -> Register:
        return self._by_name[name]

    def __iter__(self) -> Iterator[Register]:
        return iter(self.registers)

    @cached_property
    def _by_name(self) -> dict[str, Register]:
        return {register.name: register for register in self.registers}

    @property
    def address_bits(self) -> int:
        """Width of PADDR."""
        return (self.bank_stride * (TEST_AREA + 1) - 1).bit_length()

    @property
    def counters(self) -> tuple[str, ...]:
        """The names of the counters."""
        return tuple(
            register.name
            for register in self
            if not register.in_lanes and [field.name for field in register.fields] == ["value"]
        )


def rdl_parameters(config: Config) -> dict[str, int]:
    """The values of ``nmpu.rdl``'s parameters for `config`."""
    word_stride = max(_MIN_WORD_STRIDE, _power_of_two(config.columns) * WORD_BITS // 8)
    return {
        "CONFIG_HASH": int(config.hash[:8], 16),
        "COLUMNS": config.columns,
        "LANES": config.lanes,
        "SHIFT_BITS": config.output.shift_bits,
        "RX_SCALE_BITS": config.residual.scale.width,
        "WORDS": parameter_words(config),
        "INJECT_WORDS": inject_words(config),
        "WORD_STRIDE": word_stride,
        "BANK_STRIDE": word_stride * _power_of_two(1 + len(_PARAMETERS)),
        **_places(_PARAMETERS, parameter_fields(config)),
        **_places(_INJECTED, inject_fields(config)),
    }


def _places(names: Sequence[str], packed: Sequence[PackedField]) -> dict[str, int]:
    """Where each field is; an absent one still needs a legal place of its own, in a word that does not exist."""
    fields = {field.name: field for field in packed}
    values: dict[str, int] = {}
    for position, name in enumerate(names):
        field = fields.get(name)
        place = (field.word, field.lsb, field.msb) if field else (_NO_WORD, position, position)
        values |= {f"{name.upper()}_{key}": number for key, number in zip(("WORD", "LSB", "MSB"), place, strict=True)}
    return values


def elaborate(config: Config) -> AddrmapNode:
    """The elaborated SystemRDL tree, as the PeakRDL exporters want it."""
    compiler = RDLCompiler()
    compiler.compile_file(str(RDL_FILE))
    return compiler.elaborate(top_def_name="nmpu", parameters=rdl_parameters(config)).top


@lru_cache(maxsize=8)
def register_map(config: Config) -> RegisterMap:
    """The register map of `config`."""
    top = elaborate(config)
    registers = tuple(
        Register(
            name=node.get_rel_path(top),
            address=node.absolute_address,
            fields=tuple(_field(field) for field in node.fields()),
            in_lanes=node.external,
        )
        for node in top.descendants(unroll=True)
        if isinstance(node, RegNode)
    )
    parameters = rdl_parameters(config)
    return RegisterMap(registers, parameters["BANK_STRIDE"], parameters["WORD_STRIDE"])


def width_code(bits: int) -> int:
    """The value of the field ``out_width`` for codes of `bits` bits."""
    return CODE_BITS.index(bits)


def _field(node: FieldNode) -> Field:
    reset = node.get_property("reset")
    return Field(
        name=node.inst_name,
        lsb=node.lsb,
        width=node.width,
        reset=reset if isinstance(reset, int) else None,
        readable=node.is_sw_readable,
        writable=node.is_sw_writable,
        from_hardware=node.is_hw_writable,
        pulse=bool(node.get_property("singlepulse")),
    )


def _power_of_two(number: int) -> int:
    """The smallest power of two that is not below `number`."""
    return 1 << (number - 1).bit_length()
