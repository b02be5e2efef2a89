"""The cover groups of what enters the pipeline: settings, their changes between vectors, and the marks of rx beats."""

from collections.abc import Iterator
from functools import partial
from itertools import permutations

from nmpu_model.program import Layer
from nmpu_spec.config import CODE_BITS, Config
from nmpu_verif.coverage.bins import Bin, CoverGroup

PLACES = ("first", "middle", "last", "only")
"""Of a group in its vector."""
FLAGS = ("relu_1", "relu_2", "rx_on", "rx_signed", "out_signed")
MARKS = ("first", "last", "both")
"""Which of an rx beat's marks are wrong."""


def layer_groups(config: Config) -> list[CoverGroup]:
    """All of them depend on where a group is in its vector, or on two vectors that follow without a bubble."""
    values: dict[str, tuple[int, ...]] = {
        **dict.fromkeys(FLAGS, (0, 1)),
        "out_bits": CODE_BITS,
        "shift": tuple(range(config.most_shift + 1)),
    }
    assigned = tuple(f"{name} {value}" for name, range_ in values.items() for value in range_)
    changes = tuple(f"{name} {a} to {b}" for name in (*FLAGS, "out_bits") for a, b in permutations(values[name], 2))
    missing = partial(_missing, config)
    return [
        CoverGroup("setting", "a group enters with it", {"setting": assigned, "group": PLACES}, missing),
        CoverGroup(
            "change",
            "between two vectors of different banks, the second entering in the clock after the first",
            {"setting": (*changes, "shift up", "shift down")},
        ),
        CoverGroup("misaligned", "marks of an rx beat that are wrong", {"mark": MARKS, "group": PLACES}, missing),
        CoverGroup("push", "a group is pushed in test mode", {"group": PLACES}, missing),
    ]


def place(config: Config, index: int) -> str:
    """Where group `index` is in its vector; one of `PLACES`."""
    if config.groups == 1:
        return "only"
    return "first" if index == 0 else "last" if index == config.groups - 1 else "middle"


def setting_bins(config: Config, layer: Layer, index: int) -> Iterator[Bin]:
    """Group `index` enters with `layer`."""
    for name, value in _settings(layer).items():
        yield "setting", f"{name} {value}", place(config, index)


def change_bins(before: Layer, layer: Layer) -> Iterator[Bin]:
    """`layer` follows `before` without a bubble."""
    old, new = _settings(before), _settings(layer)
    for name in old.keys() & new.keys():
        if old[name] != new[name]:
            up = "up" if new[name] > old[name] else "down"
            yield "change", f"{name} {up if name == 'shift' else f'{old[name]} to {new[name]}'}"


def misaligned_bins(config: Config, marks: int, index: int) -> Iterator[Bin]:
    """An rx beat with `marks` (bit 0: first, bit 1: last) meets group `index`; none where they are right."""
    wrong = marks ^ ((index == 0) | (index == config.groups - 1) << 1)
    if wrong:
        yield "misaligned", MARKS[wrong - 1], place(config, index)


def _settings(layer: Layer) -> dict[str, int]:
    """What `layer` sets; rx_signed says nothing while RX is off."""
    names = [*FLAGS, "out_bits", "shift"]
    if not layer.rx_on:
        names.remove("rx_signed")
    return {name: int(getattr(layer, name)) for name in names}


def _missing(config: Config, *places: str) -> str:
    exist = {place(config, index) for index in range(config.groups)}
    return "" if places[-1] in exist else f"a vector has {config.groups} group{'s' * (config.groups > 1)}"
