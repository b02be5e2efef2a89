"""What `nmpu sweep` writes beside its table: JSON, Markdown, a plot."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from nmpu_verif.study.plot import draw
from nmpu_verif.study.rows import Row
from nmpu_verif.study.study import Study

HEADING = ["formats", "accuracy", "drop", "+-", "rms, LSB", "max, LSB", "gates", "small, um2", "fast, um2", "clock, ns"]


def write(study: Study) -> list[Path]:
    """``sweep.json``, ``sweep.md``, ``sweep.png`` beside the table; returns the paths of all four."""
    table = study.table
    table.conclude(report(study))
    markdown, picture = (table.path.with_suffix(suffix) for suffix in (".md", ".png"))
    markdown.write_text(_markdown(study), "utf-8")
    draw(study).savefig(picture, dpi=150)
    return [table.path, table.json, markdown, picture]


def report(study: Study) -> dict[str, object]:
    """What ``sweep.json`` holds besides the description of the study."""
    return {
        "allowed_drop": study.allowed_drop,
        "published": asdict(study.published),
        "chosen": asdict(study.chosen) if study.chosen else None,
        "front_by_drop": [row.name for row in study.by_drop],
        "front_by_error": [row.name for row in study.by_error],
        "rows": [asdict(row) for row in study.rows],
    }


def result_cells(row: Row) -> list[str]:
    """The cells of `row` under `HEADING`; a refused row has its formats only."""
    if row.result is None:
        return [row.name, *["-"] * (len(HEADING) - 1)]
    score, cost = row.result.score, row.result.cost
    return [
        row.name,
        f"{score.accuracy:.2%}",
        f"{score.drop:+.3f}",
        f"{score.drop_error:.3f}",
        f"{score.rms_lsb:.3f}",
        f"{score.max_lsb:.2f}",
        f"{cost.small_gates:,.0f}",
        f"{cost.small_um2:,.0f}",
        f"{cost.fast_um2:,.0f}",
        f"{cost.period_ns:.3f}",
    ]


def summary(study: Study) -> list[tuple[str, list[Row]]]:
    """The parts of the report that consist of measured points: title and rows."""
    chosen = [study.chosen] if study.chosen else []
    within = f"{study.allowed_drop:g} points"
    return [
        (
            f"published scale and offset; cheapest whose drop + one standard error is within {within}",
            [study.published, *chosen],
        ),
        ("front: lane area against drop", study.by_drop),
        ("front: lane area against rms error", study.by_error),
    ]


def standing(study: Study) -> str:
    """Where the published formats lie, and whether any are within the stated drop, in one line each."""
    places = [
        f"{'on' if study.published in front else 'not on'} the front of area against {loss}"
        for front, loss in ((study.by_drop, "drop"), (study.by_error, "rms error"))
    ]
    refused = sum(row.result is None for row in study.rows)
    found = study.chosen.name if study.chosen else "none"
    return (
        f"{len(study.rows)} format points, {refused} of them cannot serve the network. "
        f"Published scale and offset: {', '.join(places)}. "
        f"Cheapest within {study.allowed_drop:g} points: {found}."
    )


def _markdown(study: Study) -> str:
    entries = study.table.study
    parts = [
        "# Precision study",
        f"Task {entries['task']}; library {entries['library']['name']}; around {entries['base']['name']}. "
        "Drop in points against the FP16 unit with its standard error; a lane before layout, ideal clock.",
        standing(study),
    ]
    alone = [row for row in study.rows if row.changes <= 1 and row.result]
    for title, rows in [*summary(study), ("one key at a time", alone)]:
        parts += [f"## {title[0].upper()}{title[1:]}", _table(HEADING, [result_cells(row) for row in rows])]
    refused = [[row.name, row.reason] for row in study.rows if row.result is None]
    if refused:
        parts += ["## Cannot serve the network", _table(["formats", "reason"], refused)]
    return "\n\n".join(parts) + "\n"


def _table(heading: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [heading, ["---", *("---:" for _ in heading[1:])], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
