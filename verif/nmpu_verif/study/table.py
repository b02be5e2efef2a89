"""The table of the study, a CSV file with a line for each point, written as the points are finished."""

import csv
import io
import json
from collections.abc import Mapping
from dataclasses import asdict, fields
from pathlib import Path

from nmpu_aimc.accuracy import FormatScore
from nmpu_spec.errors import InputError
from nmpu_verif.lane_cost import LaneCost
from nmpu_verif.study.points import ALONE
from nmpu_verif.study.rows import Result, Row

_SCORE, _COST = ([field.name for field in fields(kind)] for kind in (FormatScore, LaneCost))
COLUMNS = ["name", "changes", "published", *ALONE, *_SCORE, *_COST, "config_hash", "reason"]
"""Formats, roundings and cuts by their keys in a configuration file; score and cost are empty in a refused row."""


class Table:
    """``sweep.csv`` in `folder`, and beside it ``sweep.json``, which says in "study" what it is a table of.

    Raises `InputError` where one of them is not such a file, or is of another study.
    """

    def __init__(self, folder: Path, study: Mapping[str, object]) -> None:
        self.path = folder / "sweep.csv"
        self.json = folder / "sweep.json"
        self.study = json.loads(json.dumps(study))  # as it is read back: tuples are lists there
        self.rows: dict[str, Row] = {}
        """The points that are there, by the hash of their configuration."""
        if self.path.exists():
            self._check_study()
            self._read()

    def append(self, row: Row) -> None:
        """Write `row` at once: what is finished outlives an interrupted run. The first one makes the files."""
        if not self.path.exists():
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self.conclude({})
            self.path.write_text(_line(COLUMNS), "utf-8", newline="")
        with self.path.open("a", encoding="utf-8", newline="") as file:
            file.write(_line(_cells(row)))
        self.rows[row.config_hash] = row

    def conclude(self, entries: Mapping[str, object]) -> None:
        """Write what follows from the rows into ``sweep.json``."""
        self.json.write_text(json.dumps({"study": self.study, **entries}, indent=1) + "\n", "utf-8")

    def _check_study(self) -> None:
        try:
            study = json.loads(self.json.read_text("utf-8"))["study"]
        except (OSError, ValueError, KeyError, TypeError):
            raise InputError(
                f"{self.json}: does not say what study {self.path.name} is of; remove both, or choose another folder"
            ) from None
        if study != self.study:
            keys = [key for key in self.study if not isinstance(study, dict) or study.get(key) != self.study[key]]
            raise InputError(
                f"{self.path}: is of another study (other {', '.join(keys) or 'entries'}, see {self.json.name}); "
                f"remove both, or choose another folder"
            )

    def _read(self) -> None:
        try:
            text = self.path.read_bytes().decode("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise InputError(f"{self.path}: cannot be read as CSV ({error}); remove it to start again") from None
        lines = text.splitlines(keepends=True)
        if not lines or lines[0] != _line(COLUMNS):
            raise InputError(f"{self.path}, line 1: is not the heading of a study; remove it to start again")
        for number, line in enumerate(lines[1:], 2):
            row = _row(line)
            if row is None or row.config_hash in self.rows:
                raise InputError(
                    f"{self.path}, line {number}: is damaged or there twice; remove that line to compute it again"
                )
            self.rows[row.config_hash] = row


def _line(cells: list[str]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow(cells)
    return text.getvalue()


def _cells(row: Row) -> list[str]:
    numbers = [*asdict(row.result.score).values(), *asdict(row.result.cost).values()] if row.result else []
    missing = [] if numbers else [""] * len(_SCORE + _COST)
    start = [row.name, str(row.changes), str(row.published).lower(), *(row.formats[key] for key in ALONE)]
    return [*start, *(str(float(number)) for number in numbers), *missing, row.config_hash, row.reason]


def _row(line: str) -> Row | None:
    """The row in `line`; none where it is not what `_cells` writes."""
    try:
        cells = dict(zip(COLUMNS, next(csv.reader([line], strict=True)), strict=True))
        row = Row(
            name=cells["name"],
            changes=int(cells["changes"]),
            published=cells["published"] == "true",
            formats={key: cells[key] for key in ALONE},
            config_hash=cells["config_hash"],
            result=None if cells["reason"] else _result(cells),
            reason=cells["reason"],
        )
    except (ValueError, csv.Error, StopIteration):
        return None
    return row if _line(_cells(row)) == line else None


def _result(cells: Mapping[str, str]) -> Result:
    score, cost = ([float(cells[name]) for name in names] for names in (_SCORE, _COST))
    return Result(FormatScore(*score), LaneCost(*cost))
