"""The register script, decoded with the register map alone, gives back the program."""

from dataclasses import replace

import numpy as np
import pytest
from test_spec_parameters import PACKINGS, every_packing

from nmpu_model.program import Layer, Program
from nmpu_model.script import Write, as_text, control, load_parameters, load_program
from nmpu_model.traffic import random_program
from nmpu_spec.config import CODE_BITS, Config
from nmpu_spec.load import load
from nmpu_spec.parameters import parameter_fields
from nmpu_spec.registers import register_map


def sign_extended(word: int, bits: int, signed: bool) -> int:
    return int.from_bytes((word << (64 - bits)).to_bytes(8, "big"), "big", signed=signed) >> (64 - bits)


def decoded(config: Config, writes: list[Write], bank: int) -> Program:
    """What the unit holds after the writes, read field by field."""
    registers = register_map(config)
    by_address = {register.address: register for register in registers}
    words = {by_address[write.address].name: write.data for write in writes}
    assert len(words) == len(writes)
    assert all(by_address[write.address].name == write.register for write in writes)

    def read(register: str, name: str) -> int:
        return registers[f"bank[{bank}].{register}"].field(name).extract(words[f"bank[{bank}].{register}"])

    columns = range(config.columns)
    parameters = {
        field.name: np.array(
            [
                sign_extended(read(f"word{field.word}[{column}]", field.name), field.format.width, field.format.signed)
                for column in columns
            ]
        )
        for field in parameter_fields(config)
    }
    layer = Layer(
        **{name: bool(read("layer", name)) for name in ("relu_1", "relu_2", "rx_on", "rx_signed", "out_signed")},
        rx_scale=sign_extended(read("rx_scale", "scale"), config.residual.scale.width, config.residual.scale.signed),
        shift=read("layer", "shift"),
        out_bits=CODE_BITS[read("layer", "out_width")],
    )
    mask = np.array([read(f"mask[{column // 32}]", "columns") >> column % 32 & 1 == 1 for column in columns])
    return Program(config, parameters, layer, mask)


def same(one: Program, other: Program) -> bool:
    parameters = all((one.parameters[name] == raws).all() for name, raws in other.parameters.items())
    return parameters and one.layer == other.layer and bool((one.mask == other.mask).all())


@every_packing
@pytest.mark.parametrize("bank", [0, 1])
def test_the_script_holds_the_program(config: Config, bank: int) -> None:
    for number in range(3):
        program = random_program(config, 0, f"script/{number}")
        assert same(decoded(config, load_program(program, bank), bank), program)


SETTINGS = [
    *({name: True} for name in ("relu_1", "relu_2", "rx_on", "rx_signed", "out_signed")),
    *({"out_bits": bits} for bits in CODE_BITS),
    {"shift": 5},
    {"rx_scale": 0x5A5},
]


@pytest.mark.parametrize("setting", SETTINGS, ids=str)
def test_each_setting_alone(setting: dict[str, int]) -> None:
    """One that differs from a layer of zeros, so that none can stand in for another."""
    program = random_program(load("hermes256"), 0, "settings")
    told = replace(program, layer=replace(Layer(rx_signed=False, out_signed=False, out_bits=4), **setting))
    assert decoded(program.config, load_program(told, 0), 0).layer == told.layer


@every_packing
def test_a_burst_of_rising_addresses_that_stays_in_its_bank(config: Config) -> None:
    program = random_program(config, 0, "order")
    registers = register_map(config)
    for bank in (0, 1):
        addresses = [write.address for write in load_program(program, bank)]
        assert addresses == sorted(set(addresses))
        in_bank = {entry.address for entry in registers if entry.name.startswith(f"bank[{bank}].")}
        assert set(addresses) == in_bank
        assert all(0 <= write.data < 1 << 32 for write in load_program(program, bank))


@pytest.mark.parametrize("dtype", [np.int16, np.uint16, np.int32, np.uint64])
def test_narrow_integer_types_lose_no_bits(dtype: type) -> None:
    """A program may hold its raws in any integer type that fits them."""
    config = load("hermes256")
    program = random_program(config, 0, "types")
    for name, raws in program.parameters.items():
        if raws.min() < np.iinfo(dtype).min or raws.max() > np.iinfo(dtype).max:
            continue
        other = replace(program, parameters={**program.parameters, name: raws.astype(dtype)})
        assert load_program(other, 0) == load_program(program, 0), name


def test_the_affine_words_alone() -> None:
    """What a drifted tile needs: one word per column, none of them the BatchNorm's."""
    program = random_program(load("hermes256"), 0, "drift")
    everything = load_program(program, 1)
    affine = load_parameters(program, 1, ["affine"])
    norm = load_parameters(program, 1, ["norm"])
    assert len(affine) == program.config.columns
    assert affine + norm == load_parameters(program, 1) == everything[-2 * program.config.columns :]


def test_mask_words_of_96_columns() -> None:
    config = PACKINGS["user"]
    program = random_program(config, 0, "mask")
    for enabled, words in (
        ({0}, [1, 0, 0]),
        ({31, 32}, [1 << 31, 1, 0]),
        ({95}, [0, 0, 1 << 31]),
        (set(range(96)), [0xFFFFFFFF] * 3),
    ):
        mask = np.isin(np.arange(96), list(enabled))
        writes = load_program(replace(program, mask=mask), 0)
        assert [write.data for write in writes if ".mask[" in write.register] == words


def test_mask_bits_beyond_the_columns_are_zero() -> None:
    program = replace(random_program(load("tiny"), 0, "mask"), mask=np.ones(6, bool))
    assert [write.data for write in load_program(program, 0) if ".mask[" in write.register] == [0b111111]


@pytest.mark.parametrize("enable", [False, True])
@pytest.mark.parametrize("clear", [False, True])
@pytest.mark.parametrize("bank", [0, 1])
def test_control(enable: bool, bank: int, clear: bool) -> None:
    config = load("tiny")
    register = register_map(config)["ctrl"]
    write = control(config, enable=enable, bank=bank, clear=clear)
    assert (write.register, write.address) == ("ctrl", register.address)
    values = {field.name: field.extract(write.data) for field in register.fields}
    assert values == {"enable": enable, "bank": bank, "clear": clear}


def test_lines_can_be_read_back() -> None:
    writes = load_program(random_program(load("tiny"), 0, "text"), 1)
    for line, write in zip(as_text(writes), writes, strict=True):
        verb, address, data, mark, name = line.split()
        assert (verb, mark, name) == ("w", "#", write.register)
        assert (int(address, 16), int(data, 16)) == (write.address, write.data)
