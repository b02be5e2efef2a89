"""The cover groups of the unit's control, and how a clock is looked at for them.

Whether a bin of the pipeline, its stalls and its phases can happen is not judged here: `explore` tries everything that
the unit's surroundings can do.
"""

from collections.abc import Iterator
from functools import lru_cache, partial
from itertools import product

from nmpu_spec.config import Config
from nmpu_verif.coverage.bins import Bin, CoverGroup
from nmpu_verif.coverage.moment import ACTIVITIES, BANKS_HELD, PHASES, Moment, State
from nmpu_verif.coverage.reachable import explore


def pipeline_groups(config: Config) -> list[CoverGroup]:
    """What the streams and the pipeline do, and what the bus and the reset do to them, outside of test mode."""
    occupied = tuple("".join(marks) for marks in product(".#", repeat=config.pipeline.latency))
    levels = {
        "adc": ("idle", "offered"),
        "rx": ("not wanted", "missing", "there"),
        "out": ("empty", "refused", "taken"),
    }
    groups: tuple[tuple[str, str, dict[str, tuple[str, ...]]], ...] = (
        (
            "pipeline",
            "which registers hold a group, and what the clock is counted as",
            {"registers": occupied, "clock": ACTIVITIES},
        ),
        ("streams", "the levels of each stream", levels),
        ("banks", "banks of the groups in the pipeline", {"banks": BANKS_HELD, "clock": ACTIVITIES}),
        ("swap", "CTRL.bank changes", {"phase": PHASES, "banks": BANKS_HELD}),
        ("disable", "CTRL.enable is cleared", {"phase": PHASES}),
        ("clear", "the counters are cleared", {"phase": PHASES, "clock": ACTIVITIES}),
        ("reset", "reset, and what the clock before it is counted as", {"phase": PHASES, "clock": ACTIVITIES}),
    )
    return [CoverGroup(name, what, axes, partial(_unreachable, config, name)) for name, what, axes in groups]


def every_clock(moment: Moment) -> Iterator[tuple[str, ...]]:
    """Group and bin of what any clock is looked at for."""
    hands = moment.hands
    rx = ("there" if moment.rx_valid else "missing") if moment.wants_rx else "not wanted"
    out = ("taken" if moment.out_ready else "refused") if hands.out_valid else "empty"
    yield "pipeline", moment.state.occupancy, moment.activity
    yield "streams", "offered" if moment.adc_valid else "idle", rx, out
    yield "banks", moment.state.banks, moment.activity


def on_swap(config: Config, moment: Moment) -> Bin:
    return "swap", moment.state.phase(config.groups), moment.state.banks


def on_disable(config: Config, moment: Moment) -> Bin:
    return "disable", moment.state.phase(config.groups)


def on_clear(config: Config, moment: Moment) -> Bin:
    return "clear", moment.state.phase(config.groups), moment.activity


def on_reset(config: Config, moment: Moment, after: State) -> Bin:
    return "reset", after.phase(config.groups), moment.activity


@lru_cache(maxsize=4)
def _reachable(config: Config) -> tuple[frozenset[Bin], int]:
    """Every bin that a clock can hit, were the bus or the reset to act in it, and the number of states."""
    found: set[Bin] = set()
    states = set()
    for moment, after in explore(config):
        states.add(moment.state)
        found.update(every_clock(moment))
        if moment.hands.counted:  # otherwise CTRL.enable is not set
            found.add(on_disable(config, moment))
        found |= {on_swap(config, moment), on_clear(config, moment), on_reset(config, moment, after)}
    return frozenset(found), len(states)


def _unreachable(config: Config, group: str, *places: str) -> str:
    found, states = _reachable(config)
    if (group, *places) in found:
        return ""
    return f"no inputs lead there: all {states:,} states of the cycle model are searched"
