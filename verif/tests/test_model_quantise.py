"""Quantisation: nearest raws, the error that it reports, its complaints, and the bound on the output's error."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from fxpmath import Fxp
from test_model_stages import column
from test_spec_config import CONFIGS

from nmpu_model.program import Layer
from nmpu_model.quantise import QuantisedProgram, quantise, quantise_program
from nmpu_model.stimulus import integers
from nmpu_model.traffic import random_traffic
from nmpu_spec.compression import Compression
from nmpu_spec.config import Config
from nmpu_spec.errors import InputError
from nmpu_spec.formats import Format
from nmpu_spec.load import load
from nmpu_spec.overflow import Overflow
from nmpu_spec.parameters import parameter_fields
from nmpu_spec.rounding import Rounding

NODES = [Format.parse(text) for text in ("U1.2", "S3.1", "S1.0", "U0.3", "S2.4")]


@pytest.mark.parametrize("node", NODES, ids=str)
def test_the_nearest_raw_ties_to_even(node: Format) -> None:
    """Against a search through all raws, for values eight times finer than the format."""
    fine = range(8 * node.min_raw, 8 * node.max_raw + 1)
    values = [number * node.resolution / 8 for number in fine]
    raws = range(node.min_raw, node.max_raw + 1)
    wanted = [min(raws, key=lambda raw, number=number: (abs(8 * raw - number), raw % 2)) for number in fine]
    assert quantise(values, node).raws.tolist() == wanted


@pytest.mark.parametrize("node", NODES, ids=str)
def test_the_error_is_value_minus_wanted(node: Format) -> None:
    scaled = integers(0, f"error/{node}", node.min_raw << 20, node.max_raw << 20, (300,))
    values = scaled * node.resolution / 3 / 2.0**19
    done = quantise(values, node, on_overflow="saturate")
    for raw, error, value in zip(done.raws.tolist(), done.error.tolist(), values.tolist(), strict=True):
        assert error == float(Fraction(raw, 2**node.fraction) - Fraction(value))


@pytest.mark.parametrize("node", NODES, ids=str)
def test_half_a_step_beyond_the_ends(node: Format) -> None:
    """What rounds to an end fits; what rounds to the raw beyond it does not, or saturates."""
    half = node.resolution / 2
    for end, away in ((node.max_raw, 1), (node.min_raw, -1)):
        value = end * node.resolution
        # The tie itself goes to the even raw, which may be the end or the one beyond.
        if end % 2 == 0:
            assert quantise(value + away * half, node).raws.tolist() == [end]
        else:
            with pytest.raises(InputError):
                quantise(value + away * half, node)
        assert quantise(value + away * half * 0.99, node).raws.tolist() == [end]
        with pytest.raises(InputError):
            quantise(value + away * half * 1.01, node)
        for beyond in (1.01 * half, 5.0, 1e30, np.inf):
            assert quantise(value + away * beyond, node, on_overflow="saturate").raws.tolist() == [end]


@pytest.mark.parametrize("value", [np.inf, -np.inf, 1e300, 2.0, -1.0])
def test_overflow_names_column_value_and_format(value: float) -> None:
    with pytest.raises(InputError) as caught:
        quantise([0.0, 1.0, value, value], Format.parse("U1.2"), "scale_p")
    assert str(caught.value) == f"scale_p of column 2: {value:g} does not fit U1.2 (0 to 1.75)"


@pytest.mark.parametrize("on_overflow", ["raise", "saturate"])
def test_nan_names_the_column(on_overflow: str) -> None:
    with pytest.raises(InputError, match=r"^gain of column 1: is NaN$"):
        quantise([0.0, np.nan, np.inf], Format.parse("S2.2"), "gain", on_overflow)


def test_no_format_wider_than_a_float() -> None:
    for node in (Format.parse("S53.0"), Format.parse("U1.52"), Format.parse("S3.50")):
        done = quantise([1e30, -1e30], node, on_overflow="saturate")
        assert done.raws.tolist() == [node.max_raw, node.min_raw]
    with pytest.raises(InputError, match=r"^gain: format S3\.51 has 54 bits, must have at most the 53 of a float$"):
        quantise(0.5, Format.parse("S3.51"), "gain")


def test_fxp_is_taken_by_its_value() -> None:
    node = Format.parse("S3.4")
    values = [-4.0, -0.6875, 0.0, 1.5, 3.9375]
    numbers = Fxp(values, signed=True, n_word=12, n_frac=6)
    done = quantise(numbers, node)
    assert done.raws.tolist() == [value * 16 for value in values]
    assert not done.error.any()
    assert quantise(Fxp(1.5, signed=True, n_word=8, n_frac=4), node).raws.tolist() == [24]


# --- programs --------------------------------------------------------------------------------------------------------


def random_values(config: Config, stream: str) -> dict[str, np.ndarray]:
    """Real parameters all over their formats, with many more bits than these have."""
    values = {}
    for field in parameter_fields(config):
        node = field.format
        steps = integers(1, f"{stream}/{field.name}", node.min_raw << 10, node.max_raw << 10, (config.columns,))
        values[field.name] = steps * (node.resolution / (1 << 10))
    return values


def real_total(
    config: Config, values: dict[str, np.ndarray], layer: Layer, number: int, p: int, n: int | None, rx: int | None
) -> Fraction:
    """The number before the output's rounding if every parameter was real, without any rounding on the way."""
    of = {name: Fraction(float(entry[number])) for name, entry in values.items()}
    step = Fraction(1, 2**config.adc.code.fraction)
    y = of["scale_p"] * int(p) * step + of["offset_p"]
    if n is not None:
        y -= of["scale_n"] * int(n) * step + of["offset_n"]
    z = of["gain"] * y + of["bias"]
    z = max(z, Fraction(0)) if layer.relu_1 else z
    t = z if rx is None else z + int(rx) * Fraction(layer.rx_scale, 2**config.residual.scale.fraction)
    return max(t, Fraction(0)) if layer.relu_2 else t


def largest_share(config: Config, values: dict[str, np.ndarray], layer: Layer, vectors: int, stream: str) -> Fraction:
    """The largest error found, as a share of what `output_error` allows that column."""
    done = quantise_program(config, values, layer)
    traffic = random_traffic(done.program, vectors, 2, stream)
    share = Fraction(0)
    for vector in range(vectors):
        for number in range(config.columns):
            operands = [None if array is None else array[vector, number] for array in vars(traffic).values()]
            model = column(done.program, number, *operands)
            if any(name.startswith("affine") for name in model.saturated):
                continue
            error = abs(model.total - real_total(config, values, layer, number, *operands)) / 2**layer.shift
            share = max(share, error / Fraction(float(done.output_error[number])))
    return share


@pytest.mark.parametrize("name", ["hermes256", "tiny", "user", "single signed", "single unsigned", "signed scales"])
def test_output_error_bounds_the_difference(name: str) -> None:
    config = CONFIGS[name]
    worst = Fraction(0)
    for number in range(max(2, 200 // config.columns)):
        stream = f"bound/{name}/{number}"
        layer = Layer(
            relu_1=number % 2 == 1,
            relu_2=number % 3 == 1,
            rx_on=number % 2 == 0,
            rx_scale=config.residual.scale.max_raw // 3,
            shift=number % 4,
        )
        worst = max(worst, largest_share(config, random_values(config, stream), layer, 6, stream))
    assert worst <= 1
    # A bound that is far from anything that happens would say nothing.
    assert worst > Fraction(1, 4)


@pytest.mark.parametrize("rounding", Rounding)
@pytest.mark.parametrize("cuts", [(0, 0), (2, 0), (0, 2), (1, 3), (6, 0), (0, 6), (3, 3)])
def test_the_corrected_codes_rounding_is_in_the_bound(rounding: Rounding, cuts: tuple[int, int]) -> None:
    """With exact parameters it is the only error, and every fraction of the corrected code is tried."""
    base = load("hermes256")
    config = replace(base, affine=replace(base.affine, compression=Compression(rounding, Overflow.SATURATE, *cuts)))
    step = base.affine.scale.resolution
    values = {"scale_p": step, "scale_n": step, "offset_p": 0.0, "offset_n": 0.0, "gain": -1.25, "bias": 3.0}
    done = quantise_program(config, values)
    assert not any(done.parameter_error.values())
    wide = {name: np.full(config.columns, value) for name, value in values.items()}
    per_lsb = int(config.affine.corrected.resolution / step)
    errors = [
        abs(column(done.program, 0, p, n, None).total - real_total(config, wide, Layer(), 0, p, n, None))
        for p, n in [*((p, 0) for p in range(2 * per_lsb)), *((0, n) for n in range(2 * per_lsb))]
    ]
    bound = Fraction(float(done.output_error[0]))
    assert bound / 3 < max(errors) <= bound
    if rounding is not Rounding.FLOOR and cuts == (0, 0):
        assert max(errors) == bound


def one_column(values: dict[str, float], p: int, n: int) -> tuple[Fraction, QuantisedProgram]:
    config = load("hermes256")
    done = quantise_program(config, values)
    wide = {name: np.full(config.columns, value) for name, value in values.items()}
    model = column(done.program, 0, p, n, None)
    assert not model.saturated or model.saturated[0].startswith("output")
    return abs(model.total - real_total(config, wide, Layer(), 0, p, n, None)), done


def test_the_bound_holds_where_the_real_number_lies_beyond_the_corrected_codes() -> None:
    """The scale's error lifts the real y above the largest code; the gain's error multiplies that larger number."""
    config, almost_half = load("hermes256"), 0.499
    gain, largest = almost_half * config.norm.gain.resolution, config.affine.corrected.max_value
    values = {"scale_p": 1 + almost_half / 128, "scale_n": 0.0, "offset_p": 0.0, "offset_n": 0.0}
    error, done = one_column(values | {"gain": gain, "bias": 0.0}, int(largest), 0)
    assert error > Fraction(gain) * Fraction(largest)
    assert error <= Fraction(float(done.output_error[0]))


def test_the_shift_divides_the_bound() -> None:
    config = load("hermes256")
    values = random_values(config, "shift")
    plain, shifted = (quantise_program(config, values, Layer(shift=shift)).output_error for shift in (0, 5))
    assert (plain == 32 * shifted).all()


def test_parameter_error_is_the_largest_of_all_columns() -> None:
    config = load("hermes256")
    values = random_values(config, "worst")
    done = quantise_program(config, values)
    for field in parameter_fields(config):
        node, raws = field.format, done.program.parameters[field.name].tolist()
        errors = [
            abs(Fraction(raw, 2**node.fraction) - Fraction(value))
            for raw, value in zip(raws, values[field.name].tolist(), strict=True)
        ]
        assert done.parameter_error[field.name] == float(max(errors))


def test_scalars_stand_for_every_column() -> None:
    config = load("tiny")
    values = {"scale_p": 1.0, "offset_p": -0.5, "scale_n": 1.25, "offset_n": 0.0, "gain": 0.5, "bias": 1.0}
    done = quantise_program(config, values)
    assert done.program.parameters["scale_n"].tolist() == [5] * config.columns
    assert done.program.mask.all()
    assert set(done.parameter_error.values()) == {0.0}


def test_bad_programs_name_what_is_wrong() -> None:
    config = load("tiny")
    values = {"scale_p": 1.0, "offset_p": -0.5, "scale_n": 1.25, "offset_n": 0.0, "gain": 0.5, "bias": 1.0}
    for wrong, message in (
        ({"gain": [0.5, 0.5]}, r"^gain: shape \(2,\), must be a scalar or \(6,\)$"),
        ({"gain": [[0.5] * 6]}, r"^gain: shape \(1, 6\), must be a scalar or \(6,\)$"),
        ({"gain": [0, 0, 0, 9, 0, 0]}, r"^gain of column 3: 9 does not fit S1.2 \(-1 to 0.75\)$"),
        ({"bias": np.nan}, r"^bias of column 0: is NaN$"),
        ({"gian": 1.0}, r"^parameters \[.*\]: must be exactly \[.*\]$"),
    ):
        with pytest.raises(InputError, match=message):
            quantise_program(config, values | wrong)
    saturated = quantise_program(config, values | {"gain": 9.0}, on_overflow="saturate")
    assert saturated.program.parameters["gain"].tolist() == [3] * 6
    assert saturated.parameter_error["gain"] == 8.25
