"""The precision study from its points to its files: what `nmpu sweep` runs."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from dask.system import CPU_COUNT

from nmpu_aimc.accuracy import Task, prepared, score_formats
from nmpu_flow.library import Library
from nmpu_flow.timing import require_sta
from nmpu_spec.config import Config
from nmpu_spec.errors import InputError
from nmpu_spec.half import HalfConfig
from nmpu_verif.study.front import cheapest, front
from nmpu_verif.study.points import points
from nmpu_verif.study.rows import Row
from nmpu_verif.study.schedule import Prepare, Scorer, client, evaluate
from nmpu_verif.study.table import Table


@dataclass(frozen=True)
class Study:
    """Rows are in the order of `points`, whatever the order in which they were finished.

    allowed_drop   the stated drop, in points; `chosen` is the cheapest row within it, none where no row is
    by_drop, by_error   Pareto fronts of lane area against drop and against rms error
    """

    table: Table
    allowed_drop: float
    rows: list[Row]
    chosen: Row | None
    by_drop: list[Row]
    by_error: list[Row]

    @property
    def published(self) -> Row:
        """The row of the published formats."""
        return next(row for row in self.rows if row.published)


def study(
    base: Config,
    task: Task,
    library: Library,
    allowed_drop: float,
    folder: Path,
    progress: Callable[[str, int, int], None],
    limit: int | None = None,
    scheduler: str | None = None,
    workers: int = CPU_COUNT,
    prepare: Prepare = prepared,
    score: Scorer = score_formats,
) -> Study:
    """Evaluate the first `limit` points around `base` (all where it is none) that the table in `folder` has not yet.

    Raises `InputError` for what is wrong with task, table, scheduler or machine, `FlowError` for a point that failed.
    """
    require_sta()
    if isinstance(base, HalfConfig):
        raise InputError(f"{base.name}: is an FP16 unit, the study is of fixed-point formats; pass another --config")
    chosen = points(base)[:limit]
    header = {
        "task": task.as_dict(),
        "library": {"name": library.name, "sha256": library.digest},
        "base": {"name": base.name, "config_hash": base.hash},
    }
    table = Table(folder, header)
    waiting = [point for point in chosen if point.config.hash not in table.rows]
    done = len(chosen) - len(waiting)
    progress("format points", done, len(chosen))
    if waiting:
        prepare(task)
        with client(scheduler, min(workers, len(waiting))) as connected:
            for row in evaluate(waiting, task, library, connected, prepare, score):
                table.append(row)
                done += 1
                progress("format points", done, len(chosen))
    rows = [table.rows[point.config.hash] for point in chosen]
    return Study(
        table=table,
        allowed_drop=allowed_drop,
        rows=rows,
        chosen=cheapest(rows, allowed_drop),
        by_drop=front(rows, lambda score: score.drop),
        by_error=front(rows, lambda score: score.rms_lsb),
    )
