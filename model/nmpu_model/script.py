"""The register writes that load a program, and the program that register writes load."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nmpu_model.program import Layer, Program
from nmpu_spec.config import CODE_BITS, Config
from nmpu_spec.errors import InputError
from nmpu_spec.formats import Format
from nmpu_spec.parameters import inject_fields, inject_words, parameter_fields, parameter_words
from nmpu_spec.registers import register_map, width_code


@dataclass(frozen=True)
class Write:
    """One 32-bit register write."""

    register: str
    address: int
    data: int

    def __str__(self) -> str:
        """``w <address> <data>  # register``, both in hexadecimal."""
        return f"w {self.address:05x} {self.data:08x}  # {self.register}"


def load_program(program: Program, bank: int) -> list[Write]:
    """Settings, mask and parameters of `program` into `bank`: a burst of rising addresses."""
    registers = register_map(program.config)
    layer = program.layer
    values = {
        f"bank[{bank}].layer": registers[f"bank[{bank}].layer"].pack(
            relu_1=layer.relu_1,
            relu_2=layer.relu_2,
            rx_on=layer.rx_on,
            rx_signed=layer.rx_signed,
            out_signed=layer.out_signed,
            out_width=width_code(layer.out_bits),
            shift=layer.shift,
        ),
        f"bank[{bank}].rx_scale": layer.rx_scale & ((1 << program.config.residual.scale.width) - 1),
    }
    for word, start in enumerate(range(0, program.config.columns, 32)):
        enabled = program.mask[start : start + 32]
        values[f"bank[{bank}].mask[{word}]"] = int(enabled @ (1 << np.arange(len(enabled), dtype=np.int64)))
    return [Write(name, registers[name].address, value) for name, value in values.items()] + load_parameters(
        program, bank
    )


def load_parameters(program: Program, bank: int, stages: Iterable[str] = ("affine", "norm")) -> list[Write]:
    """The parameter words of the given stages; ``["affine"]`` alone reloads a drifted tile's correction."""
    config = program.config
    registers = register_map(config)
    writes = []
    for word in range(parameter_words(config)):
        fields = [entry for entry in parameter_fields(config) if entry.word == word]
        if fields[0].stage not in stages:
            continue
        raws = sum(
            (program.parameters[entry.name].astype(np.int64) & ((1 << entry.format.width) - 1)) << entry.lsb
            for entry in fields
        )
        for column, raw in enumerate(np.asarray(raws).tolist()):
            name = f"bank[{bank}].word{word}[{column}]"
            writes.append(Write(name, registers[name].address, raw))
    return writes


def inject_group(config: Config, codes: Mapping[str, NDArray[np.integer]]) -> list[Write]:
    """The codes p, n, rx of one group, each of shape (lanes,), for the lanes' test registers; without rx it is 0."""
    registers = register_map(config)
    words = np.zeros((inject_words(config), config.lanes), np.int64)
    for entry in inject_fields(config):
        if entry.name in codes:
            words[entry.word] |= (codes[entry.name].astype(np.int64) & ((1 << entry.format.width) - 1)) << entry.lsb
    names = [(f"test.inject{word}[{lane}]", word, lane) for lane in range(config.lanes) for word in range(len(words))]
    return [Write(name, registers[name].address, int(words[word, lane])) for name, word, lane in names]


def control(config: Config, *, enable: bool, bank: int, clear: bool = False) -> Write:
    """The write to CTRL."""
    register = register_map(config)["ctrl"]
    return Write("ctrl", register.address, register.pack(enable=enable, bank=bank, clear=clear))


def as_text(writes: Iterable[Write]) -> Iterator[str]:
    """The script's lines."""
    return (str(write) for write in writes)


def read_program(config: Config, lines: Iterable[str], bank: int) -> Program:
    """The program that a script leaves in `bank`: the inverse of `load_program` and `as_text`.

    `#` begins a comment; a later write to a register replaces an earlier one. Raises `InputError` for a line that is no
    write, an address or data that no register has, and a register of the bank that is never written.
    """
    registers = register_map(config)
    names = {register.address: register.name for register in registers}
    words: dict[str, int] = {}
    for number, line in enumerate(lines, 1):
        parts = line.partition("#")[0].split()
        if not parts:
            continue
        try:
            verb, address, data = parts[0], int(parts[1], 16), int(parts[2], 16)
        except (IndexError, ValueError):
            verb, address, data = "", 0, 0
        if verb != "w" or len(parts) != 3:
            raise InputError(f"line {number}: {line.strip()!r} is not `w <address> <data>`, hexadecimal")
        if address not in names or not 0 <= data < 1 << 32:
            raise InputError(f"line {number}: {line.strip()!r} has an address or data that no register takes")
        words[names[address]] = data

    def read(register: str, field: str, node: Format | None = None) -> int:
        name = f"bank[{bank}].{register}"
        if name not in words:
            raise InputError(f"register {name}: is never written")
        raw = registers[name].field(field).extract(words[name])
        return raw - (1 << node.width) if node is not None and raw > node.max_raw else raw

    columns = range(config.columns)
    parameters = {
        entry.name: np.array([read(f"word{entry.word}[{column}]", entry.name, entry.format) for column in columns])
        for entry in parameter_fields(config)
    }
    layer = Layer(
        relu_1=bool(read("layer", "relu_1")),
        relu_2=bool(read("layer", "relu_2")),
        rx_on=bool(read("layer", "rx_on")),
        rx_signed=bool(read("layer", "rx_signed")),
        rx_scale=read("rx_scale", "scale", config.residual.scale),
        shift=read("layer", "shift"),
        out_bits=CODE_BITS[min(read("layer", "out_width"), len(CODE_BITS) - 1)],
        out_signed=bool(read("layer", "out_signed")),
    )
    mask = np.array([read(f"mask[{column // 32}]", "columns") >> column % 32 & 1 == 1 for column in columns])
    return Program(config, parameters, layer, mask)
