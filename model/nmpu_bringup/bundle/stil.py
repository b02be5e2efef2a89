"""Pin patterns as STIL (IEEE 1450-1999), for a tester's translator.

Waveform characters: ``0`` ``1`` drive an input, ``P`` is one pulse of the clock, ``L`` ``H`` compare an output, ``X``
does not look. One vector is one clock: inputs change at its start, outputs are strobed shortly before the clock rises
in the middle, and the rising edge takes what was driven. So an input has half a period of set-up and of hold.
"""

import re
import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from nmpu_bringup.bundle.pins import CLOCK, Pin

PERIOD = "100ns"
"""The default of the variable ``period``, in which every time is expressed."""


@dataclass(frozen=True)
class Clock:
    """One clock: for each pin but `CLOCK` its characters, highest bit first; `label` marks the place in the pattern."""

    characters: Mapping[str, str]
    label: str | None = None


def setup(pins: Sequence[Pin], header: str) -> bytes:
    """``setup.stil``: signals, groups, the clock period, and the timing."""
    inputs = [pin.name for pin in pins if pin.driven and pin.name != CLOCK]
    outputs = [pin.name for pin in pins if not pin.driven]
    lines = [
        "STIL 1.0;",
        f"Ann {{* {header} *}}",
        "Signals {",
        *(f"  {signal} {'In' if pin.driven else 'Out'};" for pin in pins for signal in pin.signals),
        "}",
        "SignalGroups {",
        *(line for pin in pins if pin.width > 1 for line in _group(pin.name, pin.signals)),
        *_group("inputs", inputs),
        *_group("outputs", outputs),
        "}",
        "// The clock period of the pattern: the one number to change. Every other time follows from it.",
        "Spec nmpu {",
        f"  Category bench {{ period = '{PERIOD}'; }}",
        "}",
        "Timing nmpu {",
        "  WaveformTable clocked {",
        "    Period 'period';",
        "    Waveforms {",
        f"      {CLOCK} {{ P {{ '0ns' D; 'period*0.5' U; 'period*0.75' D; }} }}",
        "      inputs { 01 { '0ns' D/U; } }",
        "      outputs { LHX { '0ns' X; 'period*0.4' L/H/X; } }",
        "    }",
        "  }",
        "}",
    ]
    return _text(lines)


def pattern(clocks: Iterable[Clock], place: str, header: str) -> bytes:
    """``pins.stil`` of the case in the folder `place`; it includes ``../../setup.stil``."""
    name = re.sub(r"\W", "_", place)
    lines = [
        "STIL 1.0;",
        "Header {",
        f'  Title "{place}";',
        f'  Source "{header}";',
        "}",
        'Include "../../setup.stil";',
        f"PatternBurst {name}_burst {{ PatList {{ {name}; }} }}",
        f"PatternExec {name}_exec {{ Category bench; Timing nmpu; PatternBurst {name}_burst; }}",
        f"Pattern {name} {{",
        "  W clocked;",
        *_vectors(clocks),
        "}",
    ]
    return _text(lines)


def _vectors(clocks: Iterable[Clock]) -> Iterator[str]:
    """One vector per clock, with what changes: STIL keeps the last character of what a vector does not name.

    The clock's pulse is always named, since a vector of nothing at all is where readers go wrong.
    """
    last: dict[str, str] = {}
    for clock in clocks:
        changed = {name: text for name, text in clock.characters.items() if last.get(name) != text}
        last |= changed
        label = f"{clock.label}: " if clock.label else ""
        named = {CLOCK: "P", **changed}
        yield f"  {label}V {{ {' '.join(f'{name}={_data(text)};' for name, text in named.items())} }}"


def _data(characters: str) -> str:
    """The characters of a group, as a repetition where they are all the same."""
    alike = len(characters) > 1 and len(set(characters)) == 1
    return f"\\r{len(characters)} {characters[0]}" if alike else characters


def _group(name: str, members: Sequence[str]) -> Iterator[str]:
    yield f"  {name} ="
    *rows, last = textwrap.wrap(f"'{' + '.join(members)}'", 112)
    yield from (f"    {row}" for row in rows)
    yield f"    {last};"


def _text(lines: Iterable[str]) -> bytes:
    return "".join(f"{line}\n" for line in lines).encode()
