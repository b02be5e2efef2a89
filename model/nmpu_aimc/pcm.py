"""What a phase-change device holds some time after it was programmed, by published fits.

All are for the HERMES chip with two devices for each weight, in g / g_max with g_max = 20.7 uS, as the toolkit of IBM
gives them (`aihwkit.inference.noise.hermes.HermesNoiseModel` in aihwkit 1.0; measured by Le Gallo et al., Nature
Electronics 2023, and Khaddam-Aljameh et al., JSSC 2022).
"""

import numpy as np
from numpy.typing import NDArray

Reals = NDArray[np.float64]

_G_MAX = 20.7
_PROGRAMMING = (0.16603222, 4.71806468, -8.48101252, 4.68961419)
_T_0 = 300.0
"""Seconds after programming at which drift starts to be counted."""
_T_READ = 512e-9
_LEAST = 1e-7


def programming_sigma(g: Reals) -> Reals:
    """Sigma of the programmed conductance around its target g."""
    return _polynomial(g, _PROGRAMMING) / _G_MAX


def drift_exponent(g: Reals, normal: Reals) -> Reals:
    """nu of each device, with `normal` drawn from N(0, 1): g(t) = g * ((t + t_0) / t_0)**-nu."""
    logarithm = np.log(np.maximum(g, _LEAST))
    mean = np.where(
        g < 0.0945, np.clip(-0.0387 * logarithm - 0.0182, 0.0720, 0.13), _polynomial(g, (0.0736, -0.0126, -0.0436))
    )
    sigma = np.where(
        g < 0.3055, np.clip(-0.0117 * logarithm - 0.0057, 0.0091, 0.04), _polynomial(g, (0.0073, 0.0093, -0.0118))
    )
    return np.abs(mean + sigma * normal)


def drifted(g: Reals, exponent: Reals, seconds: float) -> Reals:
    """The conductance after `seconds`."""
    return g * ((seconds + _T_0) / _T_0) ** -exponent


def accumulated_sigma(g: Reals, seconds: float) -> Reals:
    """Sigma of the 1/f noise that has come together since programming, relative to the conductance."""
    logarithm = np.log(np.maximum(g, _LEAST))
    q = np.where(
        g < 0.16,
        np.clip(-0.0117 * logarithm - 0.0069, 0.015, 0.04),
        _polynomial(g, (0.0123, 0.0211, -0.0280, 0.0069)),
    )
    return q * np.sqrt(np.log((seconds + _T_0 + _T_READ) / (2 * _T_READ)))


def _polynomial(x: Reals, coefficients: tuple[float, ...]) -> Reals:
    """The first coefficient is the constant."""
    total = np.zeros_like(x)
    for coefficient in reversed(coefficients):
        total = total * x + coefficient
    return total
