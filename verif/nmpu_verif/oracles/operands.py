"""Operands for (x + offset) * multiplier + addend >> shift: ties, the ends of the code, a small range, at random."""

import numpy as np

LIMIT = 1 << 29
"""Operands are from -LIMIT up to below it, which is what 30 bits hold."""
NEAR = range(-2, 3)


def operands(multiplier: int, shift: int, addend: int = 0, offset: int = 0, limit: int = LIMIT) -> list[int]:
    """In order, without repetition, all within +-`limit`; the product's ties where there are any."""
    found = set(range(-300, 301))
    found |= {x + near for x in _ties(multiplier, shift, addend, offset) for near in NEAR}
    found |= {x + near for x in _ends(multiplier, shift, addend, offset) for near in NEAR}
    random = np.random.default_rng([abs(multiplier), shift])
    reach = min(max(300 << shift, 1) // max(abs(multiplier), 1) + 1, limit)
    found |= set(random.integers(-reach, reach, 200).tolist())
    return sorted(x for x in found if -limit <= x < limit)


def _ties(multiplier: int, shift: int, addend: int, offset: int) -> list[int]:
    """The x nearest to zero whose exact result lies half-way between two integers."""
    if shift == 0 or multiplier == 0:
        return []
    twos = (multiplier & -multiplier).bit_length() - 1
    wanted, left_over = divmod((1 << (shift - 1)) - addend, 1 << twos)
    if left_over or twos >= shift:
        return []
    period = 1 << (shift - twos)
    first = wanted * pow(multiplier >> twos, -1, period) % period - offset
    return [first + k * period for k in range(-200, 200)]


def _ends(multiplier: int, shift: int, addend: int, offset: int) -> list[int]:
    """About where the result passes an end of a signed or unsigned code, or zero."""
    if multiplier == 0:
        return []
    return [
        ((2 * end << shift) // 2 - addend) // multiplier - offset for end in (-129, -128, -1, 0, 127, 128, 255, 256)
    ]
