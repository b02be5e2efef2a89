"""The components of half arithmetic that have a bench, as `nmpu_verif.stages` has those of the unit."""

from collections.abc import Callable
from functools import partial

from amaranth.lib.wiring import Component

from nmpu_hw.half.from_code import HalfFromCode
from nmpu_hw.half.multiply_add import HalfMultiplyAdd
from nmpu_hw.half.sum import HalfSum
from nmpu_hw.half.to_code import HalfToCode
from nmpu_spec.formats import Format

SOURCES = ("S1.0", "S8.0", "U12.0", "S12.0", "U2.14", "U16.0", "S16.0")
"""Codes that halves are made of: with and without rounding, to infinity, with a fraction."""


def half_stages() -> dict[str, Callable[[], Component]]:
    """Its name in the harness, and how to make it."""
    made: dict[str, Callable[[], Component]] = {
        "multiply_add": HalfMultiplyAdd,
        "sum": HalfSum,
        "to_code": HalfToCode,
    }
    for source in SOURCES:
        made[from_code_name(source)] = partial(HalfFromCode, Format.parse(source))
    return made


def from_code_name(source: str) -> str:
    return f"from_code_{source.replace('.', '_').lower()}"
