"""The report of the tape-out check, as a table of text, JSON and Markdown."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from nmpu_verif.tapeout.rows import Row

HEADING = ("step", "result", "by", "how", "found", "s")


@dataclass(frozen=True)
class Report:
    """`name` and `config_hash` of the configuration; `rows` in the order of the steps."""

    name: str
    config_hash: str
    rows: Sequence[Row]

    @property
    def passed(self) -> bool:
        """No step failed; those whose tool is missing are told apart, and do not count."""
        return all(row.passed is not False for row in self.rows)

    @property
    def summary(self) -> str:
        counts = {word: sum(result(row) == word for row in self.rows) for word in ("passed", "failed", "not run")}
        return ", ".join(f"{count} {word}" for word, count in counts.items())


def result(row: Row) -> str:
    """In a word or two."""
    return {True: "passed", False: "failed", None: "not run"}[row.passed]


def cells(row: Row) -> tuple[str, ...]:
    """The row under `HEADING`."""
    return (row.step, result(row), row.tool, row.method, row.detail, f"{row.seconds:.1f}")


def write(report: Report, folder: Path) -> list[Path]:
    """Write ``tapeout-<name>.json`` and ``.md`` to `folder`; returns their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    data = {**asdict(report), "passed": report.passed}
    lines = [HEADING, tuple("---" for _ in HEADING), *(cells(row) for row in report.rows)]
    table = "".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |\n" for line in lines)
    texts = {
        "json": json.dumps(data, indent=1) + "\n",
        "md": f"# Tape-out check of {report.name}\n\nConfiguration {report.config_hash}: {report.summary}.\n\n{table}",
    }
    paths = [folder / f"tapeout-{report.name}.{kind}" for kind in texts]
    for path, text in zip(paths, texts.values(), strict=True):
        path.write_text(text, "utf-8")
    return paths
