"""A strict reader of STIL patterns: text back to what is driven and compared, signal by signal and clock by clock."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from nmpu_verif.stil_syntax import Statement, StilError, read_statements

T = TypeVar("T")

_BLOCKS = {"Header", "Signals", "SignalGroups", "Spec", "Timing", "PatternBurst", "PatternExec", "Pattern"}
_EVENTS = {"In": "DU", "Out": "LHX"}
"""By the direction of a signal: force down, up; compare low, high, nothing."""
_TIME = re.compile(r"'(?:(\w+)\*)?([\d.]+)(ns)?'")

Events = tuple[tuple[float, str], ...]
"""What happens to a signal within a clock: times in ns, rising, and events."""


@dataclass(frozen=True)
class Vector:
    """One clock: the waveform character of every signal that it names, and where it stands."""

    characters: Mapping[str, str]
    label: str | None
    place: str


@dataclass(frozen=True)
class Stil:
    """A pattern, and what its characters mean: `waveforms` maps a signal to its characters, each to its events."""

    directions: Mapping[str, str]
    period: float
    waveforms: Mapping[str, Mapping[str, Events]]
    vectors: Sequence[Vector]


def read_stil(path: Path) -> Stil:
    """The one pattern that `path` executes.

    Raises `StilError` for what is not STIL, for what this reader does not know, and for what contradicts itself: a name
    that is unknown or defined twice, a number of characters that is not the group's, a character without a waveform,
    an event against the signal's direction or after the period, a first vector that leaves a signal open.
    """
    blocks: dict[str, dict[str, Statement]] = {keyword: {} for keyword in _BLOCKS}
    for statement in read_statements(path):
        keyword, *names = statement.words
        _set(_named(blocks, keyword, statement), " ".join(names), statement, statement)
    signals, run = (_only(path, keyword, blocks[keyword].values()) for keyword in ("Signals", "PatternExec"))
    directions: dict[str, str] = {}
    for entry in signals.block:
        name, direction = _words(entry, 2)
        if direction not in _EVENTS:
            raise entry.fail("must be In or Out")
        _set(directions, name, direction, entry)
    groups = _groups(blocks["SignalGroups"], directions)
    chosen: dict[str, str] = {}
    for entry in run.block:
        keyword, name = _words(entry, 2)
        _set(chosen, keyword, name, entry)
    timing, burst = (_named(blocks[part], _named(chosen, part, run), run) for part in ("Timing", "PatternBurst"))
    variables = _category(blocks["Spec"], _named(chosen, "Category", run), run)
    table, period, waveforms = _timing(timing, variables, groups, directions)
    listed = _only(path, "PatList entry", [entry for part in burst.block for entry in part.block])
    vectors = list(_vectors(_named(blocks["Pattern"], _words(listed, 1)[0], listed), table, groups, waveforms))
    if missing := directions.keys() - (vectors[0].characters.keys() if vectors else set()):
        raise StilError(f"{path}: the first vector leaves {min(missing)} open")
    return Stil(directions, period, waveforms, vectors)


def _groups(blocks: Mapping[str, Statement], directions: Mapping[str, str]) -> dict[str, list[str]]:
    """Name to signals, in the order of a vector's characters; a signal is a group of its own."""
    groups = {name: [name] for name in directions}
    for block in blocks.values():
        for entry in block.block:
            name, equals, expression = _words(entry, 3)
            members = [part.strip() for part in expression.strip("'").split("+")]
            signals = [signal for member in members for signal in _named(groups, member, entry)]
            if equals != "=" or len(set(signals)) != len(signals):
                raise entry.fail("must be NAME = 'A + B', each signal once")
            _set(groups, name, signals, entry)
    return groups


def _category(specs: Mapping[str, Statement], category: str, run: Statement) -> dict[str, float]:
    for spec in specs.values():
        for entry in spec.block:
            if entry.words == ("Category", category):
                return {words[0]: _time(entry, words[2], {}) for words in (_words(part, 3) for part in entry.block)}
    raise run.fail(f"category {category} is not defined")


def _timing(
    timing: Statement,
    variables: Mapping[str, float],
    groups: Mapping[str, Sequence[str]],
    directions: Mapping[str, str],
) -> tuple[str, float, dict[str, dict[str, Events]]]:
    """The waveform table's name, its period, and its waveforms."""
    (table,) = timing.block
    period_entry, waveforms_entry = table.block
    period = _time(period_entry, _words(period_entry, 2)[1], variables)
    waveforms: dict[str, dict[str, Events]] = {name: {} for name in directions}
    for entry in waveforms_entry.block:
        for signal in _named(groups, _words(entry, 1)[0], entry):
            for wave in entry.block:
                for position, character in enumerate(_words(wave, 1)[0]):
                    events = tuple(_event(part, position, variables, directions[signal]) for part in wave.block)
                    times = [time for time, _ in events]
                    if times != sorted(set(times)) or times[-1] > period:
                        raise wave.fail("times must rise and stay within the period")
                    _set(waveforms[signal], character, events, wave)
    return _words(table, 2)[1], period, waveforms


def _event(entry: Statement, position: int, variables: Mapping[str, float], direction: str) -> tuple[float, str]:
    """The event of the character at `position` of a list such as ``01 { '0ns' D/U; }``; one event serves all."""
    time, events = _words(entry, 2)
    choices = events.split("/")
    event = choices[0] if len(choices) == 1 else choices[position]
    if event not in _EVENTS[direction]:
        raise entry.fail(f"event {event} is not for a signal of direction {direction}")
    return _time(entry, time, variables), event


def _vectors(
    pattern: Statement,
    table: str,
    groups: Mapping[str, Sequence[str]],
    waveforms: Mapping[str, Mapping[str, Events]],
) -> Iterator[Vector]:
    selected = False
    for statement in pattern.block:
        if statement.words == ("W", table):
            selected = True
            continue
        *labels, keyword = statement.words
        if keyword != "V" or len(labels) > 1 or not selected:
            raise statement.fail("must be a vector, after W")
        characters: dict[str, str] = {}
        for entry in statement.block:
            name, text = _assignment(entry)
            signals = _named(groups, name, entry)
            if len(text) != len(signals):
                raise entry.fail(f"{len(text)} characters for {len(signals)} signals")
            for signal, character in zip(signals, text, strict=True):
                if character not in waveforms[signal]:
                    raise entry.fail(f"{character} has no waveform for {signal}")
                _set(characters, signal, character, entry)
        yield Vector(characters, labels[0].rstrip(":") if labels else None, statement.place)


def _assignment(entry: Statement) -> tuple[str, str]:
    """``name=01LHX`` or ``name=\\r12 0``: the name and all of its characters."""
    name, equals, text = " ".join(entry.words).partition("=")
    repeated = re.fullmatch(r"\\r(\d+) (\w)", text)
    if not equals or not (repeated or re.fullmatch(r"\w+", text)):
        raise entry.fail("must be NAME=characters")
    return name, repeated[2] * int(repeated[1]) if repeated else text


def _time(entry: Statement, text: str, variables: Mapping[str, float]) -> float:
    """``'10ns'`` or ``'name*0.4'`` or ``'name'`` in ns."""
    if (name := text.strip("'")) in variables:
        return variables[name]
    parts = _TIME.fullmatch(text)
    if not parts or bool(parts[1]) == bool(parts[3]):
        raise entry.fail(f"{text} is not a time")
    return float(parts[2]) * (_named(variables, parts[1], entry) if parts[1] else 1)


def _only(path: Path, what: str, found: Collection[Statement]) -> Statement:
    if len(found) != 1:
        raise StilError(f"{path}: {len(found)} times {what}, must be once")
    (statement,) = found
    return statement


def _words(entry: Statement, count: int) -> tuple[str, ...]:
    if len(entry.words) != count:
        raise entry.fail(f"must be {count} words")
    return entry.words


def _named(names: Mapping[str, T], name: str, entry: Statement) -> T:
    if name not in names:
        raise entry.fail(f"{name} is not defined")
    return names[name]


def _set(names: dict[str, T], name: str, value: T, entry: Statement) -> None:
    if name in names:
        raise entry.fail(f"{name} is defined twice")
    names[name] = value
