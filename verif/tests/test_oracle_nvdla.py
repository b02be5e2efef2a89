"""A HALF_AWAY unit, model and RTL, is the output converter of NVDLA's SDP: offset, scale, truncate to INT8."""

from nmpu_spec.rounding import Rounding
from nmpu_verif.oracles.definitions import nvdla_sdp_converter
from nmpu_verif.oracles.operands import operands
from nmpu_verif.oracles.requantiser import Case, agreeing, disagreement, multiply_add_shift, requantiser, rtl

CONVERTERS = [
    (0, 1, 0),
    (0, 1, 1),
    (3, -1, 3),
    (-100, 205, 9),
    (1 << 22, 96, 14),
    (-777, -32768, 15),
    (0, 32767, 22),
    (55, 24576, 31),
    (-55, -1024, 40),
    (9, 32512, 47),
]
"""offset, scale, truncate."""


def cases() -> list[Case]:
    made = []
    for offset, scale, truncate in CONVERTERS:
        x = operands(scale, truncate, offset=-offset)
        wanted = [nvdla_sdp_converter(value, offset, scale, truncate) for value in x]
        made.append(Case(multiply_add_shift(scale, truncate, offset=-offset), x, wanted))
    return made


def test_sdp_converter() -> None:
    """Any scale of 16 bits, truncate 0 to 47, offsets of 24 bits. Separates HALF_AWAY (AC_RND_INF) from all
    others: ties of both signs."""
    assert agreeing(cases()) == {Rounding.HALF_AWAY}
    assert not disagreement(requantiser(Rounding.HALF_AWAY), cases(), rtl)


def test_the_intermediate_saturation_is_reached() -> None:
    """Their 17 bits, which saturate before the code does: the same code in the end."""
    far = [
        (x, case)
        for case, (offset, scale, truncate) in zip(cases(), CONVERTERS, strict=True)
        for x in case.x
        if abs((x - offset) * scale) >> truncate > 1 << 17
    ]
    assert far
