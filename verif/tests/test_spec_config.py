"""Configurations: presets, user files, derived formats that are exact, the hash, and errors that name the key."""

import tomllib
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from importlib import resources
from itertools import product
from pathlib import Path

import pytest

from nmpu_spec.config import Adc, AdcMode, Config
from nmpu_spec.errors import InputError
from nmpu_spec.formats import Format
from nmpu_spec.load import load, parse, presets

USER = """
columns = 96
lanes = 24
[adc]
mode = "dual"
code = "U10.0"
[affine]
scale = "U1.5"
offset = "S7.1"
corrected = "S11.1"
rounding = "half_up"
overflow = "saturate"
cut_before = 2
cut_after = 0
[norm]
gain = "S2.10"
bias = "S14.6"
[residual]
code_bits = 8
scale = "U7.5"
[output]
shift_bits = 4
rounding = "half_away"
overflow = "wrap"
cut_before = 0
cut_after = 1
"""
"""Every key is written out, so that each can be changed."""


def single(code: str, base: str = "tiny") -> Config:
    return replace(load(base), adc=Adc(AdcMode.SINGLE, Format.parse(code)))


CONFIGS = {
    **{name: load(name) for name in presets() if name != "fp16"},
    "user": parse(USER, "user"),
    "single signed": single("S5.0"),
    "single unsigned": single("U4.1"),
    "signed scales": parse(
        USER.replace('scale = "U1.5"', 'scale = "S2.4"')
        .replace('scale = "U7.5"', 'scale = "S3.9"')
        .replace('offset = "S7.1"', 'offset = "S9.9"')
    ),
    "fine residual": parse(USER.replace('scale = "U7.5"', 'scale = "U1.20"')),
}
every_config = pytest.mark.parametrize("config", CONFIGS.values(), ids=CONFIGS)


def preset_text(name: str) -> str:
    return (resources.files("nmpu_spec") / "presets" / f"{name}.toml").read_text("utf-8")


def toml(entries: dict[str, object]) -> str:
    """A dictionary of whole numbers, texts and tables of these, as TOML."""
    plain = {key: value for key, value in entries.items() if not isinstance(value, dict)}
    lines = [f'{key} = "{value}"' if isinstance(value, str) else f"{key} = {value}" for key, value in plain.items()]
    for key, value in entries.items():
        if isinstance(value, dict):
            lines += [f"[{key}]", toml(value)]
    return "\n".join(lines) + "\n"


def leaves(entries: dict[str, object]) -> Iterator[tuple[str, ...]]:
    for key, value in entries.items():
        if isinstance(value, dict):
            yield from ((key, *path) for path in leaves(value))
        else:
            yield (key,)


def test_presets_load() -> None:
    assert presets() == ["fp16", "hermes256", "tiny", "wide256"]
    for name in presets():
        assert load(name).name == name


def test_hermes256_is_the_published_geometry() -> None:
    config = load("hermes256")
    assert (config.columns, config.lanes, config.groups) == (256, 64, 4)
    assert [str(config.nodes[name]) for name in ("adc_code", "scale", "offset")] == ["U12.0", "U1.7", "S7.1"]
    assert load("wide256").groups == 1


def test_a_user_file(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(USER, "utf-8")
    config = load(path)
    assert config == load(str(path))
    assert (config.name, config.columns, config.lanes, config.groups) == ("mine", 96, 24, 4)
    assert str(config.adc.code) == "U10.0"
    assert str(config.affine.scale) == "U1.5"
    assert config.affine.compression.cut_before == 2
    assert config.output.compression.cut_after == 1


# --- derived formats -------------------------------------------------------------------------------------------------


def ends(node: Format) -> tuple[Fraction, ...]:
    return Fraction(node.min_raw, 2**node.fraction), Fraction(node.max_raw, 2**node.fraction)


def reached(config: Config) -> dict[str, set[Fraction]]:
    """Every value that a node takes while all operands run through the ends of their formats (and rx may be off)."""
    scales, offsets, codes = (ends(node) for node in (config.affine.scale, config.affine.offset, config.adc.code))
    branch = {s * x + o for s, x, o in product(scales, codes, offsets)}
    total_sum = {p - n for p, n in product(branch, branch)} if len(config.branches) == 2 else branch
    gains, corrected, biases = (ends(node) for node in (config.norm.gain, config.affine.corrected, config.norm.bias))
    norm = {g * y + b for g, y, b in product(gains, corrected, biases)}
    bits = config.residual.code_bits
    codes_rx = [end for signed in (False, True) for end in ends(Config.code_format(bits, signed))]
    added = {r * code for r, code in product(ends(config.residual.scale), codes_rx)} | {Fraction(0)}
    return {
        "branch": branch,
        "sum": total_sum,
        "norm": norm,
        "total": {z + extra for z, extra in product(norm, added)},
    }


@every_config
def test_every_node_holds_every_result_and_no_bit_more(config: Config) -> None:
    for name, values in reached(config).items():
        node = config.nodes[name]
        raws = [value * 2**node.fraction for value in values]
        assert all(raw.denominator == 1 and node.contains(int(raw)) for raw in raws), name
        narrower = Format(True, node.integer - 1, node.fraction)
        assert not all(narrower.contains(int(raw)) for raw in raws), name


@every_config
def test_no_fraction_bit_is_spare_or_missing(config: Config) -> None:
    """A node's LSB is the finest step of what goes into it."""
    steps = {
        "branch": (config.affine.scale.fraction + config.adc.code.fraction, config.affine.offset.fraction),
        "norm": (config.norm.gain.fraction + config.affine.corrected.fraction, config.norm.bias.fraction),
    }
    steps["sum"] = steps["branch"]
    steps["total"] = (*steps["norm"], config.residual.scale.fraction)
    for name, fractions in steps.items():
        assert config.nodes[name].fraction == max(fractions), name


# --- hash and dictionary ---------------------------------------------------------------------------------------------


@every_config
def test_dictionary_and_toml_are_the_same(config: Config) -> None:
    again = parse(toml(config.as_dict()))
    assert again == config
    assert again.hash == config.hash
    assert again.as_dict() == config.as_dict()


@pytest.mark.parametrize("name", ["hermes256", "tiny", "wide256"])
def test_the_dictionary_repeats_what_the_file_says(name: str) -> None:
    said, known = tomllib.loads(preset_text(name)), load(name).as_dict()
    for path in leaves(said):
        there, here = said, known
        for key in path:
            there, here = there[key], here[key]  # type: ignore[index,assignment]
        assert here == there, path


def test_every_key_changes_the_hash() -> None:
    changes = {
        "columns": ("96", "48"), "lanes": ("24", "12"),
        "adc.mode": ("dual", "single"), "adc.code": ("U10.0", "U9.0"),
        "affine.scale": ("U1.5", "U1.6"), "affine.offset": ("S7.1", "S8.1"), "affine.corrected": ("S11.1", "S10.1"),
        "affine.rounding": ("half_up", "floor"), "affine.overflow": ("saturate", "wrap"),
        "affine.cut_before": ("2", "1"), "affine.cut_after": ("0", "1"),
        "norm.gain": ("S2.10", "S2.9"), "norm.bias": ("S14.6", "S13.6"),
        "residual.code_bits": ("8", "7"), "residual.scale": ("U7.5", "U7.4"),
        "output.shift_bits": ("4", "3"), "output.rounding": ("half_away", "half_even"),
        "output.overflow": ("wrap", "saturate"), "output.cut_before": ("0", "1"), "output.cut_after": ("1", "0"),
    }  # fmt: skip
    base = parse(USER).as_dict()
    assert {".".join(path) for path in leaves(base) if path[0] != "implementation"} == set(changes)
    hashes = {parse(USER).hash}
    for key, (old, new) in changes.items():
        entries = parse(USER).as_dict()
        *tables, leaf = key.split(".")
        table = entries[tables[0]] if tables else entries
        assert isinstance(table, dict)
        assert str(table[leaf]) == old
        table[leaf] = type(table[leaf])(new)
        hashes.add(parse(toml(entries)).hash)
    assert len(hashes) == 1 + len(changes)


def test_name_and_layout_of_the_file_are_not_in_the_hash() -> None:
    config = parse(USER, "one")
    other = parse("# a remark\n" + USER.replace(" = ", "="), "another")
    assert config.hash == other.hash
    assert config == other
    assert int(config.hash, 16) < 1 << 256
    assert len(config.hash) == 64


# --- errors ----------------------------------------------------------------------------------------------------------

BAD = {  # what replaces a part of USER, and what the message has to name
    "unknown key": ("[norm]", "[norm]\ngian = 1", "norm.gian"),
    "unknown key at the top": ("columns = 96", "columns = 96\nrows = 3", "rows"),
    "unknown table": ("[norm]", "[extra]\na = 1\n[norm]", "extra"),
    "key with a line break": ("[norm]", '[norm]\n"a\\nb" = 1', "norm."),
    "missing key": ('gain = "S2.10"', "", "norm.gain"),
    "missing number": ("lanes = 24", "", "lanes"),
    "missing table": ('[residual]\ncode_bits = 8\nscale = "U7.5"', "", "residual"),
    "lanes do not divide": ("lanes = 24", "lanes = 36", "lanes = 36"),
    "no lanes": ("lanes = 24", "lanes = 0", "lanes = 0"),
    "negative lanes": ("lanes = 24", "lanes = -24", "lanes = -24"),
    "no columns": ("columns = 96", "columns = 0", "columns = 0"),
    "too many columns": ("columns = 96", "columns = 4104", "columns = 4104"),
    "format": ('"U10.0"', '"U10"', "adc.code"),
    "format that is a number": ('"U10.0"', "10.0", "adc.code"),
    "format of no bits": ('"U1.5"', '"U0.0"', "affine.scale"),
    "format too wide": ('"S2.10"', '"S60.10"', "norm.gain"),
    "signed counters": ('"U10.0"', '"S10.0"', "adc.code"),
    "unsigned offset": ('"S7.1"', '"U7.1"', "affine.offset"),
    "unsigned corrected": ('"S11.1"', '"U11.1"', "affine.corrected"),
    "unsigned gain": ('"S2.10"', '"U2.10"', "norm.gain"),
    "unsigned bias": ('"S14.6"', '"U14.6"', "norm.bias"),
    "scale wider than a register": ('"U1.5"', '"U1.32"', "affine.scale"),
    "offset wider than a register": ('"S7.1"', '"S32.1"', "affine.offset"),
    "gain wider than a register": ('"S2.10"', '"S2.31"', "norm.gain"),
    "bias wider than a register": ('"S14.6"', '"S27.6"', "norm.bias"),
    "residual scale wider than a register": ('"U7.5"', '"U28.5"', "residual.scale"),
    "sum too wide": ('"U10.0"', '"U60.0"', "adc.code = U60.0"),
    "norm too wide": ('"S11.1"', '"S60.1"', "affine.corrected = S60.1"),
    "total too wide": (
        'bias = "S14.6"\n[residual]\ncode_bits = 8\nscale = "U7.5"',
        'bias = "S31.0"\n[residual]\ncode_bits = 8\nscale = "U0.32"',
        "residual.scale = U0.32",
    ),
    "text for a number": ("columns = 96", 'columns = "96"', "columns = '96'"),
    "float for a number": ("columns = 96", "columns = 96.0", "columns = 96.0"),
    "boolean for a number": ("lanes = 24", "lanes = true", "lanes = True"),
    "boolean for a cut": ("cut_before = 2", "cut_before = true", "affine.cut_before"),
    "list for a number": ("columns = 96", "columns = [96]", "columns"),
    "mode": ('"dual"', '"triple"', "adc.mode"),
    "mode with a line break": ('"dual"', '"du\\nal"', "adc.mode"),
    "rounding": ('"half_away"', '"half-away"', "output.rounding"),
    "overflow": ('"wrap"', '"modulo"', "output.overflow"),
    "negative cut": ("cut_before = 2", "cut_before = -1", "affine.cut_before = -1"),
    "cuts too large": ("cut_before = 2", "cut_before = 5", "affine.cut_before = 5"),
    "output cuts too large": ("cut_after = 1", "cut_after = 12", "output.cut_before = 0, cut_after = 12"),
    "corrected finer than the sum": ('"S11.1"', '"S11.6"', "affine.corrected"),
    "code bits": ("code_bits = 8", "code_bits = 9", "residual.code_bits = 9"),
    "one code bit": ("code_bits = 8", "code_bits = 1", "residual.code_bits = 1"),
    "no shift": ("shift_bits = 4", "shift_bits = 0", "output.shift_bits = 0"),
    "shift of six bits": ("shift_bits = 4", "shift_bits = 6", "output.shift_bits = 6"),
    "key twice": ("lanes = 24", "lanes = 24\nlanes = 24", "not valid TOML"),
    "no TOML": ("lanes = 24", "lanes 24", "not valid TOML"),
    "number of many digits": ("lanes = 24", "lanes = " + "1" * 5000, "not valid TOML"),
    "deep nesting": ("lanes = 24", "lanes = " + "[" * 3000, "not valid TOML"),
}


@pytest.mark.parametrize(("old", "new", "named"), BAD.values(), ids=BAD)
def test_a_bad_file_is_one_line_that_names_the_key(tmp_path: Path, old: str, new: str, named: str) -> None:
    assert USER.count(old) == 1
    path = tmp_path / "bad.toml"
    path.write_text(USER.replace(old, new), "utf-8")
    with pytest.raises(InputError) as caught:
        load(path)
    message = str(caught.value)
    assert len(message.splitlines()) == 1
    assert message.startswith(f"{path}: ")
    assert named in message


def test_a_table_that_is_a_number() -> None:
    entries = tomllib.loads(USER) | {"residual": 3}
    with pytest.raises(InputError, match=r"^residual = 3: must be a table, \[residual\]$"):
        parse(toml(entries))


def test_shift_and_fraction_together() -> None:
    """A shift of five bits moves the point by 31; with as much fraction before it nothing of the number is left."""
    wide = USER.replace("shift_bits = 4", "shift_bits = 5").replace('"U7.5"', '"U0.32"')
    with pytest.raises(InputError, match=r"^output.shift_bits = 5: with 32 fraction bits .* 63 bits .* below 63$"):
        parse(wide)


def test_a_file_that_is_not_text(tmp_path: Path) -> None:
    path = tmp_path / "latin.toml"
    path.write_bytes("# Größe\n".encode("latin-1"))
    with pytest.raises(InputError, match=r"latin\.toml: is not UTF-8 text[^\n]*$"):
        load(path)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none\.toml: cannot be read \([^\n]*\)$"):
        load(tmp_path / "none.toml")
    folder = tmp_path / "folder.toml"
    folder.mkdir()
    with pytest.raises(InputError, match=r"folder\.toml: cannot be read"):
        load(folder)


@pytest.mark.parametrize("name", ["hermes", "", "tiny.tml", "../tiny"])
def test_an_unknown_preset(name: str) -> None:
    with pytest.raises(InputError, match=r"^preset .*unknown; use one of fp16, hermes256, tiny, wide256") as caught:
        load(name)
    assert len(str(caught.value).splitlines()) == 1


def test_rx_carries_signed_and_unsigned_codes() -> None:
    """The wires are unsigned; their number may be either, so the total must hold both ends."""
    tiny = load("tiny")
    assert (str(tiny.residual_code), tiny.residual_code_range) == ("U3.0", (-4, 7))
    assert str(tiny.total_format) == "S7.2"
