"""Number formats: what they read and write, and the ranges that follow from two's complement."""

from itertools import product

import pytest

from nmpu_spec.errors import InputError
from nmpu_spec.formats import MAX_WIDTH, Format

BAD_TEXTS = [
    "", "U", "U1", "U1.", "U.7", "1.7", "u1.7", "s7.1", "Q1.7", "U1,7", "U1.7 ", " U1.7", "U1.7\n", "U 1.7", "U-1.7",
    "S7.-1", "U+1.7", "U1.7.1", "U100.0", "U01.7", "U1.07", "U1.00", "U\u0661.7", "U1.\u0667", "U1_0.1", "U0x1.1",
    "U0.0", "S0.1", "S0.0", "U64.0", "U1.63", "S32.32", "U0.64", "U99.99",
]  # fmt: skip


def every_format() -> list[Format]:
    return [
        Format(signed, integer, fraction)
        for signed, integer, fraction in product((False, True), range(MAX_WIDTH + 1), range(MAX_WIDTH + 1))
        if 1 <= integer + fraction <= MAX_WIDTH and integer >= signed
    ]


def test_text_and_format_are_the_same_thing() -> None:
    formats = every_format()
    texts = {str(node) for node in formats}
    assert len(texts) == len(formats)
    for node in formats:
        assert Format.parse(str(node)) == node


def test_written_as_in_the_data_sheets() -> None:
    assert str(Format(False, 1, 7)) == "U1.7"
    assert str(Format(True, 7, 1)) == "S7.1"


@pytest.mark.parametrize("text", BAD_TEXTS, ids=ascii)
def test_a_bad_text_is_one_clear_line(text: str) -> None:
    with pytest.raises(InputError) as caught:
        Format.parse(text)
    message = str(caught.value)
    assert len(message.splitlines()) == 1
    assert message.startswith("format ")


@pytest.mark.parametrize(
    ("signed", "integer", "fraction"), [(False, -1, 3), (False, 3, -1), (True, 0, 3), (False, 0, 0), (True, 32, 32)]
)
def test_the_constructor_checks_too(signed: bool, integer: int, fraction: int) -> None:
    with pytest.raises(InputError) as caught:
        Format(signed, integer, fraction)
    assert len(str(caught.value).splitlines()) == 1


def test_raws_are_the_patterns_of_the_wires() -> None:
    """Every pattern of `width` bits, read as (un)signed by Python's own bytes, is a raw, and no other number is."""
    for node in every_format():
        if node.width > 8:
            continue
        # Sign-extension by hand: the pattern stands in the top bits of a byte, which an arithmetic shift brings down.
        up = 8 - node.width
        raws = {int.from_bytes([pattern << up], "big", signed=node.signed) >> up for pattern in range(1 << node.width)}
        assert {raw for raw in range(-300, 600) if node.contains(raw)} == raws
        assert (node.min_raw, node.max_raw) == (min(raws), max(raws))


@pytest.mark.parametrize(
    ("text", "width", "low", "high", "step"),
    [
        ("U1.7", 8, 0.0, 1.9921875, 0.0078125),
        ("S7.1", 8, -64.0, 63.5, 0.5),
        ("U12.0", 12, 0.0, 4095.0, 1.0),
        ("S1.2", 3, -1.0, 0.75, 0.25),
        ("U0.1", 1, 0.0, 0.5, 0.5),
        ("S1.0", 1, -1.0, 0.0, 1.0),
    ],
)
def test_values(text: str, width: int, low: float, high: float, step: float) -> None:
    node = Format.parse(text)
    assert (node.width, node.min_value, node.max_value, node.resolution) == (width, low, high, step)


@pytest.mark.parametrize("fraction", range(5))
def test_covering_is_the_narrowest(fraction: int) -> None:
    """Against a search through all signed formats, narrowest first."""
    candidates = [Format(True, integer, fraction) for integer in range(1, 9)]
    for low in range(-20, 20):
        for high in range(low, 20):
            narrowest = next(node for node in candidates if node.contains(low) and node.contains(high))
            assert Format.covering(low, high, fraction) == narrowest


def test_covering_refuses_what_no_node_may_be() -> None:
    assert Format.covering(-(1 << 62), (1 << 62) - 1, 5).width == MAX_WIDTH
    for low, high in ((-(1 << 62) - 1, 0), (0, 1 << 62)):
        with pytest.raises(InputError, match="63 bits"):
            Format.covering(low, high, 5)
