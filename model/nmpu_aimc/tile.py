"""One analog tile: integer pulse widths in, the two counters of every column out.

Bit-exact on every machine: conductances and pulse widths are integers, so the products' sums are exact in float64
whatever the order of the additions, and all that follows is elementwise IEEE arithmetic.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nmpu_aimc.gaussian import gaussian
from nmpu_spec.errors import InputError

TILE_ROWS = 256
"""[P] 256 x 256 tile (Khaddam-Aljameh et al., JSSC 2022)."""
MAX_PULSE = 127
"""[P] Pulse widths are a sign and 7 bits of magnitude (ibid.)."""
MAX_TARGET = 1000
"""The largest conductance that is programmed; one unit is a thousandth of g_max (ours)."""
MAX_CONDUCTANCE = 1023
"""What a device can reach when programming overshoots (ours)."""

_PROGRAMMING = (0.16603222, 4.71806468, -8.48101252, 4.68961419)
_PROGRAMMING_G_MAX = 20.7
"""[P] Sigma of the programmed conductance in microsiemens, a polynomial in g/g_max with g_max = 20.7 uS: fit to the
HERMES chip, two devices per weight (aihwkit, `aihwkit.inference.noise.hermes.HermesNoiseModel`)."""


@dataclass(frozen=True)
class Noise:
    """What makes a tile differ from the ideal one; every entry may be 0.

    programming  multiple of the published sigma of the programmed conductances
    read         sigma of each device in each read, as a fraction of g_max (ours)
    gain         sigma of the ADC gain error per column and branch, clipped at `gain_limit`: [P] 7.09 %, within +-21 %
                 after analog calibration (JSSC 2022)
    offset       sigma of the residual ADC offset per column and branch, in counts (ours)
    """

    programming: float = 1.0
    read: float = 0.005
    gain: float = 0.0709
    gain_limit: float = 0.21
    offset: float = 2.0


TYPICAL = Noise()
"""The default: published where there is a publication, ours where there is none."""
NOISELESS = Noise(programming=0.0, read=0.0, gain=0.0, offset=0.0)
"""An ideal tile, but for the rounding of the codes."""


@dataclass(frozen=True)
class Tile:
    """A programmed tile.

    name         names its random streams
    targets      what was to be programmed: signed weights (rows, channels) int64, -1000 to 1000
    conductance  what is there: integers in float64, (2, rows, channels), the positive and the negative devices
    gain, offset of the ADCs, (2, columns): the P and the N counters; offset in counts
    lsb          the current, in units of pulse width x conductance, that makes one count at gain 1
    """

    name: str
    seed: int
    noise: Noise
    targets: NDArray[np.int64]
    conductance: NDArray[np.float64]
    gain: NDArray[np.float64]
    offset: NDArray[np.float64]
    lsb: int
    max_code: int

    def convert(self, x: NDArray[np.int64], read: str) -> tuple[NDArray[np.uint16], NDArray[np.uint16]]:
        """The P and N counters, each (vectors, columns), of the pulse widths x (vectors, rows), -127 to 127.

        code = floor(gain/lsb * current + offset + 1/2), clipped to 0..max_code, with the currents of `currents` plus
        read noise; independent noise of every device adds up to sigma_read * g_max * sqrt(sum of x**2) in a column.
        The columns beyond the channels have zero conductance. `read` names the stream of the read noise, in which a
        vector's numbers depend on its position alone. Raises `InputError` for a pulse width out of range.
        """
        low, high = int(x.min(initial=0)), int(x.max(initial=0))
        if low < -MAX_PULSE or high > MAX_PULSE:
            raise InputError(f"tile {self.name}: pulse widths {low} to {high}, must be -{MAX_PULSE} to {MAX_PULSE}")
        current = currents(x, *self.conductance)
        if self.noise.read:
            sigma = self.noise.read * MAX_TARGET * np.sqrt((x * x).sum(axis=1))
            current += sigma[:, np.newaxis, np.newaxis] * gaussian(self.seed, f"{self.name}/{read}", current.shape)
        channels = current.shape[2]
        codes = np.zeros((2, len(x), self.gain.shape[1]))
        codes[:, :, :channels] = np.moveaxis(current, 1, 0) * (self.gain[:, np.newaxis, :channels] / self.lsb)
        codes = np.floor(codes + self.offset[:, np.newaxis] + 0.5)
        p, n = np.clip(codes, 0, self.max_code).astype(np.uint16)
        return p, n


def currents(
    x: NDArray[np.int64 | np.float64], positive: NDArray[np.float64], negative: NDArray[np.float64]
) -> NDArray[np.float64]:
    """P = x+ . G+ + x- . G- and N = x+ . G- + x- . G+, with x = x+ - x-: (vectors, 2, channels).

    Integers give exact integers.
    """
    forward, reverse = np.maximum(x, 0).astype(np.float64), np.maximum(-x, 0).astype(np.float64)
    p = forward @ positive + reverse @ negative
    n = forward @ negative + reverse @ positive
    return np.stack((p, n), axis=1)


def pair(targets: NDArray[np.int64 | np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The differential pair of a signed weight: one device holds the magnitude, the other one stays at zero."""
    return np.maximum(targets, 0).astype(np.float64), np.maximum(-targets, 0).astype(np.float64)


def program_tile(
    name: str, targets: NDArray[np.int64], lsb: int, *, columns: int, max_code: int, seed: int, noise: Noise = TYPICAL
) -> Tile:
    """A tile with `targets` programmed into its first columns; `seed` is the chip, the noise is drawn from it.

    Raises `InputError` where the weights do not fit the tile or a device.
    """
    rows, channels = targets.shape
    if rows > TILE_ROWS or channels > columns:
        raise InputError(f"tile {name}: {rows} x {channels} weights, must fit {TILE_ROWS} x {columns}")
    if np.abs(targets).max() > MAX_TARGET:
        raise InputError(f"tile {name}: a weight of {np.abs(targets).max()}, must be at most {MAX_TARGET}")
    ideal = np.stack(pair(targets))
    error = noise.programming * programming_sigma(ideal) * gaussian(seed, f"{name}/programming", ideal.shape)
    conductance = np.clip(np.floor(ideal + error + 0.5), 0, MAX_CONDUCTANCE)
    spread = np.clip(noise.gain * gaussian(seed, f"{name}/gain", (2, columns)), -noise.gain_limit, noise.gain_limit)
    offset = noise.offset * gaussian(seed, f"{name}/offset", (2, columns))
    return Tile(name, seed, noise, targets, conductance, 1 + spread, offset, lsb, max_code)


def programming_sigma(target: NDArray[np.float64]) -> NDArray[np.float64]:
    """Published sigma of the programmed conductance; both in units of g_max / 1000."""
    g = target / MAX_TARGET
    sigma = np.zeros_like(g)
    for coefficient in reversed(_PROGRAMMING):
        sigma = sigma * g + coefficient
    return sigma / _PROGRAMMING_G_MAX * MAX_TARGET
