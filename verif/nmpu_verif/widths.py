"""What a bit costs: area and clock of a lane while one format is narrower or wider."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

from nmpu_flow.library import Library
from nmpu_spec.config import Config
from nmpu_spec.errors import InputError
from nmpu_spec.formats import Format
from nmpu_verif.lane_cost import lane_cost
from nmpu_verif.netlists import JOBS

BITS = (-2, 2)
"""By how many bits a format is changed."""
_FORMATS = (
    ("adc", "code"),
    ("affine", "scale"),
    ("affine", "offset"),
    ("affine", "corrected"),
    ("norm", "gain"),
    ("norm", "bias"),
    ("residual", "scale"),
)


@dataclass(frozen=True)
class Width:
    """A lane with one format changed by `bits`; the configuration itself has bits = 0 and an empty node.

    small_um2       by the recipe `SMALL`
    fast_um2, period_ns   data path by `FAST`, the rest by `SMALL`, and the longest path from register to register
    """

    node: str
    bits: int
    format: str
    small_um2: float
    fast_um2: float
    period_ns: float


def measure_widths(config: Config, library: Library, progress: Callable[[str, int, int], None]) -> list[Width]:
    """The lane of `config`, then with each format `BITS` narrower and wider, where such a configuration is legal.

    The fraction changes, or the integer part where the fraction is shorter than that. What follows from the format
    follows: derived formats, memories, test registers.
    """
    variants = [("", 0, "", config, library), *((*variant, library) for variant in _variants(config))]
    widths = []
    with ThreadPoolExecutor(JOBS) as pool:
        for width in pool.map(lambda variant: _width(*variant), variants):
            widths.append(width)
            progress("a lane at other widths", len(widths), len(variants))
    return widths


def _width(node: str, bits: int, text: str, config: Config, library: Library) -> Width:
    cost = lane_cost(config, library)
    return Width(node, bits, text, cost.small_um2, cost.fast_um2, cost.period_ns)


def _variants(config: Config) -> Iterator[tuple[str, int, str, Config]]:
    for stage, name in _FORMATS:
        part = getattr(config, stage)
        node: Format = getattr(part, name)
        for bits in BITS:
            in_fraction = node.fraction >= max(map(abs, BITS))
            try:
                changed = (
                    replace(node, fraction=node.fraction + bits)
                    if in_fraction
                    else replace(node, integer=node.integer + bits)
                )
                variant = replace(config, **{stage: replace(part, **{name: changed})})
            except InputError:
                continue
            yield f"{stage}.{name}", bits, str(changed), variant
