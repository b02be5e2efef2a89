"""Standard-cell libraries for the tests of the flow."""

import shutil
from pathlib import Path

import pytest

from nmpu_flow.library import DEFAULT, Library, read_library

_SHARED = Path(__file__).parents[3] / "shared" / "pdk"

TINY = """
library (tiny) {
  time_unit : "1ns"; capacitive_load_unit (1, pf); leakage_power_unit : "1pW"; nom_voltage : 1.0;
  cell (ND2S) { area : 1; dont_use : true; pin (Y) { direction : output; function : "!(A B)"; }
    pin (A) { direction : input; capacitance : 0.001; } pin (B) { direction : input; capacitance : 0.001; } }
  cell (ND2) { area : 2; leakage_power () { value : 2; } leakage_power () { value : 4; }
    pin (Y) { direction : output; function : "!A + !B"; }
    pin (A) { direction : input; capacitance : 0.002; } pin (B) { direction : input; capacitance : 0.003; } }
  cell (BF) { area : 2; pin (A) { direction : input; capacitance : 0.002; }
    pin (Y) { direction : output; function : "A"; } }
  cell (DF) { area : 5; ff (IQ, IQN) { next_state : "D"; clocked_on : "CK"; }
    pin (D) { direction : input; capacitance : 0.002; }
    pin (CK) { direction : input; capacitance : 0.002; clock : true; }
    pin (Q) { direction : output; function : "IQ"; } }
}
"""
"""Enough of a library to be read; it has no timing."""


def library() -> Library:
    """A real one, and OpenSTA to time it; skips the test where there is none."""
    if shutil.which("sta") is None:
        pytest.skip("OpenSTA is not installed (Debian: opensta)")
    known = [DEFAULT, *sorted(_SHARED.glob("*.lib.gz"))]
    path = next((path for path in known if path.is_file()), None)
    if path is None:
        pytest.skip("no standard-cell library (Debian: qflow-tech-osu018)")
    return read_library(path)
