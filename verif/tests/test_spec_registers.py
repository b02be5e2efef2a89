"""The register map: addresses, names, and that the RDL's packed words are those of `nmpu_spec.parameters`."""

from dataclasses import replace

import pytest
from test_spec_parameters import PACKINGS, every_packing

from nmpu_spec.config import CODE_BITS, Config
from nmpu_spec.load import load
from nmpu_spec.parameters import inject_fields, inject_words, parameter_fields, parameter_words
from nmpu_spec.registers import BANKS, CAPTURE_SLOTS, TEST_AREA, Register, register_map, width_code

COUNTERS = {
    "cycles", "busy", "wait_adc", "wait_rx", "stall_out", "vectors", "samples",
    "affine_high", "affine_low", "output_high", "output_low",
}  # fmt: skip


def lane_words(config: Config) -> set[str]:
    """The test registers of the lanes."""
    arrays = [f"inject{word}" for word in range(inject_words(config))] + list(CAPTURE_SLOTS)
    return {f"test.{array}[{lane}]" for array in arrays for lane in range(config.lanes)}


@every_packing
def test_addresses(config: Config) -> None:
    registers = register_map(config)
    addresses = [register.address for register in registers]
    assert len(set(addresses)) == len(addresses)
    assert all(address % 4 == 0 and address.bit_length() <= registers.address_bits for address in addresses)


@every_packing
def test_every_register_is_found_by_its_name(config: Config) -> None:
    registers = register_map(config)
    names = [register.name for register in registers]
    assert len(set(names)) == len(names)
    assert all(registers[name].name == name for name in names)
    per_bank = {"layer", "rx_scale"}
    per_bank |= {f"mask[{word}]" for word in range(-(-config.columns // 32))}
    per_bank |= {f"word{word}[{column}]" for word in range(parameter_words(config)) for column in range(config.columns)}
    wanted = {"id", "config_hash", "geometry", "ctrl", "status", "out_crc", "out_beats"} | COUNTERS
    wanted |= {f"bank[{bank}].{name}" for bank in range(BANKS) for name in per_bank}
    assert set(names) == wanted | {"test.mode", "test.push", "test.view"} | lane_words(config)
    assert set(registers.counters) == COUNTERS


@every_packing
def test_fields_of_a_register_do_not_overlap(config: Config) -> None:
    for register in register_map(config):
        bits = [bit for field in register.fields for bit in range(field.lsb, field.lsb + field.width)]
        assert len(bits) == len(set(bits)), register.name
        assert bits, register.name
        assert max(bits) < 32, register.name


@every_packing
def test_parameter_words_hold_the_parameters(config: Config) -> None:
    wanted: dict[int, set[tuple[str, int, int]]] = {}
    for field in parameter_fields(config):
        wanted.setdefault(field.word, set()).add((field.name, field.lsb, field.format.width))
    registers = register_map(config)
    assert {register.name for register in registers if register.in_lanes} == lane_words(config) | {
        f"bank[{bank}].word{word}[{column}]"
        for bank in range(BANKS)
        for word in wanted
        for column in range(config.columns)
    }
    for bank in range(BANKS):
        for word, fields in wanted.items():
            for column in (0, config.columns // 2, config.columns - 1):
                register = registers[f"bank[{bank}].word{word}[{column}]"]
                assert {(field.name, field.lsb, field.width) for field in register.fields} == fields
                assert all(field.readable and field.writable for field in register.fields)


@every_packing
def test_injected_words_hold_the_codes(config: Config) -> None:
    registers = register_map(config)
    for lane in (0, config.lanes - 1):
        for field in inject_fields(config):
            found = registers[f"test.inject{field.word}[{lane}]"].field(field.name)
            assert (found.lsb, found.width) == (field.lsb, field.format.width)
            assert found.writable


@every_packing
def test_lanes_stand_at_strides(config: Config) -> None:
    registers = register_map(config)
    for array in {name.partition("[")[0] for name in lane_words(config)}:
        first = registers[f"{array}[0]"].address
        assert first % registers.word_stride == 0
        assert first // registers.bank_stride == TEST_AREA
        assert [registers[f"{array}[{lane}]"].address for lane in range(config.lanes)] == list(
            range(first, first + 4 * config.lanes, 4)
        )


@every_packing
def test_columns_and_banks_stand_at_strides(config: Config) -> None:
    """What a driver computes: a column's word, and the same register of the other bank."""
    registers = register_map(config)
    for word in range(parameter_words(config)):
        first = registers[f"bank[0].word{word}[0]"].address
        for column in range(config.columns):
            assert registers[f"bank[0].word{word}[{column}]"].address == first + 4 * column
        assert first == registers.bank_stride + (word + 1) * registers.word_stride
    for register in registers:
        if register.name.startswith("bank[0]"):
            other = registers[register.name.replace("bank[0]", "bank[1]")]
            assert other.address == register.address + registers.bank_stride


@every_packing
def test_identification(config: Config) -> None:
    registers = register_map(config)
    assert bytes.fromhex(f"{registers['id'].pack():08x}") == b"NMPU"
    assert f"{registers['config_hash'].pack():08x}" == config.hash[:8]
    geometry = registers["geometry"]
    assert geometry.field("columns").extract(geometry.pack()) == config.columns
    assert geometry.field("lanes").extract(geometry.pack()) == config.lanes
    for name in ("id", "config_hash", "geometry", "status", "out_crc", "out_beats", *COUNTERS):
        assert not any(field.writable for field in registers[name].fields)


@every_packing
def test_layer_fields_are_as_wide_as_the_settings(config: Config) -> None:
    registers = register_map(config)
    assert registers["bank[1].layer"].field("shift").width == config.output.shift_bits
    assert registers["bank[1].rx_scale"].field("scale").width == config.residual.scale.width
    layer = registers["bank[0].layer"]
    assert {field.name: field.reset for field in layer.fields} == {
        "relu_1": 0, "relu_2": 0, "rx_on": 0, "rx_signed": 1, "out_signed": 1, "shift": 0,
        "out_width": CODE_BITS.index(8),
    }  # fmt: skip


def test_width_codes() -> None:
    assert [width_code(bits) for bits in (4, 6, 8)] == [0, 1, 2]


def layer() -> Register:
    return register_map(load("hermes256"))["bank[0].layer"]


def test_pack_and_extract() -> None:
    values = {"relu_1": 1, "relu_2": 0, "rx_on": 1, "rx_signed": 0, "out_signed": 1, "out_width": 1, "shift": 13}
    word = layer().pack(**values)
    assert {field.name: field.extract(word) for field in layer().fields} == values


def test_pack_refuses_what_does_not_fit() -> None:
    with pytest.raises(ValueError, match="field shift: 16 does not fit 4 bits"):
        layer().pack(shift=16)
    with pytest.raises(ValueError, match="field shift: -1"):
        layer().pack(shift=-1)
    with pytest.raises(ValueError, match=r"register bank\[0\]\.layer: no field shft"):
        layer().pack(shft=1)


def test_the_widest_unit_has_its_registers() -> None:
    """4096 columns fill 128 mask words, which end where the parameter words begin."""
    config = replace(PACKINGS["tiny"], columns=4096, lanes=64)
    registers = register_map(config)
    assert registers["bank[0].mask[127]"].address < registers["bank[0].word0[0]"].address
    addresses = [register.address for register in registers]
    assert len(set(addresses)) == len(addresses) == 7 + len(COUNTERS) + BANKS * (2 + 128 + 2 * 4096) + 3 + 5 * 64
