"""The configuration of the FP16 unit."""

from dataclasses import replace

import pytest

from nmpu_spec.errors import InputError
from nmpu_spec.half import HalfConfig, beside, require_fixed
from nmpu_spec.load import from_dict, load, parse

TEXT = """
arithmetic = "binary16"
columns = 8
lanes = 2
[adc]
mode = "dual"
code = "U12.0"
[residual]
code_bits = 8
"""


def test_stands_beside_the_fixed_point_unit() -> None:
    """The same columns and codes, one lane, so that the same streams serve both."""
    fixed, half = load("hermes256"), load("fp16")
    assert half == beside(fixed)
    assert (half.columns, half.adc, half.residual.code_bits) == (fixed.columns, fixed.adc, fixed.residual.code_bits)
    assert (half.lanes, half.groups) == (1, 256)
    assert half.hash != fixed.hash
    assert half.pipeline.latency != fixed.pipeline.latency


def test_the_dictionary_is_the_file() -> None:
    config = parse(TEXT, "mine")
    assert isinstance(config, HalfConfig)
    assert from_dict(config.as_dict(), "mine") == config
    assert from_dict(config.as_dict(), "mine").hash == config.hash


def test_every_number_but_the_codes_is_a_binary16() -> None:
    config = parse(TEXT)
    assert {str(node) for name, node in config.nodes.items() if name != "adc_code"} == {"U16.0"}
    assert config.most_shift == 0


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('"binary16"', '"bfloat16"', "arithmetic = 'bfloat16': must be one of 'fixed', 'binary16'"),
        ("lanes = 2", "lanes = 3", "lanes = 3: must be at least 1 and divide columns = 8"),
        ("lanes = 2", "lanes = 2\nshift = 1", "shift: unknown key"),
        ("lanes = 2", 'lanes = 2\n[affine]\nscale = "U1.7"', "affine: unknown key"),
        ("U12.0", "U17.0", "adc.code = U17.0: must have at most 16 bits for binary16"),
        ("U12.0", "U1.15", "adc.code = U1.15: must have at most 14 fraction bits for binary16"),
        ("U12.0", "S12.0", "adc.code = S12.0: counters"),
        ("code_bits = 8", "code_bits = 9", "residual.code_bits = 9: must be 2 to 8"),
    ],
)
def test_what_cannot_be_built_is_refused(old: str, new: str, message: str) -> None:
    with pytest.raises(InputError, match=f"^{message}"):
        parse(TEXT.replace(old, new))


def test_the_bring_up_kit_says_no() -> None:
    with pytest.raises(InputError, match=r"^fp16: is an FP16 unit"):
        require_fixed(load("fp16"))
    fixed = load("tiny")
    assert require_fixed(fixed) is fixed


def test_the_name_is_not_part_of_it() -> None:
    assert replace(load("fp16"), name="other") == load("fp16")
