"""What each rounding mode means, on plain integers."""

from enum import StrEnum


class Rounding(StrEnum):
    """How a real number becomes an integer; they differ in the ties only (and FLOOR in everything above the integer).

    The names are not used alike elsewhere; the tie table (-2.5 -1.5 -0.5 0.5 1.5 2.5) settles what is meant.
    """

    FLOOR = "floor"
    """Towards minus infinity: -3 -2 -1 0 1 2."""
    HALF_UP = "half_up"
    """Nearest, ties towards plus infinity: -2 -1 0 1 2 3."""
    HALF_EVEN = "half_even"
    """Nearest, ties to the even neighbour: -2 -2 0 0 2 2."""
    HALF_AWAY = "half_away"
    """Nearest, ties away from zero: -3 -2 -1 1 2 3."""


def round_raw(raw: int, bits: int, rounding: Rounding) -> int:
    """raw / 2**bits, rounded to an integer; `bits` >= 0."""
    quotient, remainder = divmod(raw, 1 << bits)
    twice = 2 * remainder
    if rounding is Rounding.FLOOR or twice < 1 << bits:
        return quotient
    if twice > 1 << bits:
        return quotient + 1
    match rounding:
        case Rounding.HALF_UP:
            return quotient + 1
        case Rounding.HALF_EVEN:
            return quotient + quotient % 2
        case Rounding.HALF_AWAY:
            return quotient + (raw > 0)
