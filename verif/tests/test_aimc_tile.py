"""The simulated tile against exact integer products, and its calibration against the errors that were put in."""

from dataclasses import replace

import numpy as np
import pytest

from nmpu_aimc.calibrate import VECTORS, Correction, calibrate, known_inputs
from nmpu_aimc.gaussian import gaussian
from nmpu_aimc.pcm import accumulated_sigma, drift_exponent, programming_sigma
from nmpu_aimc.tile import (
    MAX_CONDUCTANCE,
    MAX_TARGET,
    NOISELESS,
    TYPICAL,
    Noise,
    Tile,
    program_tile,
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
    assert abs(values.std() - 1) < 0.01
    assert abs((values**4).mean() / values.var() ** 2 - 3) < 0.05
    assert (values * 4096 == np.rint(values * 4096)).all()


def test_gaussian_rows_can_be_read_in_pieces() -> None:
    whole = gaussian(3, "test", (50, 2, 7))
    assert (gaussian(3, "test", (20, 2, 7), first=30) == whole[30:]).all()
    assert len(np.unique(whole[:, 0, 0])) > 45


def test_conductances_spread_as_published() -> None:
    for target in (300, 600):
        tile = program_tile("test", np.full((256, 256), target), 1000, columns=COLUMNS, max_code=MAX_CODE, seed=5)
        spread = tile.conductance[0].std() / MAX_TARGET
        assert spread == pytest.approx(programming_sigma(np.array([target / MAX_TARGET]))[0], rel=0.02)
        assert tile.conductance.min() >= 0
        assert tile.conductance.max() <= MAX_CONDUCTANCE
    # HermesNoiseModel at half of g_max, in fractions of it: 0.16603 + 4.71806/2 - 8.48101/4 + 4.68961/8 = 0.99101 uS.
    assert programming_sigma(np.array([0.5]))[0] == pytest.approx(0.99101 / 20.7, rel=1e-4)


def test_conductances_drift_as_published() -> None:
    g, day = 0.5, 86400.0
    noise = replace(NOISELESS, seconds=day)
    tile = program_tile("test", np.full((256, 256), 500), 1000, columns=COLUMNS, max_code=MAX_CODE, seed=5, noise=noise)
    there = tile.conductance[0] / MAX_TARGET
    # nu = 0.0736 - 0.0126/2 - 0.0436/4 on average, sigma 0.0073 + 0.0093/2 - 0.0118/4; t_0 = 300 s.
    assert drift_exponent(np.array([g]), np.zeros(1))[0] == pytest.approx(0.0564)
    ratio = (day + 300) / 300
    assert there.mean() == pytest.approx(g * ratio**-0.0564, rel=0.003)
    spread = np.hypot(0.009 * np.log(ratio), accumulated_sigma(np.array([g]), day)[0])
    assert there.std() / there.mean() == pytest.approx(spread, rel=0.03)
    assert not tile.conductance[1].any()


def test_four_phases_count_two_reads_together() -> None:
    x = integers(0, "test/x", -127, 127, (20, ROWS))
    one = make_tile(1000)
    four = replace(one, phases=4)
    exact = (np.stack(one.convert(x, "read")).astype(int), np.stack(four.convert(x, "read")).astype(int))
    # Two roundings instead of one.
    assert np.abs(exact[0] - exact[1]).max() == 1
    offset = replace(four, offset=np.full_like(four.offset, 5.0))
    assert (np.stack(offset.convert(x, "read"))[:, :, :CHANNELS] - exact[1][:, :, :CHANNELS] == 10).all()
    # A vector without negative pulses has its reverse reads all the same.
    positive = np.abs(x)
    reverse = np.stack(replace(offset, conductance=one.conductance * 0).convert(positive, "read"))
    assert (reverse == 10).all()
    noisy = [np.stack(replace(tile, noise=TYPICAL).convert(x, "a")).astype(int) for tile in (one, four)]
    assert (noisy[0] != noisy[1]).any()


def test_stacked_vectors_share_the_noise() -> None:
    x = integers(0, "test/x", -127, 127, (3000, ROWS))
    tile = make_tile(1000, TYPICAL)
    whole = np.stack(tile.convert(x, "a"))
    stacked = np.stack(tile.convert(np.stack((x, x)), "a"))
    assert (stacked[:, 0] == whole).all() and (stacked[:, 1] == whole).all()
    assert (np.stack(tile.convert(x[2500:], "a", first=2500)) == whole[:, 2500:]).all()


def test_sums_beyond_float32_are_exact() -> None:
    """All devices of a full tile at their largest: more than 2**24, where float32 would round."""
    targets = np.full((256, 2), MAX_TARGET)
    tile = program_tile("test", targets, 9000, columns=2, max_code=MAX_CODE, seed=0, noise=NOISELESS)
    x = np.full((1, 256), 127)
    assert 256 * 127 * MAX_TARGET > 1 << 24
    assert tile.convert(x, "read")[0].tolist() == [[(2 * 256 * 127 * MAX_TARGET + 9000) // 18000] * 2]
    noisy = replace(tile, noise=replace(NOISELESS, read=0.005)).convert(np.repeat(x, 50, axis=0), "read")[0]
    # 0.005 * 1000 * sqrt(256) * 127 / 9000 counts
    assert noisy.std() == pytest.approx(1.13, rel=0.3)


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
