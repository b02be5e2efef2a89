"""The fit against what was put into the simulated tile, and against exact arithmetic."""

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from measured import CONFIG, LSB, ROWS, make_tile, measure
from numpy.typing import NDArray

from nmpu_aimc.calibrate import known_inputs
from nmpu_aimc.tile import NOISELESS, TYPICAL, currents, pair
from nmpu_bringup.calibration.calibrate import Calibration, calibrate
from nmpu_bringup.calibration.measurement import Arrays, measurement
from nmpu_bringup.calibration.residuals import overall
from nmpu_model.stimulus import integers
from nmpu_model.traffic import random_program
from nmpu_spec.load import load

COLUMNS, VECTORS = CONFIG.columns, 40
SHAPE = (2, VECTORS, COLUMNS)


def linear(scale: NDArray[np.float64], offset: NDArray[np.float64]) -> dict[str, NDArray[np.generic]]:
    """Codes of a tile whose ideal counts are scale * code + offset, exactly; both (2, columns)."""
    codes = integers(1, "test/codes", 1, 900, SHAPE)
    nominal = scale[:, np.newaxis] * codes + offset[:, np.newaxis]
    return {"p": codes[0], "n": codes[1], "nominal_p": nominal[0], "nominal_n": nominal[1]}


def fit(arrays: Arrays) -> Calibration:
    return calibrate(measurement(CONFIG, arrays))


def test_what_the_registers_can_hold_is_recovered_exactly() -> None:
    """Both ends of both formats, and seeded raws between them."""
    scale_raw = integers(2, "test/scale", 1, CONFIG.affine.scale.max_raw, SHAPE[::2])
    offset_raw = integers(2, "test/offset", CONFIG.affine.offset.min_raw, CONFIG.affine.offset.max_raw, SHAPE[::2])
    scale_raw[0, :2], offset_raw[0, :2] = (1, CONFIG.affine.scale.max_raw), (-128, 127)
    found = fit(linear(scale_raw / 128, offset_raw / 2))
    assert not found.problems
    assert (found.scale_raw == scale_raw).all()
    assert (found.offset_raw == offset_raw).all()
    assert (found.parameters["offset_n"] == offset_raw[1]).all()
    assert not found.after.errors.any()


def test_other_gains_are_recovered_to_the_last_bit_of_the_formats() -> None:
    """On a tile without noise the fit is exact; each point's error then is what the two roundings make, no more.

    With the mean code c0: |error| <= LSB_scale / 2 * |code - c0| + LSB_offset / 2, in exact arithmetic.
    """
    scale = integers(3, "test/scale", 2000, 8000, SHAPE[::2]) / 4096
    offset = integers(3, "test/offset", -400, 400, SHAPE[::2]) / 16
    found = fit(linear(scale, offset))
    assert (found.scale == scale).all()
    assert (found.offset == offset).all()
    worst = Fraction(0)
    for (branch, column), points in np.ndenumerate(found.used.sum(axis=1)):
        codes = [int(code) for code in found.measured.codes[branch, :, column]]
        mean = Fraction(sum(codes), int(points))
        s, o = Fraction(int(found.scale_raw[branch, column]), 128), Fraction(int(found.offset_raw[branch, column]), 2)
        for code, nominal in zip(codes, found.nominal[branch, :, column], strict=True):
            error = abs(s * code + o - Fraction(float(nominal)))
            bound = abs(code - mean) / 256 + Fraction(1, 4)
            assert error <= bound
            worst = max(worst, error / bound)
    assert worst > Fraction(9, 10)
    assert (found.after.largest <= found.rounding).all()


def test_rounding_jointly_is_better_than_rounding_each() -> None:
    tile = make_tile(replace(NOISELESS, gain=0.0709, offset=2.0), config=load("hermes256"))
    found = calibrate(measurement(load("hermes256"), measure(tile)))
    scale, offset = np.rint(found.scale * 128) / 128, np.rint(found.offset * 2) / 2
    errors = scale[:, np.newaxis] * found.codes + offset[:, np.newaxis] - found.nominal
    each, jointly = ((kind - found.fitted.errors)[found.used] for kind in (errors, found.after.errors))
    # The table of docs/calibration.md: rms and largest, in counts.
    assert [round(float(np.sqrt((added**2).mean())), 2) for added in (each, jointly)] == [0.66, 0.36]
    assert [round(float(np.abs(added).max()), 2) for added in (each, jointly)] == [2.45, 1.69]
    assert np.abs(each).max() > found.rounding.max()


@pytest.mark.parametrize(
    ("x", "percent"),
    [
        (known_inputs(1, ROWS), (0.00, -0.08)),
        (integers(1, "test/x", -127, 127, (256, ROWS)), (0.02, -2.34)),
    ],
    ids=["ramp", "full scale"],
)
def test_codes_are_regressed_on_counts(x: NDArray[np.int64], percent: tuple[float, float]) -> None:
    """With much noise: the inverse line keeps the scale, counts regressed on codes do not (docs/calibration.md).

    numpy.polyfit is the oracle of both lines.
    """
    tile = make_tile(replace(NOISELESS, read=0.05), config=load("hermes256"))
    found = calibrate(measurement(load("hermes256"), measure(tile, x)))
    inverse, direct = np.empty(found.scale.shape), np.empty(found.scale.shape)
    for branch, column in np.ndindex(found.scale.shape):
        used = found.used[branch, :, column]
        nominal, codes = (values[branch, used, column] for values in (found.nominal, found.codes))
        inverse[branch, column] = 1 / np.polyfit(nominal, codes, 1)[0]
        direct[branch, column] = np.polyfit(codes, nominal, 1)[0]
    assert found.scale == pytest.approx(inverse, rel=1e-9)
    assert direct == pytest.approx(found.scale * found.correlation, rel=1e-9)
    # The true scale is 1. The standard error of the mean, over 512 counters:
    error = found.scale.std() / np.sqrt(found.scale.size)
    assert abs(found.scale.mean() - 1) < 4 * error
    assert direct.mean() - 1 < -8 * error
    assert tuple(round(100 * (float(scale.mean()) - 1), 2) + 0.0 for scale in (found.scale, direct)) == percent


def test_the_residual_is_the_read_noise() -> None:
    """Of a tile with a known read noise, within 5 sigma, and no column is worse than before.

    Of one point, in counts: (sigma_read * g_max * sqrt(sum x**2) / lsb)**2, and scale**2 / 12 for the code's rounding.
    The mean square over all points has the sigma sqrt(2 * sum(variance**2)) / points for Gaussian noise, and 5 sigma
    are left once in a million times.
    """
    tile = make_tile(replace(TYPICAL, programming=0.0, read=0.02))
    found = fit(measure(tile))
    x = known_inputs(tile.seed, ROWS)
    noise = (0.9995 * 0.02 * 1000 / LSB) ** 2 * (x * x).sum(axis=1)
    variance = np.broadcast_to(noise[:, np.newaxis] + found.scale[:, np.newaxis] ** 2 / 12, found.used.shape)[
        found.used
    ]
    floor, sigma = variance.mean(), np.sqrt(2 * (variance**2).sum()) / variance.size
    every = np.ones(COLUMNS, bool)
    before, fitted, after = (overall(kind, every)[0] for kind in (found.before, found.fitted, found.after))
    assert abs(fitted**2 - floor) < 5 * sigma
    assert after <= np.sqrt(floor + 5 * sigma) + np.sqrt((found.rounding**2).mean())
    assert after < before / 10
    assert (found.after.rms <= found.before.rms).all()
    # ... and for codes that the fit has not seen.
    p, n = tile.convert(x, "again")
    fresh = (found.scale_raw / 128)[:, np.newaxis] * np.stack((p, n)) + (found.offset_raw / 2)[:, np.newaxis]
    errors = (fresh - found.nominal)[found.used]
    assert np.sqrt((errors**2).mean()) <= np.sqrt(floor + 5 * sigma) + np.sqrt((found.rounding**2).mean())


def test_clipped_codes_are_left_out() -> None:
    scale, offset = np.full(SHAPE[::2], 0.75), np.full(SHAPE[::2], 3.5)
    arrays = linear(scale, offset)
    arrays["p"][:10], arrays["n"][:7] = 4095, 0
    found = fit(arrays)
    assert (found.scale_raw == 96).all()
    assert (found.offset_raw == 7).all()
    assert (found.used.sum(axis=1) == np.array([[VECTORS - 10], [VECTORS - 7]])).all()
    assert not found.after.errors[found.used].any()


def test_without_an_lsb_the_median_scale_is_1() -> None:
    arrays = measure(make_tile(replace(NOISELESS, gain=0.0709, offset=2.0)))
    given = fit(arrays)
    fitted = fit({name: values for name, values in arrays.items() if name != "lsb"})
    assert np.median(fitted.scale) == pytest.approx(1, rel=1e-12)
    assert fitted.lsb == pytest.approx(LSB * np.median(given.scale), rel=1e-12)
    same = fit({**arrays, "lsb": np.array(fitted.lsb)})
    assert (same.parameters["scale_n"] == fitted.parameters["scale_n"]).all()


def test_units_of_inputs_and_weights_do_not_matter() -> None:
    """Weights in microsiemens, inputs as fractions, lsb to match: the registers hold the same."""
    arrays = measure(make_tile())
    other = fit({**arrays, "x": arrays["x"] / 127, "w": arrays["w"] * 0.0207, "lsb": arrays["lsb"] * 0.0207 / 127})
    for name, raws in fit(arrays).parameters.items():
        assert (other.parameters[name] == raws).all()


def test_nominal_counts_stand_for_inputs_and_weights() -> None:
    arrays = measure(make_tile())
    nominal = np.moveaxis(currents(arrays["x"], *pair(arrays["w"])), 1, 0) / LSB
    codes = {name: arrays[name] for name in "pn"}
    other = fit({**codes, "nominal_p": nominal[0], "nominal_n": nominal[1]})
    for name, raws in fit(arrays).parameters.items():
        assert (other.parameters[name] == raws).all()


def dead(arrays: dict[str, NDArray[np.generic]]) -> None:
    arrays["p"][:, 3] = 17


def dead_inside(arrays: dict[str, NDArray[np.generic]]) -> None:
    arrays["p"][:, 3] = np.where(np.arange(VECTORS) % 2, 17, 4095)


def falling(arrays: dict[str, NDArray[np.generic]]) -> None:
    arrays["p"][:, 3] = 1000 - arrays["p"][:, 3]


def noise_alone(arrays: dict[str, NDArray[np.generic]]) -> None:
    arrays["p"][:, 3] = integers(5, "test/noise", 100, 110, (VECTORS,))


def one_point(arrays: dict[str, NDArray[np.generic]]) -> None:
    arrays["p"][1:, 3] = 4095


def one_current(arrays: dict[str, NDArray[np.generic]]) -> None:
    arrays["nominal_p"][:, 3] = 55


def scaled(factor: float) -> Callable[[dict[str, NDArray[np.generic]]], None]:
    def change(arrays: dict[str, NDArray[np.generic]]) -> None:
        arrays["nominal_p"][:, 3] *= factor

    return change


def shifted(arrays: dict[str, NDArray[np.generic]]) -> None:
    arrays["nominal_p"][:, 3] += 70


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (dead, "p: dead, every code is 17"),
        (dead_inside, "p: dead, every code inside U12.0 is 17"),
        (falling, "p: dead, the codes fall with the nominal counts (squared correlation 1.00)"),
        (noise_alone, "p: dead, the codes hardly rise"),
        (one_point, "p: too few points, 1 of 40 codes are inside U12.0 (0 at 0, 39 at 4095)"),
        (one_current, "p: too few points, every nominal count is the same"),
        (scaled(2), "p: scale 2 is outside U1.7 (0.0078125 to 1.99219)"),
        (scaled(1 / 512), "p: scale 0.0019531 is outside U1.7"),
        (shifted, "p: offset 70 is outside S7.1 (-64 to 63.5)"),
    ],
    ids=["dead", "dead inside", "falling", "noise", "one point", "one current", "scale high", "scale low", "offset"],
)
def test_a_column_that_cannot_be_corrected_is_listed(
    change: Callable[[dict[str, NDArray[np.generic]]], None], reason: str
) -> None:
    """... masked off with parameters of 0, and leaves the others as they are."""
    arrays = linear(np.ones(SHAPE[::2]), np.zeros(SHAPE[::2]))
    change(arrays)
    found = fit(arrays)
    assert list(found.problems) == [3]
    assert found.problems[3].startswith(reason)
    others = np.arange(COLUMNS) != 3
    assert (found.corrected == others).all()
    for name, raws in found.parameters.items():
        assert (raws == np.where(others, 128 if name.startswith("scale") else 0, 0)).all()
    assert np.isnan(found.after.rms[:, 3]).all()


def test_both_counters_are_named() -> None:
    arrays = linear(np.ones(SHAPE[::2]), np.zeros(SHAPE[::2]))
    arrays["p"][:, 3] = arrays["n"][:, 3] = 9
    assert fit(arrays).problems == {3: "p: dead, every code is 9; n: dead, every code is 9"}


def test_nothing_can_be_corrected() -> None:
    arrays = measure(make_tile())
    del arrays["lsb"]
    arrays["p"][:] = arrays["n"][:] = 9
    found = fit(arrays)
    assert list(found.problems) == list(range(COLUMNS))
    assert np.isnan(found.lsb)
    assert overall(found.after, found.corrected) == pytest.approx((np.nan, np.nan), nan_ok=True)


def test_columns_that_are_not_in_use_or_masked_off_are_not_judged() -> None:
    arrays = measure(make_tile())
    arrays["w"][:, 4] = 0
    arrays["p"][:, 6] = 9
    program = random_program(CONFIG, 1, "test")
    mask = np.arange(COLUMNS) != 6
    assert fit(arrays).problems.keys() == {6}
    found = calibrate(measurement(CONFIG, arrays), replace(program, mask=mask))
    assert not found.problems
    assert (found.corrected == (mask & (np.arange(COLUMNS) != 4))).all()
    assert not found.parameters["scale_p"][[4, 6]].any()


def test_single_code_mode(configurations: dict[str, str]) -> None:
    """A signed code that stands for P - N."""
    config = load(configurations["single12"])
    tile = make_tile(NOISELESS)
    arrays = measure(tile)
    product = arrays["x"] @ arrays["w"] / LSB
    codes = np.clip(np.floor(product / 1.25 + 0.5), -128, 127)
    arrays = {name: arrays[name] for name in "xw"} | {"p": codes, "lsb": arrays["lsb"]}
    found = calibrate(measurement(config, arrays))
    assert set(found.parameters) == {"scale_p", "offset_p"}
    assert (found.parameters["scale_p"] == 160).all()
    assert (found.nominal == product).all()
    assert found.after.largest.max() <= 1.25 / 2 + found.rounding.max()


def test_codes_with_fraction_bits(configurations: dict[str, str]) -> None:
    """Codes are raws; the correction is for their values."""
    code = replace(CONFIG.adc.code, integer=11, fraction=1)
    config = replace(CONFIG, adc=replace(CONFIG.adc, code=code))
    arrays = linear(np.full(SHAPE[::2], 0.5), np.full(SHAPE[::2], 2.0))
    found = calibrate(measurement(config, arrays))
    assert (found.scale_raw == 128).all()
    assert (found.offset_raw == 4).all()
    assert not found.after.errors.any()
