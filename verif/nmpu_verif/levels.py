"""Streams that are played clock by clock, to bring the unit into any state that it can be in."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, repeat

from nmpu_model.stimulus import integers
from nmpu_spec.config import Config
from nmpu_verif.coverage.moment import Moment, State
from nmpu_verif.coverage.reachable import explore
from nmpu_verif.streams import Source

LONG_PIPELINE = 8
"""With more registers there are too many states to visit each."""


@dataclass(frozen=True)
class Levels:
    """What the streams' other ends show in one clock."""

    adc_valid: bool
    rx_valid: bool
    out_ready: bool


IDLE = Levels(False, False, True)


class Played(Source):
    """A source that offers by a script, and all it has where that ends."""

    def __init__(self) -> None:
        super().__init__()
        self._script: Iterator[bool] = repeat(True)

    def play(self, script: Iterable[bool]) -> None:
        """From the next clock on."""
        self._script = chain(script, repeat(True))

    def clear(self) -> None:
        super().clear()
        self._script = repeat(True)

    def offer(self) -> int | None:
        offered = super().offer()
        return offered if next(self._script) else None


Walk = list[Levels]
Look = Callable[[Moment, State], tuple[str, ...]]


def walks(config: Config, look: Look, seed: int) -> list[Walk]:
    """From the enabled, empty unit a shortest walk to each thing that `look` can say of a clock and the state after it.

    Every group wants rx, and an offer is made in the clock in which it is taken. Where the pipeline is long: walks of
    every length at random levels.
    """
    if config.pipeline.latency > LONG_PIPELINE:
        return [_random(seed, f"walk/{clocks}", clocks) for clocks in range(1, config.pipeline.latency + config.groups)]
    edges = _edges(config)
    found: dict[tuple[str, ...], Walk] = {}
    for levels, moment, after, walk in _breadth_first(edges, _empty(config)):
        found.setdefault(look(moment, after), [*walk, levels])
    return list(found.values())


def tour(config: Config, seed: int) -> Walk:
    """One walk through every state of the pipeline's registers with everything that a clock can be counted as."""
    if config.pipeline.latency > LONG_PIPELINE:
        return _random(seed, "tour", 64 * config.pipeline.latency)
    edges, state = _edges(config), _empty(config)
    left = {_registers(moment) for _, moment, _, _ in _breadth_first(edges, state)}
    walk: Walk = []
    while left:
        for levels, moment, after, before in _breadth_first(edges, state):
            if _registers(moment) in left:
                walk += [*before, levels]
                state = after
                break
        left.discard(_registers(moment))
    return walk


_Edges = dict[State, list[tuple[Levels, Moment, State]]]


def _edges(config: Config) -> _Edges:
    """The clocks with one bank, RX on, and every offer taken at once."""
    edges: _Edges = {}
    for moment, after in explore(config):
        hands, state = moment.hands, moment.state
        groups = [group for group in (*state.slots, *after.slots) if group]
        plain = all(group.rx_on and group.bank == 0 for group in groups) and after.bank == 0
        taken = moment.adc_valid == hands.issued or state.index != 0
        if plain and taken and hands.counted and moment.rx_valid <= hands.rx_ready:
            levels = Levels(moment.adc_valid, moment.rx_valid, moment.out_ready)
            edges.setdefault(state, []).append((levels, moment, after))
    return edges


def _breadth_first(edges: _Edges, start: State) -> Iterator[tuple[Levels, Moment, State, Walk]]:
    """Every edge that can be reached, nearest first, with the walk to it."""
    border: deque[tuple[State, Walk]] = deque([(start, [])])
    seen = {start}
    while border:
        state, walk = border.popleft()
        for levels, moment, after in edges[state]:
            yield levels, moment, after, walk
            if after not in seen:
                seen.add(after)
                border.append((after, [*walk, levels]))


def _empty(config: Config) -> State:
    return State((None,) * config.pipeline.latency, 0, 0)


def _registers(moment: Moment) -> tuple[str, str]:
    return moment.state.occupancy, moment.activity


def _random(seed: int, stream: str, clocks: int) -> Walk:
    draws: Sequence[Sequence[int]] = integers(seed, stream, 0, 3, (clocks, 3)).tolist()
    return [Levels(*(draw > 0 for draw in row)) for row in draws]
