"""How the parameters of a column are packed into 32-bit words."""

from dataclasses import replace
from itertools import pairwise

import pytest
from test_spec_config import CONFIGS, USER

from nmpu_spec.config import AdcMode, Config
from nmpu_spec.formats import Format
from nmpu_spec.load import load, parse
from nmpu_spec.parameters import WORD_BITS, inject_fields, inject_words, parameter_fields, parameter_words


def with_formats(scale: str, offset: str, gain: str, bias: str) -> Config:
    text = USER.replace("cut_before = 2", "cut_before = 0")
    for old, new in (("U1.5", scale), ("S7.1", offset), ("S2.10", gain), ("S14.6", bias)):
        text = text.replace(f'"{old}"', f'"{new}"')
    return parse(text)


PACKINGS = CONFIGS | {
    "four words": with_formats("U10.10", "S8.4", "S8.12", "S12.8"),
    "five words": with_formats("U10.10", "S12.8", "S8.12", "S8.4"),
    "six words": with_formats("U16.16", "S24.8", "S16.16", "S24.8"),
    "full words": with_formats("U8.8", "S12.4", "S8.8", "S12.4"),
    "one bit too many": with_formats("U8.8", "S13.4", "S8.8", "S13.4"),
}
every_packing = pytest.mark.parametrize("config", PACKINGS.values(), ids=PACKINGS, scope="module")
"""Module scope: pytest then runs all tests of one configuration in a row, and each register map is made once."""


@every_packing
def test_each_parameter_once_in_the_order_of_the_data_path(config: Config) -> None:
    wanted = [
        *((f"scale_{branch}", config.affine.scale) for branch in config.branches),
        *((f"offset_{branch}", config.affine.offset) for branch in config.branches),
        ("gain", config.norm.gain),
        ("bias", config.norm.bias),
    ]
    fields = parameter_fields(config)
    assert sorted((field.name, str(field.format)) for field in fields) == sorted((n, str(node)) for n, node in wanted)
    assert [field.stage for field in fields] == ["affine"] * (len(fields) - 2) + ["norm"] * 2
    places = [(field.word, field.lsb) for field in fields]
    assert places == sorted(places)


@every_packing
def test_no_bit_is_used_twice_and_none_straddles(config: Config) -> None:
    bits = [(field.word, bit) for field in parameter_fields(config) for bit in range(field.lsb, field.msb + 1)]
    assert len(bits) == len(set(bits)) == sum(field.format.width for field in parameter_fields(config))
    assert all(bit < WORD_BITS for _, bit in bits)


@every_packing
def test_the_stages_share_no_word(config: Config) -> None:
    words = {
        stage: {field.word for field in parameter_fields(config) if field.stage == stage}
        for stage in ("affine", "norm")
    }
    assert not words["affine"] & words["norm"]
    assert words["affine"] | words["norm"] == set(range(parameter_words(config)))


@every_packing
def test_no_word_is_opened_while_the_last_one_has_room(config: Config) -> None:
    fields = parameter_fields(config)
    for last, field in pairwise(fields):
        if field.word == last.word:
            assert field.lsb == last.msb + 1
        else:
            assert (field.word, field.lsb) == (last.word + 1, 0)
            assert field.stage != last.stage or last.msb + 1 + field.format.width > WORD_BITS


@pytest.mark.parametrize("name", ["hermes256", "wide256"])
def test_hermes256_has_one_word_for_each_stage(name: str) -> None:
    """A drifted tile's correction is then reloaded with one word per column."""
    config = load(name)
    assert parameter_words(config) == 2
    affine = [field for field in parameter_fields(config) if field.stage == "affine"]
    assert {field.word for field in affine} == {0}
    assert sum(field.format.width for field in affine) == WORD_BITS


@pytest.mark.parametrize(
    ("name", "words"),
    [("tiny", 2), ("full words", 3), ("four words", 4), ("five words", 5), ("six words", 6)],
)
def test_word_counts(name: str, words: int) -> None:
    assert parameter_words(PACKINGS[name]) == words


def test_single_code_mode_needs_no_second_branch() -> None:
    names = [field.name for field in parameter_fields(CONFIGS["single signed"])]
    assert names == [
        "scale_p",
        "offset_p",
        "gain",
        "bias",
    ]


@pytest.mark.parametrize(("code", "words"), [("U8.0", 1), ("U12.0", 1), ("U13.0", 2), ("U20.0", 2), ("U32.0", 3)])
def test_injected_codes_fill_words_and_none_straddles(code: str, words: int) -> None:
    """12-bit counters and an 8-bit rx code are exactly one word."""
    config = load("hermes256")
    config = replace(config, adc=replace(config.adc, code=Format.parse(code)))
    fields = inject_fields(config)
    assert [field.name for field in fields] == ["p", "n", "rx"]
    assert inject_words(config) == words
    bits = [(field.word, bit) for field in fields for bit in range(field.lsb, field.msb + 1)]
    assert len(bits) == len(set(bits)) == 2 * config.adc.code.width + 8
    assert all(bit < WORD_BITS for _, bit in bits)


def test_a_single_code_has_no_second_branch() -> None:
    config = load("tiny")
    config = replace(config, adc=replace(config.adc, mode=AdcMode.SINGLE))
    assert [field.name for field in inject_fields(config)] == ["p", "rx"]
