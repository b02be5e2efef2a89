"""Bench that looks at a unit as it powers up; to be run in a simulation of its own, before any other bench."""

import json
from itertools import product
from typing import Any

import cocotb
from cocotb.triggers import FallingEdge

from nmpu_spec.parameters import parameter_words
from nmpu_spec.registers import BANKS, CAPTURE_SLOTS
from nmpu_verif.environment import configuration, folder
from nmpu_verif.reset import set_reset
from nmpu_verif.testport import test_mode
from nmpu_verif.unit import Unit

PINS = ("out_valid", "active_bank", "busy")
"""Outputs that registers alone drive, with the inputs below at 0."""


@cocotb.test()
async def what_no_reset_reaches(dut: Any) -> None:
    """``start.json``: those pins before the reset and, in two states, every word of the memories and of the captured
    numbers after it."""
    config = configuration()
    for pin in ("adc_valid", "rx_valid", "out_ready", "apb_psel", "apb_penable", "apb_pwrite"):
        getattr(dut, pin).value = 0
    set_reset(dut, config, False)
    unit = Unit(dut, config)
    await FallingEdge(dut.clk)
    found: dict[str, Any] = {"pins": {pin: str(getattr(dut, pin).value) for pin in PINS}}
    await unit.reset()
    if cocotb.SIM_NAME.startswith("Verilator"):
        words = parameter_words(config)
        names = [
            f"bank[{bank}].word{word}[{column}]"
            for bank, word, column in product(range(BANKS), range(words), range(config.columns))
        ]
        found["memories"] = [await unit.read(name) for name in names]
        await test_mode(unit, True)
        slots = product(CAPTURE_SLOTS, range(config.lanes))
        found["registers"] = [await unit.read(f"test.{name}[{lane}]") for name, lane in slots]
    (folder() / "start.json").write_text(json.dumps(found), "utf-8")
