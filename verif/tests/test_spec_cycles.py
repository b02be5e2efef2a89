"""The cycle model: what it promises about time, order and banks, for any pattern of stalls."""

from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_spec_config import CONFIGS

from nmpu_spec.config import Config
from nmpu_spec.cycles import CycleModel, Group, Timing, predict, unstalled
from nmpu_spec.half import beside
from nmpu_spec.load import load

TINY = load("tiny")
ONE_GROUP = replace(TINY, lanes=TINY.columns)
SIX_GROUPS = replace(TINY, lanes=1)
HALF = beside(TINY)

pauses = st.lists(st.integers(0, 7), max_size=40)
levels = st.lists(st.booleans(), min_size=1, max_size=30).filter(any)
units = st.sampled_from([ONE_GROUP, TINY, SIX_GROUPS, HALF])
light = settings(max_examples=100, deadline=None, derandomize=True, database=None)


@pytest.mark.parametrize("config", CONFIGS.values(), ids=CONFIGS)
@pytest.mark.parametrize("vectors", [0, 1, 2, 7])
def test_without_stalls_the_closed_form_holds(config: Config, vectors: int) -> None:
    assert predict(config, vectors) == unstalled(config, vectors)
    assert predict(config, vectors, rx_idle=()) == unstalled(config, vectors)


@light
@given(units, st.integers(0, 8), pauses, st.none() | pauses, levels)
def test_time_is_conserved(
    config: Config, vectors: int, adc_idle: list[int], rx_idle: list[int] | None, out_ready: list[bool]
) -> None:
    time = predict(config, vectors, adc_idle=adc_idle, rx_idle=rx_idle, out_ready=out_ready)
    assert time.cycles == time.busy + time.wait_adc + time.wait_rx + time.stall_out
    assert time.busy == vectors * config.groups
    assert min(vars(time).values()) >= 0
    if rx_idle is None:
        assert time.wait_rx == 0
    if all(out_ready):
        assert time.stall_out == 0


@light
@given(units, st.integers(1, 8), pauses, st.none() | pauses, levels)
def test_nobody_is_faster_than_the_slowest(
    config: Config, vectors: int, adc_idle: list[int], rx_idle: list[int] | None, out_ready: list[bool]
) -> None:
    time = predict(config, vectors, adc_idle=adc_idle, rx_idle=rx_idle, out_ready=out_ready)
    beats = vectors * config.groups
    assert time.cycles >= unstalled(config, vectors).cycles
    assert time.cycles >= sum(adc_idle[:vectors]) + vectors
    assert time.cycles >= sum((rx_idle or [])[:beats]) + (beats if rx_idle is not None else 0)
    # The sink takes at most one beat in a cycle in which it is ready.
    assert sum((out_ready * time.cycles)[: time.cycles]) >= beats


@pytest.mark.parametrize("idle", [1, 3, 10])
def test_pauses_before_the_first_vector_only_delay(idle: int) -> None:
    plain = unstalled(TINY, 5)
    assert predict(TINY, 5, adc_idle=[idle]) == replace(
        plain, cycles=plain.cycles + idle, wait_adc=plain.wait_adc + idle
    )


@pytest.mark.parametrize("vectors", [1, 4])
def test_a_sink_of_every_other_cycle_halves_the_speed(vectors: int) -> None:
    """The beats leave one for every two cycles, in the first or the second of them."""
    for out_ready in ([True, False], [False, True]):
        time = predict(TINY, vectors, out_ready=out_ready)
        first = time.cycles - (2 * (vectors * TINY.groups - 1) + 1)
        assert first in (TINY.pipeline.latency, TINY.pipeline.latency + 1)


@dataclass
class Recorder:
    """Drives a `CycleModel` and notes which groups go in and come out, with the clock cycle."""

    unit: CycleModel
    clock: int = 0
    entered: list[int] = field(default_factory=list)
    left: list[tuple[int, Group]] = field(default_factory=list)
    rx_beats: int = 0
    vectors_taken: int = 0
    banks: list[int] = field(default_factory=list)
    """The bank of every group that entered."""

    def step(
        self,
        adc: bool,
        rx: bool,
        out: bool,
        enable: bool = True,
        bank: int = 0,
        rx_on: tuple[bool, bool] = (True, False),
    ) -> None:
        active = self.unit.active_bank(bank)
        hands = self.unit.step(adc_valid=adc, rx_valid=rx, out_ready=out, enable=enable, bank=bank, rx_on=rx_on)
        assert hands.out_valid == (hands.out is not None)
        assert not (hands.adc_ready and adc and not hands.issued)
        if hands.issued:
            self.entered.append(self.clock)
            self.banks.append(active)
        if hands.out is not None and out:
            self.left.append((self.clock, hands.out))
        self.rx_beats += hands.rx_ready and rx
        self.vectors_taken += hands.adc_ready and adc
        self.clock += 1


inputs = st.lists(
    st.tuples(st.booleans(), st.booleans(), st.booleans(), st.booleans(), st.integers(0, 1)), min_size=20, max_size=150
)


def drive(config: Config, beats: list[tuple[bool, bool, bool, bool, int]]) -> Recorder:
    recorder = Recorder(CycleModel(config))
    for adc, rx, out, enable, bank in beats:
        recorder.step(adc, rx, out, enable, bank)
    # Finish the vector that is in progress, and empty the pipeline.
    for _ in range(config.groups + config.pipeline.latency):
        recorder.step(True, True, True, enable=False)
    assert not recorder.unit.in_flight
    return recorder


@light
@given(units, inputs)
def test_every_group_once_and_in_order(config: Config, beats: list[tuple[bool, bool, bool, bool, int]]) -> None:
    recorder = drive(config, beats)
    groups = [group for _, group in recorder.left]
    assert len(groups) == len(recorder.entered) == recorder.vectors_taken * config.groups
    assert [group.index for group in groups] == list(range(config.groups)) * recorder.vectors_taken
    assert [group.last for group in groups] == [group.index == config.groups - 1 for group in groups]
    assert recorder.rx_beats == sum(group.rx_on for group in groups)
    for entered, (left, _) in zip(recorder.entered, recorder.left, strict=True):
        assert left - entered >= config.pipeline.latency


@light
@given(units, inputs)
def test_the_bank_changes_between_vectors_only(config: Config, beats: list[tuple[bool, bool, bool, bool, int]]) -> None:
    groups = [group for _, group in drive(config, beats).left]
    for start in range(0, len(groups), config.groups):
        vector = groups[start : start + config.groups]
        assert len({(group.bank, group.rx_on) for group in vector}) == 1
    assert all(group.rx_on == (group.bank == 0) for group in groups)


@light
@given(units, inputs)
def test_a_vector_takes_the_bank_that_is_asked_for_as_it_begins(
    config: Config, beats: list[tuple[bool, bool, bool, bool, int]]
) -> None:
    recorder = Recorder(CycleModel(config))
    for beat in beats:
        before = len(recorder.entered)
        recorder.step(*beat)
        if len(recorder.entered) > before and before % config.groups == 0:
            assert recorder.banks[-1] == beat[-1]


@light
@given(units, inputs)
def test_a_bank_in_the_pipeline_is_locked(config: Config, beats: list[tuple[bool, bool, bool, bool, int]]) -> None:
    """Until its last group has left, a bank is in use; a bank of which no group is inside is not."""
    recorder = Recorder(CycleModel(config))
    for adc, rx, out, enable, bank in beats:
        before = len(recorder.left)
        used = recorder.unit.banks_in_use(adc, enable, bank)
        inside = set(recorder.banks[before:])
        assert inside <= used
        # More only where a vector is about to enter.
        assert used <= inside | {recorder.unit.active_bank(bank)}
        recorder.step(adc, rx, out, enable, bank)


def test_a_requested_bank_is_taken_by_the_next_vector() -> None:
    recorder = Recorder(CycleModel(SIX_GROUPS))
    requests = [1, 0, 0, 1, 0, 0, *[0, 1, 1, 1, 1, 1], *[1, 1, 1, 1, 1, 0]]
    for bank in requests:
        recorder.step(adc=True, rx=True, out=True, bank=bank)
    assert recorder.banks == [1] * 6 + [0] * 6 + [1] * 6


def test_disabled_finishes_the_vector_and_takes_no_other() -> None:
    recorder = Recorder(CycleModel(SIX_GROUPS))
    recorder.step(adc=True, rx=True, out=True)
    for _ in range(30):
        recorder.step(adc=True, rx=True, out=True, enable=False)
    assert recorder.vectors_taken == 1
    assert len(recorder.left) == SIX_GROUPS.groups


def test_nothing_moves_and_nothing_counts_while_disabled_and_empty() -> None:
    unit = CycleModel(TINY)
    for _ in range(5):
        hands = unit.step(adc_valid=True, rx_valid=True, out_ready=True, enable=False)
        assert (hands.adc_ready, hands.rx_ready, hands.out_valid, hands.counted) == (False, False, False, None)
    assert not unit.in_flight


def test_latency_is_one_cycle_for_each_register() -> None:
    recorder = Recorder(CycleModel(TINY))
    for _ in range(20):
        recorder.step(adc=True, rx=True, out=True)
    assert {left - entered for entered, (left, _) in zip(recorder.entered, recorder.left, strict=False)} == {
        TINY.pipeline.latency
    }


def test_no_vectors_take_no_time() -> None:
    assert predict(TINY, 0, adc_idle=[3], rx_idle=[3], out_ready=[False]) == Timing()


def test_rx_is_off_where_nothing_is_said() -> None:
    """A group that waits for no rx beat passes without one, in either bank."""
    for bank in range(2):
        unit = CycleModel(ONE_GROUP)
        answers = [
            unit.step(adc_valid=clock == 0, rx_valid=False, out_ready=True, bank=bank)
            for clock in range(ONE_GROUP.pipeline.latency + 1)
        ]
        assert [answer.out_valid for answer in answers].index(True) == ONE_GROUP.pipeline.latency
        assert not any(answer.rx_ready for answer in answers)
