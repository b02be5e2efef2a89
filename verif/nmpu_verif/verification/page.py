"""The page as Markdown and as HTML, and its rows as JSON."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from html import escape
from pathlib import Path

from nmpu_verif.evidence import HEADING, Evidence, cells
from nmpu_verif.verification.section import Section

_STYLE = """
body { font: 15px/1.45 system-ui, sans-serif; margin: 2em auto; max-width: 80em; padding: 0 1em; color: #1c2430; }
table { border-collapse: collapse; width: 100%; margin: 0.5em 0 2em; font-size: 13px; }
th, td { border: 1px solid #d4dae3; padding: 0.3em 0.6em; text-align: left; vertical-align: top; }
td { overflow-wrap: break-word; min-width: 4em; }
th { background: #f1f4f8; position: sticky; top: 0; }
td.s { text-align: right; white-space: nowrap; }
.proven, .passed { background: #e6f5ea; }
.failed, .open, .problem { background: #fbe3e1; }
.not.run { background: #fdf3d8; }
code { background: #f1f4f8; padding: 0.1em 0.3em; }
summary { cursor: pointer; font-size: 1.15em; font-weight: 600; margin-top: 0.6em; }
"""


def write_page(title: str, facts: Sequence[str], sections: Sequence[Section], folder: Path) -> list[Path]:
    """Write ``index.html``, ``verification.md`` and ``verification.json`` to `folder`; returns the paths.

    `facts` are lines for the top, such as what was looked at and with which versions.
    """
    folder.mkdir(parents=True, exist_ok=True)
    texts = {
        "index.html": _html(title, facts, sections),
        "verification.md": _markdown(title, facts, sections),
        "verification.json": json.dumps([asdict(section) for section in sections], indent=1) + "\n",
    }
    for name, text in texts.items():
        (folder / name).write_text(text, "utf-8")
    return [folder / name for name in texts]


def _markdown(title: str, facts: Sequence[str], sections: Sequence[Section]) -> str:
    lines = [f"# {title}", "", *(f"- {fact}" for fact in facts), ""]
    lines += _table(("part", "what came of it", "s", "again"), map(_summary, sections))
    for section in sections:
        lines += [f"## {section.title}", "", f"`{section.command}`", ""]
        if section.problem:
            lines += [f"**{section.problem}**", ""]
        lines += _table(HEADING, map(cells, section.rows))
    return "\n".join(lines)


def _summary(section: Section) -> tuple[str, ...]:
    return section.title, section.problem or section.counts, f"{section.seconds:.0f}", f"`{section.command}`"


def _table(heading: Sequence[str], rows: "map[tuple[str, ...]]") -> list[str]:
    lines = [heading, ["---"] * len(heading), *rows]
    return [f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |" for line in lines] + [""]


def _html(title: str, facts: Sequence[str], sections: Sequence[Section]) -> str:
    parts = [
        f'<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n<title>{escape(title)}</title>',
        f"<style>{_STYLE}</style>",
        f"<h1>{escape(title)}</h1>\n<ul>",
        *(f"<li>{escape(fact)}</li>" for fact in facts),
        "</ul>\n<table><tr><th>part<th>what came of it<th>s<th>again</tr>",
    ]
    for number, section in enumerate(sections):
        kind = "passed" if section.holds else "problem"
        parts.append(
            f'<tr class="{kind}"><td><a href="#part{number}">{escape(section.title)}</a>'
            f'<td>{escape(section.problem or section.counts)}<td class="s">{section.seconds:.0f}'
            f"<td><code>{escape(section.command)}</code></tr>"
        )
    parts.append("</table>")
    for number, section in enumerate(sections):
        parts.append(f'<details open id="part{number}"><summary>{escape(section.title)}</summary>')
        parts.append(f"<p><code>{escape(section.command)}</code> {escape(section.problem)}</p>")
        parts.append(f"<table><tr>{''.join(f'<th>{name}' for name in HEADING)}</tr>")
        parts += map(_html_row, section.rows)
        parts.append("</table></details>")
    return "\n".join([*parts, "</html>\n"])


def _html_row(row: Evidence) -> str:
    *values, seconds, result = cells(row)
    inner = "".join(f"<td>{escape(value)}" for value in values)
    return f'<tr>{inner}<td class="s">{seconds}<td class="{row.outcome}">{escape(result)}</tr>'
