"""Timing diagrams: traces as WaveJSON, and that as SVG."""

import json
from collections.abc import Sequence
from itertools import groupby

import wavedrom

from nmpu_flow.collateral.traces import Clock, Trace, traces
from nmpu_flow.collateral.unit import CLOCK, Unit

FOLDER = "diagrams"


def diagrams(unit: Unit) -> dict[str, str]:
    """``diagrams/NAME.json`` (WaveJSON, to be edited and rendered again) and ``diagrams/NAME.svg``."""
    files = {}
    for trace in traces(unit.config):
        text = json.dumps(_wave_json(trace), indent=1) + "\n"
        files[f"{FOLDER}/{trace.name}.json"] = text
        files[f"{FOLDER}/{trace.name}.svg"] = wavedrom.render(text).tostring() + "\n"
    return files


def _wave_json(trace: Trace) -> dict[str, object]:
    clocks = _shortened(trace.clocks)
    signals: list[object] = [{"name": CLOCK, "wave": "p" + "".join(".|"[now is None] for now in clocks[1:])}]
    for title, names in (("to the unit", trace.inputs), ("from the unit", trace.outputs), ("", trace.inside)):
        rows = [_row(name, clocks) for name in names]
        if rows:
            signals += [{}, [title, *rows] if title else rows[0]]
    # Behind a gap, the clocks' numbers would be wrong.
    numbers = {} if None in clocks else {"tick": 0}
    return {"signal": signals, "head": {"text": trace.title, **numbers}}


def _shortened(clocks: Sequence[Clock | None]) -> list[Clock | None]:
    """`clocks` with a gap in the place of long runs in which no level changes: many groups only."""
    levels = [now and {name: value for name, value in now.items() if isinstance(value, bool)} for now in clocks]
    found: list[Clock | None] = []
    for same, run in groupby(range(len(clocks)), key=lambda at: levels[at]):
        here = [clocks[at] for at in run]
        found += here if len(here) <= _LONGEST_RUN or same is None else [*here[:_SHOWN], None, *here[-_SHOWN:]]
    return found


_LONGEST_RUN, _SHOWN = 16, 3


def _row(name: str, clocks: Sequence[Clock | None]) -> dict[str, object]:
    wave, data = "", []
    before: object = _NOTHING
    for now in clocks:
        if now is None:
            wave += "|"
            continue
        value = now[name]
        if value == before and type(value) is type(before):
            wave += "."
        elif value is None or isinstance(value, bool):
            wave += {None: "x", False: "0", True: "1"}[value]
        else:
            wave += "="
            data.append(value if isinstance(value, str) else f"0x{value:x}")
        before = value
    return {"name": name, "wave": wave, **({"data": data} if data else {})}


_NOTHING = object()
