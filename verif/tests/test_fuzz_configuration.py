"""Whatever a configuration file says: a unit that can be built, or one line that names the key; each rule at its bound.

The environment's NMPU_FUZZ = n asks for n times as many examples.
"""

import copy
import tomllib
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
from amaranth.hdl import Fragment
from conftest import DEEP_TOML, GATED_TOML, HALF_SINGLE_TOML, SINGLE_TOML, USER_TOML
from hypothesis import example, given
from hypothesis import strategies as st

from nmpu_hw.nmpu import Nmpu
from nmpu_model.traffic import random_program, random_traffic
from nmpu_spec.config import Config
from nmpu_spec.errors import InputError
from nmpu_spec.half import HalfConfig
from nmpu_spec.load import from_dict, load
from nmpu_verif.fuzz.configurations import configs, descriptions, half_configs
from nmpu_verif.fuzz.damage import damaged
from nmpu_verif.fuzz.effort import examples
from nmpu_verif.fuzz.path import check_path

TINY = (resources.files("nmpu_spec") / "presets" / "tiny.toml").read_text("utf-8")
TEXTS = [text.encode() for text in (TINY, DEEP_TOML, GATED_TOML, HALF_SINGLE_TOML, SINGLE_TOML, USER_TOML)]
TABLES = ("adc", "affine", "norm", "residual", "output", "implementation")


def named(message: str, entries: object) -> bool:
    """A key of the file, or one that is missing in it, stands at the beginning."""
    known = {"columns", "lanes", "arithmetic", *TABLES}
    keys = set(entries) | known if isinstance(entries, dict) else known
    return any(message.startswith(key if key.isprintable() else repr(key)) for key in keys)


def elaborate(config: Config) -> None:
    """The whole unit, where it is small enough for a test."""
    if config.lanes <= 8 and config.columns <= 128:
        Fragment.get(Nmpu(config), None)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("fuzz")


@examples(100)
@given(descriptions())
def test_a_description_is_a_unit_or_one_line_that_names_the_key(entries: dict[str, Any]) -> None:
    before = copy.deepcopy(entries)
    try:
        config = from_dict(entries)
    except InputError as error:
        assert str(error).isprintable()
        assert named(str(error), entries), error
    else:
        assert from_dict(config.as_dict()).hash == config.hash
        elaborate(config)
    assert repr(entries) == repr(before)


@examples(200)
@given(st.sampled_from(TEXTS).flatmap(damaged))
@example(TINY.replace("columns = 6", f"columns = 0x{'f' * 5000}").encode())  # too long to be printed
@example(TINY.replace('"U3.0"', f"[0x{'f' * 5000}]").encode())
def test_a_file_is_a_unit_or_one_line_that_names_the_key(folder: Path, data: bytes) -> None:
    path = folder / "fuzz.toml"
    path.write_bytes(data)
    try:
        config = load(path)
    except InputError as error:
        message = str(error)
        assert message.isprintable()
        assert message.startswith(f"{path}: ")
        said = message.removeprefix(f"{path}: ")
        assert said.startswith(("not valid TOML: ", "is not UTF-8 text")) or named(said, tomllib.loads(data.decode()))
    else:
        elaborate(config)


@examples(100)
@given(configs() | half_configs())
def test_a_unit_is_its_description(config: Config) -> None:
    again = from_dict(config.as_dict())
    assert (again, again.hash, again.implementation) == (config, config.hash, config.implementation)


# --- each rule at its bound, and one beyond it -----------------------------------------------------------------------

BASE = """
columns = 12
lanes = 4
[adc]
mode = "dual"
code = "U12.0"
[affine]
scale = "U1.7"
offset = "S7.1"
corrected = "S12.1"
[norm]
gain = "S2.8"
bias = "S12.4"
[residual]
code_bits = 8
scale = "U5.7"
[output]
shift_bits = 4
"""

Changes = dict[str, int | str]
WIDE_SUM: Changes = {"affine.scale": "U16.16", "affine.offset": "S16.16"}
WIDE_NORM: Changes = {"affine.scale": "U1.16", "norm.gain": "S1.31", "norm.bias": "S14.17", "output.shift_bits": 3}
WIDE_TOTAL: Changes = {"norm.gain": "S2.22"}
HALF: Changes = {"arithmetic": "binary16"}

BOUNDS: dict[str, tuple[Changes, Changes, Changes, str]] = {
    # common to both; the last that is allowed; the first that is not; the key that must be named
    "fewest columns": ({"lanes": 1}, {"columns": 1}, {"columns": 0}, "columns = 0"),
    "most columns": ({"lanes": 1}, {"columns": 4096}, {"columns": 4097}, "columns = 4097"),
    "fewest lanes": ({}, {"lanes": 1}, {"lanes": 0}, "lanes = 0"),
    "most lanes": ({}, {"lanes": 12}, {"lanes": 13}, "lanes = 13"),
    "lanes that divide": ({}, {"lanes": 6}, {"lanes": 5}, "lanes = 5"),
    "fewest clock gates": (
        {},
        {"implementation.clock_gates": 0},
        {"implementation.clock_gates": -1},
        "implementation.cl",
    ),
    "most clock gates": (
        {},
        {"implementation.clock_gates": 4},
        {"implementation.clock_gates": 5},
        "implementation.clock",
    ),
    "gates that divide": (
        {},
        {"implementation.clock_gates": 2},
        {"implementation.clock_gates": 3},
        "implementation.clo",
    ),
    "fewest code bits": ({}, {"residual.code_bits": 2}, {"residual.code_bits": 1}, "residual.code_bits = 1"),
    "most code bits": ({}, {"residual.code_bits": 8}, {"residual.code_bits": 9}, "residual.code_bits = 9"),
    "fewest shift bits": ({}, {"output.shift_bits": 1}, {"output.shift_bits": 0}, "output.shift_bits = 0"),
    "most shift bits": ({}, {"output.shift_bits": 5}, {"output.shift_bits": 6}, "output.shift_bits = 6"),
    "counters": ({}, {"adc.code": "U12.0"}, {"adc.code": "S12.0"}, "adc.code"),
    "widest code": ({}, {"adc.code": "U32.0"}, {"adc.code": "U33.0"}, "adc.code = U33.0"),
    "widest scale": ({}, {"affine.scale": "U0.32"}, {"affine.scale": "U0.33"}, "affine.scale = U0.33"),
    "widest offset": ({}, {"affine.offset": "S25.7"}, {"affine.offset": "S26.7"}, "affine.offset = S26.7"),
    "widest gain": ({"output.shift_bits": 1}, {"norm.gain": "S2.30"}, {"norm.gain": "S2.31"}, "norm.gain = S2.31"),
    "widest bias": ({}, {"norm.bias": "S28.4"}, {"norm.bias": "S29.4"}, "norm.bias = S29.4"),
    "widest residual scale": ({}, {"residual.scale": "U25.7"}, {"residual.scale": "U26.7"}, "residual.scale = U26.7"),
    "widest sum": (
        WIDE_SUM,
        {"adc.code": "U30.0"},
        {"adc.code": "U31.0"},
        "affine.scale = U16.16, adc.code = U31.0: too",
    ),
    "widest norm": (
        WIDE_NORM,
        {"affine.corrected": "S15.16"},
        {"affine.corrected": "S16.16"},
        "norm.gain = S1.31, affine",
    ),
    "widest total": (
        WIDE_TOTAL,
        {"residual.scale": "U31.0"},
        {"residual.scale": "U32.0"},
        "residual.scale = U32.0, norm.bias",
    ),
    "finest corrected code": ({}, {"affine.corrected": "S12.7"}, {"affine.corrected": "S12.8"}, "affine.corrected"),
    "fewest bits cut": ({}, {"affine.cut_before": 0}, {"affine.cut_before": -1}, "affine.cut_before = -1"),
    "most bits cut before": ({}, {"affine.cut_before": 6}, {"affine.cut_before": 7}, "affine.cut_before = 7"),
    "most bits cut after": (
        {"affine.cut_before": 2},
        {"affine.cut_after": 4},
        {"affine.cut_after": 5},
        "affine.cut_before",
    ),
    "most bits cut at the output": (
        {},
        {"output.cut_after": 9},
        {"output.cut_after": 10},
        "output.cut_before = 0, cut_af",
    ),
    "most bits cut with shift": (
        {"output.shift_bits": 5},
        {"residual.scale": "U1.31"},
        {"residual.scale": "U0.32"},
        "output.shift_bits = 5: with 32 fraction bits",
    ),
    **{
        f"signed {key}": ({}, {key: f"S{integer}.1"}, {key: f"U{integer}.1"}, f"{key} = U{integer}.1")
        for key, integer in (("affine.offset", 7), ("affine.corrected", 12), ("norm.gain", 2), ("norm.bias", 12))
    },
    "widest code of an FP16 unit": (HALF, {"adc.code": "U16.0"}, {"adc.code": "U17.0"}, "adc.code = U17.0"),
    "finest code of an FP16 unit": (HALF, {"adc.code": "U2.14"}, {"adc.code": "U1.15"}, "adc.code = U1.15"),
}


def description(*changes: Changes) -> dict[str, Any]:
    entries = tomllib.loads(BASE)
    for key, value in (item for change in changes for item in change.items()):
        table, _, leaf = key.rpartition(".")
        (entries.setdefault(table, {}) if table else entries)[leaf] = value
    if "arithmetic" in entries:
        entries = {name: entries[name] for name in ("arithmetic", "columns", "lanes", "adc", "residual")}
        del entries["residual"]["scale"]
    return entries


@pytest.mark.parametrize("rule", BOUNDS)
def test_what_stands_at_a_bound_is_built_and_right(rule: str) -> None:
    common, last, _, _ = BOUNDS[rule]
    config = from_dict(description(common, last))
    if not isinstance(config, HalfConfig):
        few = from_dict(description(common, last, {"columns": 12, "lanes": 1, "implementation.clock_gates": 0}))
        program = random_program(few, 1, rule)
        check_path(few, [(program, random_traffic(program, 2, 1, rule))])


@pytest.mark.parametrize("rule", BOUNDS)
def test_what_stands_one_beyond_a_bound_is_refused(rule: str) -> None:
    common, _, first, key = BOUNDS[rule]
    with pytest.raises(InputError) as raised:
        from_dict(description(common, first))
    assert str(raised.value).startswith(key)
