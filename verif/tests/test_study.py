"""The precision study: points, table, fronts, and the way over Dask, with a score of our own."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from distributed import LocalCluster
from libraries import library
from study_rows import REFUSED, row
from threadpoolctl import threadpool_info

from nmpu_aimc.accuracy import FormatScore, Task
from nmpu_flow.errors import FlowError
from nmpu_spec.config import Config
from nmpu_spec.errors import InputError
from nmpu_spec.formats import Format
from nmpu_spec.load import load
from nmpu_verif.lane_cost import lane_cost
from nmpu_verif.study import schedule
from nmpu_verif.study.files import write
from nmpu_verif.study.front import cheapest, front
from nmpu_verif.study.points import BASE, formats, points
from nmpu_verif.study.rows import Row
from nmpu_verif.study.study import Study, study

WORKERS = 2


def count(config: Config, task: Task) -> FormatScore:
    """A score that tells, in a file of the task's folder, that it was asked."""
    with Path(task.data, "calls").open("a") as file:
        file.write(f"{config.hash}\n")
    return FormatScore(0.875, -0.25, 0.0625, config.affine.scale.resolution, 3)


def refuse(config: Config, task: Task) -> FormatScore:
    """Serves the published scale only."""
    if config.affine.scale != Format.parse("U1.7"):
        raise InputError(f"conv1: scale {config.affine.scale}\ndoes not fit")
    return count(config, task)


def fail(config: Config, task: Task) -> FormatScore:
    """Has a bug that shows in the tiny base only."""
    if config == load("tiny"):
        raise ZeroDivisionError("no\nvectors")
    return count(config, task)


def threads(config: Config, task: Task) -> FormatScore:
    """The most threads that a BLAS or OpenMP pool of this process has."""
    most = max(pool["num_threads"] for pool in threadpool_info())
    return FormatScore(1.0, 0.0, 0.0, 1.0, most)


def there(task: Task) -> None:
    """Refuses a task whose folder is not there."""
    if not Path(task.data).is_dir():
        raise InputError(f"{task.data}: no such folder")


def run(folder: Path, score: schedule.Scorer = count, limit: int = 2, scheduler: str | None = None) -> Study:
    task = Task(data=str(folder))
    return study(load("tiny"), task, library(), 0.12, folder, lambda *_: None, limit, scheduler, WORKERS, there, score)


def calls(folder: Path) -> list[str]:
    return (folder / "calls").read_text().split()


def names(rows: list[Row]) -> list[str]:
    return [row.name for row in rows]


def test_points_are_many_distinct_and_in_one_order() -> None:
    base = load(BASE)
    found = points(base)
    assert len(found) >= 200
    assert len({point.config.hash for point in found}) == len({point.name for point in found}) == len(found)
    assert found == points(base)
    assert [point.name for point in found if point.changes == 0] == ["base"]


@pytest.mark.parametrize("preset", ["hermes256", "tiny", "wide256"])
def test_the_published_formats_are_the_first_point(preset: str) -> None:
    first, *others = points(load(preset))
    assert first.published
    assert not any(point.published for point in others)
    assert (first.formats["affine.scale"], first.formats["affine.offset"]) == ("U1.7", "S7.1")


def test_names_say_what_differs() -> None:
    base = load("hermes256")
    for point in points(base):
        told = {} if point.name == "base" else dict(change.split("=") for change in point.name.split())
        assert len(told) == point.changes
        assert {**formats(base), **told} == point.formats == formats(point.config)


def test_each_swept_key_varies_alone() -> None:
    alone = [point for point in points(load("hermes256")) if point.changes == 1]
    keys = {point.name.split("=")[0] for point in alone}
    assert keys == set(formats(load("hermes256")))


def test_what_cannot_be_built_is_no_point() -> None:
    """A corrected code must not have more fraction bits than the sum before it."""
    base = load("hermes256")
    coarse = replace(base, affine=replace(base.affine, scale=Format.parse("U1.2"), offset=Format.parse("S7.0")))
    assert "affine.corrected=S13.2" in {point.name for point in points(coarse)}
    assert "affine.corrected=S13.3" not in {point.name for point in points(coarse)}


def test_front_keeps_what_no_smaller_lane_reaches() -> None:
    rows = [row("c", 30, 0.1), row("a", 10, 0.9), REFUSED, row("b", 20, 0.9), row("d", 40, 0.1), row("e", 50, -0.1)]
    rows += [row("a twin", 10, 0.9), row("a worse", 10, 1.0), row("unknown", 5, float("nan"))]
    assert names(front(rows, lambda score: score.drop)) == ["a", "c", "e"]


def test_front_of_the_error() -> None:
    rows = [row("a", 10, rms=2.0), row("b", 20, rms=2.5), row("c", 30, rms=0.5)]
    assert names(front(rows, lambda score: score.rms_lsb)) == ["a", "c"]


def test_cheapest_counts_the_standard_error() -> None:
    rows = [row("unsure", 10, 0.0625, 0.125), row("sure", 20, 0.0625, 0.0625), row("large", 30), REFUSED]
    assert names([found for found in [cheapest(rows, 0.125)] if found]) == ["sure"]
    assert cheapest(rows, 0.1875) is rows[0]
    assert cheapest(rows, -0.5) is None
    assert cheapest([REFUSED], 1.0) is None


def test_cheapest_of_equal_lanes_errs_least_then_comes_first() -> None:
    rows = [row("coarse", 10, rms=2.0), row("first", 10, rms=1.0), row("second", 10, rms=1.0)]
    assert cheapest(rows, 0.12) is rows[1]


def test_a_study_continues_and_computes_nothing_twice(tmp_path: Path) -> None:
    first = run(tmp_path, limit=2)
    assert len(calls(tmp_path)) == 2
    more = run(tmp_path, limit=4)
    expected = points(load("tiny"))[:4]
    assert [found.config_hash for found in more.rows] == [point.config.hash for point in expected]
    assert more.rows[:2] == first.rows
    assert sorted(calls(tmp_path)) == sorted(point.config.hash for point in expected)
    assert run(tmp_path, limit=4).rows == more.rows
    assert len(calls(tmp_path)) == 4


def test_a_lane_is_measured_in_workers_as_it_is_here(tmp_path: Path) -> None:
    found = run(tmp_path, limit=1).rows[0]
    assert found.result is not None
    assert found.result.cost == lane_cost(points(load("tiny"))[0].config, library())


def test_a_refused_point_is_a_row_with_its_reason(tmp_path: Path) -> None:
    found = run(tmp_path, refuse)
    served, refused = found.rows
    assert served.result is not None and refused.result is None
    assert refused.reason == f"conv1: scale {load('tiny').affine.scale} does not fit"
    files = write(found)
    assert run(tmp_path, refuse).rows == found.rows
    assert refused.reason in files[2].read_text()


def test_files(tmp_path: Path) -> None:
    found = run(tmp_path)
    files = write(found)
    assert [file.name for file in files] == ["sweep.csv", "sweep.json", "sweep.md", "sweep.png"]
    entries = json.loads(files[1].read_text())
    assert entries["study"]["task"] == Task(data=str(tmp_path)).as_dict()
    assert entries["chosen"]["name"] == min(found.rows, key=lambda row: row.result.cost.small_um2).name  # type: ignore[union-attr]
    assert [entry["config_hash"] for entry in entries["rows"]] == [entry.config_hash for entry in found.rows]
    assert files[3].read_bytes().startswith(b"\x89PNG")
    assert len(files[0].read_text().splitlines()) == 1 + len(found.rows)


def test_a_failing_point_stops_with_a_line_that_names_it(tmp_path: Path) -> None:
    with pytest.raises(FlowError) as caught:
        run(tmp_path, fail)
    assert str(caught.value) == "format point base: ZeroDivisionError: no vectors"


def test_a_task_that_a_machine_cannot_load_is_no_refused_point(tmp_path: Path) -> None:
    """The folder is there for the one who asks, and gone for the worker."""
    point = points(load("tiny"))[0]
    task = Task(data=str(tmp_path / "none"))
    with schedule.client(workers=1) as connected, pytest.raises(InputError) as caught:
        list(schedule.evaluate([point], task, library(), connected, there, count))
    assert str(caught.value) == f"format point {point.name}: {task.data}: no such folder"


def test_a_task_that_cannot_be_loaded_leaves_no_table(tmp_path: Path) -> None:
    """It would refuse the same command with the right folder."""
    task = Task(data=str(tmp_path / "none"))
    with pytest.raises(InputError, match="no such folder"):
        study(load("tiny"), task, library(), 0.12, tmp_path, lambda *_: None, prepare=there, score=count)
    assert list(tmp_path.iterdir()) == []


def test_workers_have_one_thread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        monkeypatch.setenv(name, "2")
    found = run(tmp_path, threads, limit=1).rows[0]
    assert found.result is not None
    assert found.result.score.max_lsb == 1


def test_a_scheduler_elsewhere(tmp_path: Path) -> None:
    with LocalCluster(n_workers=1, threads_per_worker=1, dashboard_address=None) as cluster:
        found = run(tmp_path, limit=1, scheduler=cluster.scheduler_address)
    assert calls(tmp_path) == [found.rows[0].config_hash]


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:1", "nowhere"])
def test_a_scheduler_that_does_not_answer(tmp_path: Path, address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schedule, "_PATIENCE", "1s")
    with pytest.raises(InputError) as caught:
        run(tmp_path, scheduler=address)
    assert str(caught.value).startswith(f"--scheduler {address}: no Dask scheduler answers")
    assert "\n" not in str(caught.value)


def test_a_worker_with_other_sources_is_refused() -> None:
    with pytest.raises(InputError, match="other sources of nmpu"):
        schedule._evaluate(points(load("tiny"))[0], Task(), library(), there, count, "other")
