"""The cycle model: what the unit's handshakes do, clock by clock, and how long n vectors take."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import cycle, repeat

from nmpu_spec.config import Config


@dataclass(frozen=True)
class Group:
    """A group on its way through the pipeline."""

    index: int
    last: bool
    rx_on: bool
    bank: int


@dataclass(frozen=True)
class Handshakes:
    """What the unit answers in one clock cycle. `adc_ready`, `rx_ready`, `out_valid` are pins."""

    adc_ready: bool
    rx_ready: bool
    out_valid: bool
    out: Group | None
    """The group that stands on ``out``."""
    issued: bool
    """A group entered the pipeline."""
    counted: str | None
    """The time counter that this cycle adds to, besides ``cycles``; None when neither enabled nor busy."""


@dataclass
class CycleModel:
    """The unit's control, one `step` per clock cycle.

    The pipeline is rigid: a stage never closes the gap to the next one. A sink that does not take a valid beat freezes
    all of it; a missing rx beat freezes the stages up to ``norm`` while the later ones run on.
    """

    config: Config
    _slots: list[Group | None] = field(init=False)
    _index: int = 0
    _bank: int = 0

    def __post_init__(self) -> None:
        self._slots = [None] * self.config.pipeline.latency
        self._norm = self.config.pipeline.registers.index("norm")

    @property
    def in_flight(self) -> bool:
        """A vector is in progress or in the pipeline."""
        return self._index != 0 or any(self._slots)

    def active_bank(self, bank: int) -> int:
        """The bank that the next group uses, while CTRL.bank is `bank`: a vector keeps the one it began with."""
        return self._bank if self._index else bank

    def banks_in_use(self, adc_valid: bool, enable: bool, bank: int) -> set[int]:
        """The banks whose registers are locked."""
        banks = {group.bank for group in self._slots if group}
        if self._index != 0 or (enable and adc_valid):
            banks.add(self.active_bank(bank))
        return banks

    def step(
        self,
        *,
        adc_valid: bool,
        rx_valid: bool,
        out_ready: bool,
        enable: bool = True,
        bank: int = 0,
        rx_on: Sequence[bool] = (False, False),
    ) -> Handshakes:
        """One clock cycle, from the inputs' levels and the registers CTRL.enable, CTRL.bank, bank[b].layer.rx_on."""
        slots, groups = self._slots, self.config.groups
        out, joining = slots[-1], slots[self._norm]
        tail = out is None or out_ready
        wants_rx = joining is not None and joining.rx_on
        head = tail and not (wants_rx and not rx_valid)
        last, current = self._index == groups - 1, self.active_bank(bank)
        open_ = enable or self._index != 0
        issued = head and open_ and adc_valid
        counted = None
        if enable or self.in_flight:
            counted = "busy" if issued else "wait_adc" if head else "wait_rx" if tail else "stall_out"
        answer = Handshakes(head and open_ and last, tail and wants_rx, out is not None, out, issued, counted)

        if tail:
            slots[self._norm + 1 :] = [joining if head else None, *slots[self._norm + 1 : -1]]
        if head:
            entering = Group(self._index, last, rx_on[current], current) if issued else None
            slots[: self._norm + 1] = [entering, *slots[: self._norm]]
        if issued:
            self._bank, self._index = current, (self._index + 1) % groups
        return answer


@dataclass(frozen=True)
class Timing:
    """Clock cycles from the first cycle in which the unit is enabled to the one in which the last code is delivered.

    `cycles` = `busy` + `wait_adc` + `wait_rx` + `stall_out`: the time counters of the register map.
    """

    cycles: int = 0
    busy: int = 0
    wait_adc: int = 0
    wait_rx: int = 0
    stall_out: int = 0


def unstalled(config: Config, vectors: int) -> Timing:
    """`predict` without any stall, in closed form: groups*vectors + latency cycles."""
    busy = vectors * config.groups
    latency = config.pipeline.latency
    return Timing(cycles=busy + latency, busy=busy, wait_adc=latency) if vectors else Timing()


def predict(
    config: Config,
    vectors: int,
    *,
    adc_idle: Iterable[int] = (),
    rx_idle: Iterable[int] | None = None,
    out_ready: Iterable[bool] = (True,),
) -> Timing:
    """The time that `vectors` take.

    adc_idle   cycles for which the source pauses before it offers each vector; 0 where the sequence ends
    rx_idle    the same for each rx beat; None when RX is off
    out_ready  the sink's ready level, clock by clock; repeated when it ends
    """
    unit = CycleModel(config)
    adc = _source(adc_idle, vectors)
    rx = _source(rx_idle or (), vectors * config.groups)
    ready = cycle(out_ready)
    counts = dict.fromkeys(("busy", "wait_adc", "wait_rx", "stall_out"), 0)
    left = vectors * config.groups
    adc_valid, rx_valid = next(adc), next(rx)
    while left:
        sink = next(ready)
        hands = unit.step(adc_valid=adc_valid, rx_valid=rx_valid, out_ready=sink, rx_on=(rx_idle is not None,) * 2)
        if hands.counted:
            counts[hands.counted] += 1
        left -= hands.out_valid and sink
        adc_valid = next(adc) if not adc_valid or hands.adc_ready else adc_valid
        rx_valid = next(rx) if not rx_valid or hands.rx_ready else rx_valid
    return Timing(cycles=sum(counts.values()), **counts)


def _source(idle: Iterable[int], beats: int) -> Iterator[bool]:
    """A source's valid level after each cycle in which it was low or its beat was taken."""
    pauses = iter(idle)
    for _ in range(beats):
        yield from repeat(False, next(pauses, 0))
        yield True
    yield from repeat(False)
