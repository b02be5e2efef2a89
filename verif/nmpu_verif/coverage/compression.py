"""The cover groups of a compression: each tie in each direction, and each edge of the format that it saturates to."""

from collections.abc import Sequence

import numpy as np

from nmpu_spec.compression import Compression
from nmpu_spec.formats import Format
from nmpu_verif.coverage.arrays import Cases, sample
from nmpu_verif.coverage.bins import CoverGroup

REMAINDERS = ("exact", "just below the tie", "tie", "just above the tie")
SIGNS = ("negative", "not negative")
NEIGHBOURS = ("even", "odd")
"""The integer below the number."""
LOST = ("nothing cut off", "ones cut off")
"""What `Compression.cut_before` drops."""
EDGES = (
    "far below",
    "one below",
    "lowest",
    "one above lowest",
    "inside",
    "one below highest",
    "highest",
    "one above",
    "far above",
)


def rounding_group(name: str, compression: Compression, source: Format, target: Format, shifts: int) -> CoverGroup:
    """Ties, for every run-time shift below `shifts`."""

    def excluded(shift: str, remainder: str, sign: str, neighbour: str, lost: str) -> str:
        bits = compression.rounded_bits(source, target) + int(shift)
        cut = compression.cut_before
        if lost == LOST[1] and not cut:
            return "nothing is cut before the rounding"
        if remainder != "exact" and bits == 0:
            return "no bit is rounded"
        if remainder.startswith("just") and bits == 1:
            return "one bit is rounded: next to a tie there are exact numbers only"
        # The number of that kind which is nearest to 0.
        integer = (0 if neighbour == "even" else 1) if sign == SIGNS[1] else (-2 if neighbour == "even" else -1)
        kept = (integer << bits) + _remainders(bits)[REMAINDERS.index(remainder)]
        rest = 0 if lost == LOST[0] else 1 if integer >= 0 else (1 << cut) - 1
        if source.contains((kept << cut) + rest):
            return ""
        return f"{source} holds no such number"

    axes = {
        "shift": tuple(map(str, range(shifts))),
        "remainder": REMAINDERS,
        "sign": SIGNS,
        "neighbour": NEIGHBOURS,
        "cut": LOST,
    }
    return CoverGroup(f"{name}: rounding", f"{compression.rounding}, {source} to {target}", axes, excluded)


def sample_rounding(group: CoverGroup, compression: Compression, bits: int, shift: int, raws: Cases) -> None:
    """`raws` go into the compression, which rounds `bits` bits, the `shift` among them."""
    cut = compression.cut_before
    kept = raws >> cut
    remainder = kept & ((1 << bits) - 1)
    place = np.full(raws.shape, -1)
    for at, value in enumerate(_remainders(bits)):
        # Where few bits are rounded several names mean the same number: the first counts.
        place = np.where((remainder == value) & (place < 0), at, place)
    places = {
        "shift": shift,
        "remainder": place,
        "sign": (raws >= 0).astype(np.int64),
        "neighbour": (kept >> bits) & 1,
        "cut": ((raws & ((1 << cut) - 1)) != 0).astype(np.int64),
    }
    sample(group, places)


def _remainders(bits: int) -> tuple[int, ...]:
    """The numbers that `REMAINDERS` are, of `bits` rounded bits."""
    half = 1 << bits >> 1
    return (0, half - 1, half, half + 1) if bits > 1 else (0, -1, half, -1) if bits else (0, -1, -1, -1)


def range_group(
    name: str, compression: Compression, source: Format, targets: dict[str, Format], ratio: Format | None = None
) -> CoverGroup:
    """Edges of each of `targets`, by name; the rounding is that to `ratio`, by default the only target's."""
    fraction = ratio or next(iter(targets.values()))
    least, most = (compression.round(raw, source, fraction) for raw in (source.min_raw, source.max_raw))

    def excluded(target: str, edge: str) -> str:
        low, high = _bounds(targets[target])[EDGES.index(edge)]
        if low > high:
            return f"{targets[target]} has too few numbers"
        if low <= most and high >= least:
            return ""
        return f"what is compressed lies between {least} and {most}"

    return CoverGroup(f"{name}: range", f"{compression.overflow}", {"format": tuple(targets), "edge": EDGES}, excluded)


def sample_range(group: CoverGroup, target: int, node: Format, rounded: Cases) -> None:
    """`rounded` are exact numbers that must fit `node`, target number `target` of the group."""
    place = np.full(rounded.shape, -1)
    for at, (low, high) in enumerate(_bounds(node)):
        place = np.where((rounded >= low) & (rounded <= high) & (place < 0), at, place)
    sample(group, {"format": target, "edge": place})


def _bounds(node: Format) -> Sequence[tuple[int, int]]:
    """The first and the last number that each of `EDGES` is."""
    low, high, far = node.min_raw, node.max_raw, 1 << 62
    return (
        (-far, low - 2),
        (low - 1, low - 1),
        (low, low),
        (low + 1, low + 1),
        (low + 2, high - 2),
        (high - 1, high - 1),
        (high, high),
        (high + 1, high + 1),
        (high + 2, far),
    )
