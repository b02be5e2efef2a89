"""One analog tile: integer pulse widths in, the two counters of every column out.

Bit-exact on every machine: conductances and pulse widths are integers, and their products' sums are exact in the type
that they are summed in, whatever the order of the additions; all that follows is elementwise IEEE arithmetic.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from nmpu_aimc.gaussian import gaussian
from nmpu_aimc.pcm import accumulated_sigma, drift_exponent, drifted, programming_sigma
from nmpu_spec.errors import InputError

TILE_ROWS = 256
"""[P] 256 x 256 tile (Khaddam-Aljameh et al., JSSC 2022)."""
MAX_PULSE = 127
"""[P] Pulse widths are a sign and 7 bits of magnitude (ibid.)."""
MAX_TARGET = 1000
"""The largest conductance that is programmed; one unit is a thousandth of g_max (ours)."""
MAX_CONDUCTANCE = 1023
"""What a device can reach when programming overshoots (ours)."""
PHASES = (1, 4)
"""[P] The chip's reads: all at once in 133 ns, or each sign of input and weight by itself in 520 ns (ibid.)."""
_EXACT = 1 << 24
"""Integers up to here are exact in float32."""
_BLOCK = 1 << 17
"""Counters worked on at a time, so that they stay in the cache."""

Pulses = NDArray[np.signedinteger]
Counters = NDArray[np.uint16]


@dataclass(frozen=True)
class Noise:
    """What makes a tile differ from the ideal one; every entry may be 0.

    programming  multiple of the published sigma of the programmed conductances
    seconds      time since programming, with the published drift and 1/f noise of `nmpu_aimc.pcm`; at 0 there are none
    read         sigma of each device in each read, as a fraction of g_max (ours)
    gain         sigma of the ADC gain error per column and branch, clipped at `gain_limit`: [P] 7.09 %, within +-21 %
                 after analog calibration (JSSC 2022)
    offset       sigma of the residual ADC offset per column and branch, in counts (ours)
    """

    programming: float = 1.0
    seconds: float = 0.0
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
    phases       1: P = x+ . G+ + x- . G- and N = x+ . G- + x- . G+ are read at once, with x = x+ - x-; 4: the four
                 products are read one after the other, each with an offset and noise, and two of them counted together
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
    phases: int = 1

    def convert(self, x: Pulses, read: str, first: int = 0) -> tuple[Counters, Counters]:
        """The P and N counters, each (..., vectors, columns), of the pulse widths x (..., vectors, rows), -127 to 127.

        code = floor(gain/lsb * current + offset + 1/2), clipped to 0..max_code, with the currents of `phases` plus
        read noise; independent noise of every device adds up to sigma_read * g_max * sqrt(sum of x**2) in a column.
        The columns beyond the channels have zero conductance. `read` names the stream of the read noise, in which a
        vector's numbers depend on its position alone: `first` is that of the first one. Leading axes share the noise.
        Raises `InputError` for a pulse width out of range.
        """
        low, high = int(x.min(initial=0)), int(x.max(initial=0))
        if low < -MAX_PULSE or high > MAX_PULSE:
            raise InputError(f"tile {self.name}: pulse widths {low} to {high}, must be -{MAX_PULSE} to {MAX_PULSE}")
        stack = x.reshape(-1, *x.shape[-2:])
        columns, channels = self.gain.shape[1], self.targets.shape[1]
        codes = np.empty((*stack.shape[:2], 2, columns), np.uint16)
        # A column without conductance counts its offset, in each read.
        reads = 2 if self.phases == 4 else 1
        codes[..., channels:] = np.clip(np.floor(self.offset[:, channels:] + 0.5), 0, self.max_code) * reads
        step = max(_BLOCK // (2 * channels), 1)
        for start in range(0, stack.shape[1], step):
            block = slice(start, start + step)
            part = stack[:, block]
            noise = self._noise(f"{self.name}/{read}", first + start, part.shape[1])
            for vectors, answer in zip(part, codes[:, block], strict=True):
                answer[..., :channels] = self._count(vectors, noise, signed=low < 0)
        p, n = np.moveaxis(codes, -2, 0).reshape(2, *x.shape[:-1], columns)
        return p, n

    def _noise(self, stream: str, first: int, count: int) -> list[NDArray[np.float32]]:
        """N(0, 1) for each read of a vector, (vectors, 2 * channels); empty where there is none."""
        if not self.noise.read:
            return []
        shape = (count, 2 * self.targets.shape[1])
        names = [stream] if self.phases == 1 else [stream, f"{stream}/reverse"]
        return [gaussian(self.seed, name, shape, first) for name in names]

    def _count(self, x: Pulses, noise: list[NDArray[np.float32]], signed: bool) -> NDArray[np.float32]:
        """The counters (vectors, 2, channels) of one block."""
        kind = self._kernel.dtype
        positive = np.maximum(x, 0).astype(kind) if signed else x.astype(kind)
        negative = np.maximum(-x, 0).astype(kind) if signed else None
        if self.phases == 1:
            current = positive @ self._kernel
            if negative is not None:
                current += negative @ self._reverse
            sums = [(current, positive if negative is None else positive + negative)]
        else:
            if negative is None:
                negative = np.zeros_like(positive)
            sums = [(positive @ self._kernel, positive), (negative @ self._reverse, negative)]
        channels = self.targets.shape[1]
        gain, offset = (self._flat(part) for part in (self.gain / self.lsb, self.offset + 0.5))
        total = np.zeros((len(x), 2 * channels), np.float32)
        for index, (current, pulses) in enumerate(sums):
            counts = current.astype(np.float32, copy=False)
            if noise:
                sigma = np.sqrt(np.einsum("ij,ij->i", pulses, pulses)).astype(np.float32)
                counts += noise[index] * (sigma * np.float32(self.noise.read * MAX_TARGET))[:, np.newaxis]
            counts *= gain
            counts += offset
            np.floor(counts, out=counts)
            total += np.clip(counts, 0, self.max_code, out=counts)
        return np.minimum(total, self.max_code, out=total).reshape(-1, 2, channels)

    def _flat(self, values: NDArray[np.float64]) -> NDArray[np.float32]:
        """Of the channels, P and then N."""
        return values[:, : self.targets.shape[1]].reshape(-1).astype(np.float32)

    @cached_property
    def _kernel(self) -> NDArray[np.floating]:
        """What positive pulses see, (rows, 2 * channels): the devices that count into P, then into N.

        In float32 where no current of a column, of any pulses, is beyond the integers that it holds.
        """
        positive, negative = self.conductance
        exact = MAX_PULSE * (positive + negative).sum(axis=0).max() < _EXACT
        return np.concatenate((positive, negative), axis=1).astype(np.float32 if exact else np.float64)

    @cached_property
    def _reverse(self) -> NDArray[np.floating]:
        """What negative pulses see."""
        positive, negative = np.split(self._kernel, 2, axis=1)
        return np.concatenate((negative, positive), axis=1)


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
    name: str,
    targets: NDArray[np.int64],
    lsb: int,
    *,
    columns: int,
    max_code: int,
    seed: int,
    noise: Noise = TYPICAL,
    phases: int = 1,
) -> Tile:
    """A tile with `targets` programmed into its first columns; `seed` is the chip, the noise is drawn from it.

    Raises `InputError` where the weights do not fit the tile or a device.
    """
    rows, channels = targets.shape
    if rows > TILE_ROWS or channels > columns:
        raise InputError(f"tile {name}: {rows} x {channels} weights, must fit {TILE_ROWS} x {columns}")
    if np.abs(targets).max() > MAX_TARGET:
        raise InputError(f"tile {name}: a weight of {np.abs(targets).max()}, must be at most {MAX_TARGET}")
    if phases not in PHASES:
        raise InputError(f"tile {name}: phases = {phases}, must be one of {PHASES}")

    def normal(stream: str, shape: tuple[int, ...]) -> NDArray[np.float64]:
        return gaussian(seed, f"{name}/{stream}", shape).astype(np.float64)

    spread = np.clip(noise.gain * normal("gain", (2, columns)), -noise.gain_limit, noise.gain_limit)
    offset = noise.offset * normal("offset", (2, columns))
    target = np.stack(pair(targets)) / MAX_TARGET
    conductance = _devices(target, noise, lambda stream: normal(stream, target.shape))
    return Tile(name, seed, noise, targets, conductance, 1 + spread, offset, lsb, max_code, phases)


def _devices(
    target: NDArray[np.float64], noise: Noise, normal: Callable[[str], NDArray[np.float64]]
) -> NDArray[np.float64]:
    """The conductances that are there, in thousandths of g_max; `target` in g / g_max, `normal` draws a stream."""
    g = np.maximum(target + noise.programming * programming_sigma(target) * normal("programming"), 0)
    if noise.seconds:
        later = drifted(g, drift_exponent(target, normal("drift")), noise.seconds)
        g = later * (1 + accumulated_sigma(g, noise.seconds) * normal("1/f"))
    return np.clip(np.floor(g * MAX_TARGET + 0.5), 0, MAX_CONDUCTANCE)
