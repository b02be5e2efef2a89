"""The simulated tile against exact integer products, and its calibration against the errors that were put in."""

from dataclasses import replace

import numpy as np
import pytest

from nmpu_aimc.calibrate import VECTORS, Correction, calibrate, known_inputs
from nmpu_aimc.gaussian import gaussian
from nmpu_aimc.tile import (
    MAX_CONDUCTANCE,
    MAX_TARGET,
    NOISELESS,
    TYPICAL,
    Noise,
    Tile,
    program_tile,
    programming_sigma,
)
from nmpu_model.stimulus import integers
from nmpu_spec.errors import InputError

COLUMNS, ROWS, CHANNELS, MAX_CODE = 256, 100, 40, 4095
SPREAD = replace(NOISELESS, gain=0.0709, offset=2.0)


def make_tile(lsb: int, noise: Noise = NOISELESS, seed: int = 0) -> Tile:
    targets = integers(seed, "test/targets", -MAX_TARGET, MAX_TARGET, (ROWS, CHANNELS))
    return program_tile("test", targets, lsb, columns=COLUMNS, max_code=MAX_CODE, seed=seed, noise=noise)


def test_without_noise_the_counters_are_the_integer_products() -> None:
    tile = make_tile(lsb=1000)
    x = integers(0, "test/x", -127, 127, (50, ROWS))
    products = x[:, :, np.newaxis] * tile.targets
    p, n = tile.convert(x, "read")
    for codes, currents in ((p, np.where(products > 0, products, 0)), (n, np.where(products < 0, -products, 0))):
        # A current of k + 1/2 counts is counted as k + 1.
        assert (codes[:, :CHANNELS] == (2 * currents.sum(axis=1) + 1000) // 2000).all()
        assert codes.dtype == np.uint16
        assert not codes[:, CHANNELS:].any()


def test_the_counters_clip() -> None:
    full = np.full((1, ROWS), 127)
    p, n = make_tile(lsb=1).convert(full, "read")
    assert (p[:, :CHANNELS] == MAX_CODE).all()
    assert (n[:, :CHANNELS] == MAX_CODE).all()
    tile = make_tile(lsb=1000)
    below = replace(tile, offset=np.full_like(tile.offset, -1e6))
    assert not np.any(below.convert(full, "read"))


@pytest.mark.parametrize("pulse", [-128, 128])
def test_a_pulse_width_out_of_range_is_refused(pulse: int) -> None:
    with pytest.raises(InputError, match="pulse widths"):
        make_tile(lsb=1000).convert(np.full((1, ROWS), pulse), "read")


@pytest.mark.parametrize(("shape", "value"), [((257, 4), 1), ((4, COLUMNS + 1), 1), ((4, 4), MAX_TARGET + 1)])
def test_weights_that_do_not_fit_are_refused(shape: tuple[int, int], value: int) -> None:
    with pytest.raises(InputError, match="must"):
        program_tile("test", np.full(shape, value), 1000, columns=COLUMNS, max_code=MAX_CODE, seed=0)


def test_noise_is_drawn_from_seed_and_stream() -> None:
    x = integers(0, "test/x", 0, 127, (20, ROWS))
    codes = [np.stack(make_tile(1000, TYPICAL, seed).convert(x, read)) for seed, read in ((1, "a"), (1, "a"), (1, "b"))]
    assert (codes[0] == codes[1]).all()
    assert (codes[0] != codes[2]).any()
    # The numbers of a vector depend on its position alone.
    assert (np.stack(make_tile(1000, TYPICAL, 1).convert(x[:5], "a")) == codes[0][:, :5]).all()


def test_gaussian_has_the_stated_moments() -> None:
    values = gaussian(3, "test", (500, 400))
    assert abs(values.mean()) < 0.01
    assert abs(values.std() - 0.9995) < 0.01
    assert abs((values**4).mean() / values.var() ** 2 - (3 - 1.2 / 12)) < 0.05  # kurtosis of 12 uniform terms
    assert (values * 32 == np.rint(values * 32)).all()


def test_conductances_spread_as_published() -> None:
    for target in (300, 600):
        tile = program_tile("test", np.full((256, 256), target), 1000, columns=COLUMNS, max_code=MAX_CODE, seed=5)
        spread = tile.conductance[0].std()
        assert spread == pytest.approx(programming_sigma(np.array([float(target)]))[0], rel=0.02)
        assert tile.conductance.min() >= 0
        assert tile.conductance.max() <= MAX_CONDUCTANCE
    # HermesNoiseModel at half of g_max, in fractions of it: 0.16603 + 4.71806/2 - 8.48101/4 + 4.68961/8 = 0.99101 uS.
    assert programming_sigma(np.array([500.0]))[0] / 1000 == pytest.approx(0.99101 / 20.7, rel=1e-4)


def test_adc_gain_error_is_clipped() -> None:
    tile = make_tile(1000, replace(NOISELESS, gain=10.0))
    assert (np.abs(tile.gain - 1) <= 0.21 + 1e-12).all()
    assert np.ptp(tile.gain) == pytest.approx(0.42)


def test_known_inputs_cover_the_range() -> None:
    x = known_inputs(0, 256)
    assert x.shape == (VECTORS, 256)
    assert (np.abs(x).max(axis=1) <= np.arange(VECTORS) // 2 + 1).all()
    assert x.min() < -120
    assert x.max() > 120


def test_calibration_recovers_gain_and_offset() -> None:
    tile = make_tile(1000, SPREAD)
    correction: Correction = calibrate(tile)
    used = slice(0, CHANNELS)
    # Half an LSB of U1.7 and of S7.1: the fit is better than what the registers can hold.
    assert np.abs(correction.scale - 1 / tile.gain)[:, used].max() < 2**-8
    assert np.abs(correction.offset + tile.offset / tile.gain)[:, used].max() < 2**-2
    assert not correction.scale[:, CHANNELS:].any()
    assert not correction.offset[:, CHANNELS:].any()


def test_corrected_counts_are_the_nominal_ones() -> None:
    x = integers(0, "test/x", -127, 127, (200, ROWS))
    tile = make_tile(1000, SPREAD)
    correction = calibrate(tile)
    nominal = np.stack(make_tile(1000).convert(x, "read"))[:, :, :CHANNELS].astype(float)
    codes = np.stack(tile.convert(x, "read"))[:, :, :CHANNELS]
    corrected = correction.scale[:, np.newaxis, :CHANNELS] * codes + correction.offset[:, np.newaxis, :CHANNELS]
    assert np.abs(codes - nominal).max() > 100
    # Both roundings to whole counts (one of them divided by a gain of 0.79 at worst), and the fit's error.
    assert np.abs(corrected - nominal).max() < 0.5 + 0.5 / 0.79 + 0.5


def test_a_column_without_weights_cannot_be_calibrated() -> None:
    targets = np.full((ROWS, 3), 500)
    targets[:, 1] = 0
    with pytest.raises(InputError, match="column 1, counter P"):
        calibrate(program_tile("test", targets, 1000, columns=COLUMNS, max_code=MAX_CODE, seed=0, noise=NOISELESS))
