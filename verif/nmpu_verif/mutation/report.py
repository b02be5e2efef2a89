"""The matrix as JSON, Markdown and HTML, and what it says as rows of evidence."""

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from html import escape
from pathlib import Path

from nmpu_verif.evidence import Evidence, Outcome
from nmpu_verif.mutation.matrix import Fate, Row

COUNTED = (Fate.KILLED, Fate.EQUIVALENT, Fate.EXPLAINED, Fate.SURVIVOR)
HEADING = ("place", "mutants", *map(str, COUNTED), "no program")

_STYLE = """
body { font: 14px sans-serif; margin: 2em } table { border-collapse: collapse; margin: 1em 0 }
td, th { border: 1px solid #ccc; padding: 2px 6px; text-align: left; vertical-align: top }
code { font-size: 12px } .killed { background: #cfc } .survived { background: #eee } .survivor { background: #f99 }
.equivalent, .explained { background: #cdf }
"""


def tally(rows: Iterable[Row], key: str) -> list[tuple[str, ...]]:
    """A line under `HEADING` for each value of the rows' attribute `key`, and their sum."""
    groups: dict[str, Counter[Fate]] = {}
    for row in rows:
        groups.setdefault(f"{row.kind}/{getattr(row, key)}", Counter())[row.fate] += 1
    groups["all"] = sum(groups.values(), Counter())
    return [_line(name, counts) for name, counts in groups.items()]


def _line(name: str, counts: Counter[Fate]) -> tuple[str, ...]:
    return (
        name,
        str(sum(counts[fate] for fate in COUNTED)),
        *(str(counts[fate]) for fate in COUNTED),
        str(counts[Fate.INVALID]),
    )


def evidence(rows: Sequence[Row], tool: str) -> list[Evidence]:
    """A row for each mutated module."""
    found = []
    for kind, module in dict.fromkeys((row.kind, row.module) for row in rows):
        here = [row for row in rows if (row.kind, row.module) == (kind, module)]
        counts = Counter(row.fate for row in here)
        survivors = [row.name for row in here if row.fate is Fate.SURVIVOR]
        said = [f"{counts[fate]} {fate}" for fate in COUNTED if counts[fate]]
        found.append(
            Evidence(
                claim=f"{kind}/{module}: every fault is found by the tests, or changes nothing",
                method="mutants made by tool, against the tests that CI runs",
                bound=f"{sum(counts[fate] for fate in COUNTED)} mutants",
                tool=tool,
                seconds=sum(row.seconds for row in here),
                outcome=Outcome.FAILED if survivors else Outcome.PASSED,
                note=f"{', '.join(said)}{': ' if survivors else ''}{', '.join(survivors)}",
            )
        )
    return found


def write(rows: Sequence[Row], killers: Sequence[str], folder: Path, kind: str) -> list[Path]:
    """``<kind>.json``, ``.md`` and ``.html`` in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    texts = {
        f"{kind}.json": json.dumps([asdict(row) for row in rows], indent=1) + "\n",
        f"{kind}.md": _markdown(rows, killers),
        f"{kind}.html": _html(rows, killers),
    }
    for name, text in texts.items():
        (folder / name).write_text(text, "utf-8")
    return [folder / name for name in texts]


def _tables(rows: Sequence[Row], killers: Sequence[str]) -> list[tuple[str, tuple[str, ...], list[tuple[str, ...]]]]:
    """Title, heading and lines: the tallies, what is not killed, and the matrix."""
    alive = [row for row in rows if row.fate in (Fate.EQUIVALENT, Fate.EXPLAINED, Fate.SURVIVOR)]
    open_: list[tuple[str, ...]] = [
        (row.name, str(row.line), row.before, row.after, str(row.fate), row.said) for row in alive
    ]
    matrix: list[tuple[str, ...]] = [
        (row.name, *(row.tried.get(killer, "") for killer in killers), str(row.fate), row.said) for row in rows
    ]
    return [
        ("By module", HEADING, tally(rows, "module")),
        ("By operator", HEADING, tally(rows, "operator")),
        ("Not killed", ("mutant", "line", "before", "after", "fate", "why"), open_),
        ("Matrix (empty: not needed)", ("mutant", *killers, "fate", "what was found"), matrix),
    ]


def _markdown(rows: Sequence[Row], killers: Sequence[str]) -> str:
    lines = ["# Mutants and what kills them", ""]
    for title, heading, body in _tables(rows, killers):
        lines += [f"## {title}", ""]
        for line in (heading, ("---",) * len(heading), *body):
            lines.append("| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in line) + " |")
        lines.append("")
    return "\n".join(lines)


def _html(rows: Sequence[Row], killers: Sequence[str]) -> str:
    parts = [f"<!doctype html><meta charset=utf-8><title>Mutants</title><style>{_STYLE}</style>"]
    parts.append("<h1>Mutants and what kills them</h1>")
    for title, heading, body in _tables(rows, killers):
        parts.append(f"<h2>{escape(title)}</h2><table><tr>")
        parts += [f"<th>{escape(name)}</th>" for name in heading]
        for line in body:
            parts.append("</tr><tr>")
            parts += [f'<td class="{escape(cell) if " " not in cell else ""}">{escape(cell)}</td>' for cell in line]
        parts.append("</tr></table>")
    return "\n".join(parts) + "\n"
