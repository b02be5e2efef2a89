"""The format points of the study: each format alone, then the ones that cost most together."""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from nmpu_spec.config import Config
from nmpu_spec.errors import InputError
from nmpu_spec.load import from_dict
from nmpu_spec.rounding import Rounding

BASE = Path(__file__).with_name("base.toml")
"""The configuration around which the presets' formats were looked for."""
Choice = Mapping[str, str | int]
"""Keys of a configuration, ``affine.scale``, and what they are set to."""

PUBLISHED: Choice = {"affine.scale": "U1.7", "affine.offset": "S7.1"}
"""The formats of Ferro et al., arXiv 2402.07549; the paper gives no others."""

_ROUNDINGS = tuple(map(str, Rounding))
ALONE: Mapping[str, Sequence[str | int]] = {
    "affine.scale": (*(f"U1.{bits}" for bits in range(3, 11)), "U0.7", "U2.7"),
    "affine.offset": (*(f"S{bits}.1" for bits in range(4, 9)), *(f"S7.{bits}" for bits in range(4))),
    "affine.corrected": (*(f"S{bits}.1" for bits in range(10, 15)), *(f"S13.{bits}" for bits in range(6))),
    "norm.gain": (*(f"S2.{bits}" for bits in range(4, 13)), "S1.10", "S3.10"),
    "norm.bias": (*(f"S{bits}.6" for bits in range(9, 15)), *(f"S14.{bits}" for bits in range(9))),
    "residual.scale": (*(f"U7.{bits}" for bits in range(3, 10)), *(f"U{bits}.5" for bits in range(3, 7))),
    "affine.rounding": _ROUNDINGS,
    "affine.cut_before": tuple(range(7)),
    "affine.cut_after": tuple(range(7)),
    "output.rounding": _ROUNDINGS,
    "output.cut_before": (0, 2, 4, 6, 8, 10, 11),
    "output.cut_after": (0, 1, 2, 4),
}
"""What each key is set to while the others keep the configuration's value."""
TOGETHER: Mapping[str, Sequence[str | int]] = {
    "affine.scale": ("U1.6", "U1.7", "U1.8"),
    "affine.corrected": ("S11.1", "S12.1"),
    "norm.gain": ("S2.7", "S2.8", "S2.9"),
    "norm.bias": ("S12.3", "S12.4", "S12.5"),
    "residual.scale": ("U5.6", "U5.7"),
}
"""Every combination of these: the operands of the multipliers and of the additions behind them."""


@dataclass(frozen=True)
class Point:
    """A configuration of the study.

    name        what differs from the configuration that the study is around, ``affine.scale=U1.5``; itself: ``base``
    changes     how many keys that are
    published   the base with the published formats
    """

    name: str
    changes: int
    published: bool
    config: Config

    @cached_property
    def formats(self) -> dict[str, str]:
        """What the keys of the study are in this point."""
        return formats(self.config)


def points(base: Config) -> list[Point]:
    """The points around `base`: the published one, the base, each of `ALONE`, both roundings together, `TOGETHER`.

    The order is always the same and no configuration is there twice. What a configuration cannot be is left out.
    """
    found: dict[str, Point] = {}
    published = _with(base, PUBLISHED)
    own = formats(base)
    for choice in _choices():
        try:
            config = _with(base, choice)
        except InputError:  # such as a corrected code with more fraction bits than the sum before it
            continue
        changed = [f"{key}={value}" for key, value in formats(config).items() if value != own[key]]
        point = Point(" ".join(changed) or "base", len(changed), config == published, config)
        found.setdefault(config.hash, point)
    return list(found.values())


def formats(config: Config) -> dict[str, str]:
    """What each key of `ALONE` is in `config`."""
    entries: Any = config.as_dict()
    return {key: str(entries[section][name]) for key in ALONE for section, name in [key.split(".")]}


def _choices() -> Iterator[Choice]:
    yield PUBLISHED
    yield {}
    for key, values in ALONE.items():
        yield from ({key: value} for value in values)
    for of_affine, of_output in itertools.product(_ROUNDINGS, _ROUNDINGS):
        yield {"affine.rounding": of_affine, "output.rounding": of_output}
    for values in itertools.product(*TOGETHER.values()):
        yield dict(zip(TOGETHER, values, strict=True))


def _with(base: Config, choice: Choice) -> Config:
    entries: Any = deepcopy(base.as_dict())
    for key, value in choice.items():
        section, name = key.split(".")
        entries[section][name] = value
    return from_dict(entries, base.name)
