"""What the model refuses: each wrong array or program is one line that names the culprit."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from nmpu_model.program import Layer, Program
from nmpu_model.unit import run
from nmpu_spec.config import Adc, AdcMode
from nmpu_spec.errors import InputError
from nmpu_spec.formats import Format
from nmpu_spec.load import load
from nmpu_spec.parameters import parameter_fields

TINY = load("tiny")
SINGLE = replace(TINY, adc=Adc(AdcMode.SINGLE, Format.parse("S4.0")))
ZEROS = np.zeros((3, TINY.columns), np.int64)


def program(config: Any = TINY, mask: Any = None, **layer: Any) -> Program:
    parameters = {field.name: np.zeros(config.columns, np.int64) for field in parameter_fields(config)}
    return Program(config, parameters, Layer(**layer), *(() if mask is None else (mask,)))


def changed(value: int, dtype: type = np.int64) -> np.ndarray:
    codes = ZEROS.astype(dtype)
    codes[2, 4] = value
    return codes


OFF = program()
RX = program(rx_on=True)
RX_UNSIGNED = program(rx_on=True, rx_signed=False)
BAD_RUNS = {
    "one dimension": (OFF, (ZEROS[0], ZEROS[0]), "p: shape (6,)"),
    "three dimensions": (OFF, (ZEROS[None], ZEROS), "p: shape (1, 3, 6)"),
    "no dimension": (OFF, (np.int64(0), ZEROS), "p: shape ()"),
    "too few columns": (OFF, (ZEROS[:, :5], ZEROS), "p: shape (3, 5), must be (vectors, 6)"),
    "n of other length": (OFF, (ZEROS, ZEROS[:2]), "n: shape (2, 6)"),
    "rx of other length": (RX, (ZEROS, ZEROS, ZEROS[:1]), "rx: shape (1, 6)"),
    "floats": (OFF, (ZEROS.astype(float), ZEROS), "p: type float64"),
    "booleans": (OFF, (ZEROS, ZEROS.astype(bool)), "n: type bool"),
    "float rx": (RX, (ZEROS, ZEROS, ZEROS.astype(np.float16)), "rx: type float16"),
    "negative count": (OFF, (changed(-1), ZEROS), "p of column 4: code -1 must be 0 to 7"),
    "negative count of n": (OFF, (ZEROS, changed(-128, np.int8)), "n of column 4: code -128 must be 0 to 7"),
    "count too wide": (OFF, (changed(8), ZEROS), "p of column 4: code 8 must be 0 to 7"),
    "count that would wrap": (OFF, (changed(1 << 32), ZEROS), "p of column 4: code 4294967296 "),
    "count above int64": (OFF, (ZEROS, changed((1 << 64) - 1, np.uint64)), "n of column 4: code 18446744073709551615 "),
    "single code too wide": (program(SINGLE), (changed(8),), "p of column 4: code 8 must be -8 to 7"),
    "single code too low": (program(SINGLE), (changed(-9),), "p of column 4: code -9 must be -8 to 7"),
    "rx too wide": (RX, (ZEROS, ZEROS, changed(4)), "rx of column 4: code 4 must be -4 to 3"),
    "rx too low": (RX, (ZEROS, ZEROS, changed(-5)), "rx of column 4: code -5 must be -4 to 3"),
    "unsigned rx too wide": (RX_UNSIGNED, (ZEROS, ZEROS, changed(8)), "rx of column 4: code 8 must be 0 to 7"),
    "unsigned rx negative": (RX_UNSIGNED, (ZEROS, ZEROS, changed(-1)), "rx of column 4: code -1 must be 0 to 7"),
    "no p": (OFF, (None, ZEROS), "p: is missing"),
    "no n": (OFF, (ZEROS,), "n: is missing"),
    "no rx": (RX, (ZEROS, ZEROS), "rx: is missing"),
    "n for a single code": (program(SINGLE), (ZEROS, ZEROS), "n: is given, but"),
    "rx that is off": (OFF, (ZEROS, ZEROS, ZEROS), "rx: is given, but"),
}


@pytest.mark.parametrize(("told", "arrays", "message"), BAD_RUNS.values(), ids=BAD_RUNS)
def test_bad_arrays(told: Program, arrays: tuple[Any, ...], message: str) -> None:
    with pytest.raises(InputError) as caught:
        run(told, *arrays)
    assert str(caught.value).startswith(message)
    assert len(str(caught.value).splitlines()) == 1


def test_the_first_of_several_bad_codes_is_named() -> None:
    codes = ZEROS.copy()
    codes[-1, 1], codes[0, 2] = 9, 8
    with pytest.raises(InputError, match=r"^p of column 2: code 8 "):
        run(OFF, codes, ZEROS)


@pytest.mark.parametrize("dtype", [np.int8, np.uint8, np.int16, np.uint16, np.int32, np.uint32, np.int64, np.uint64])
def test_any_integer_type_will_do(dtype: type) -> None:
    codes = changed(7, dtype)
    assert (run(OFF, codes, codes).out == run(OFF, codes.astype(np.int64), codes.astype(np.int64)).out).all()


def test_no_vectors_are_no_error() -> None:
    result = run(OFF, ZEROS[:0], ZEROS[:0])
    assert result.out.shape == (0, TINY.columns)
    assert not any(result.counters.values())


BAD_LAYERS = {
    "out_bits": ({"out_bits": 7}, "out_bits = 7: must be one of (4, 6, 8)"),
    "shift": ({"shift": 4}, "shift = 4: must be 0 to 3"),
    "negative shift": ({"shift": -1}, "shift = -1: must be 0 to 3"),
    "rx_scale": ({"rx_scale": 8}, "rx_scale: raw 8 is outside U2.1 (0 to 7)"),
    "negative rx_scale": ({"rx_scale": -1}, "rx_scale: raw -1 is outside U2.1 (0 to 7)"),
    "short mask": ({"mask": np.ones(5, bool)}, "mask: shape (5,) of bool, must be (6,) of bool"),
    "mask of numbers": ({"mask": np.ones(6, int)}, "mask: shape (6,) of int64"),
}


@pytest.mark.parametrize(("settings", "message"), BAD_LAYERS.values(), ids=BAD_LAYERS)
def test_bad_settings(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError) as caught:
        program(**settings)
    assert str(caught.value).startswith(message)
    assert len(str(caught.value).splitlines()) == 1


@pytest.mark.parametrize("field", parameter_fields(TINY), ids=lambda field: field.name)
def test_bad_parameters(field: Any) -> None:
    node = field.format
    for raw in (node.min_raw - 1, node.max_raw + 1):
        parameters = dict(OFF.parameters)
        parameters[field.name] = np.array([0, 0, 0, raw, raw, 0])
        with pytest.raises(InputError, match=rf"^{field.name} of column 3: raw {raw} is outside {node} \(.*\)$"):
            Program(TINY, parameters)
    for wrong in (np.zeros(5, np.int64), np.zeros((6, 1), np.int64), np.zeros(6)):
        with pytest.raises(InputError, match=rf"^{field.name}: shape .* must be \(6,\) of integers$"):
            Program(TINY, {**OFF.parameters, field.name: wrong})
    for raw in (node.min_raw, node.max_raw):
        Program(TINY, {**OFF.parameters, field.name: np.full(6, raw)})


def test_missing_and_surplus_parameters() -> None:
    with pytest.raises(InputError, match=r"^parameters \[.*\]: must be exactly \[.*'scale_p'\]$"):
        Program(TINY, {})
    with pytest.raises(InputError, match="must be exactly"):
        Program(TINY, {**OFF.parameters, "gian": np.zeros(6, np.int64)})
    with pytest.raises(InputError, match="must be exactly"):
        Program(SINGLE, OFF.parameters)
