"""The two units that the examples share: small, so that their RTL compiles in seconds."""

from dataclasses import replace

from nmpu_spec.config import Adc, AdcMode, Config
from nmpu_spec.formats import Format
from nmpu_spec.load import load

DUAL = replace(load("hermes256"), columns=32, lanes=8, name="dual")
"""An eighth of `hermes256`: two counters per column, the same formats, pipeline and clocks per vector."""


def _signed() -> Config:
    adc = Adc(AdcMode.SINGLE, Format.parse("S8.0"))
    # S10.1 holds every sum of a scale U1.7 and an 8-bit code; the default is made for counters of 12 bits.
    affine = replace(DUAL.affine, corrected=Format.parse("S10.1"))
    return replace(DUAL, adc=adc, affine=affine, name="signed")


SIGNED = _signed()
"""For an ADC that delivers one signed 8-bit code per column in place of two counters."""
