"""The examples: model and RTL agree, the claims hold, and what breaks one of them is seen."""

import json
import subprocess
import sys
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nmpu_examples import adapters, bottleneck, example, partitions, stream, widths
from nmpu_examples.__main__ import EXAMPLES, REPORT
from nmpu_examples.clocked import Batch, play, same_codes
from nmpu_examples.example import Example
from nmpu_examples.units import DUAL
from nmpu_model import unit
from nmpu_model.program import Layer
from nmpu_model.script import load_program
from nmpu_model.traffic import random_program, random_traffic
from nmpu_spec.cycles import unstalled
from nmpu_spec.errors import InputError


@cache
def ran(name: str) -> Example:
    return EXAMPLES[name]()


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_check_holds(name: str) -> None:
    found = ran(name)
    assert found.name == name
    assert found.checks["model and RTL agree"]
    assert [claim for claim, held in found.checks.items() if not held] == []


def test_widths_reload_is_what_the_bus_takes() -> None:
    """Two clocks for each write; what the vectors do not hide is lost."""
    errors, reloads = (table.rows for table in ran("widths").tables)
    assert [row[0] for row in errors] == [4, 6, 8]
    program = random_program(DUAL, 1, "size")
    clocks = 2 * len(load_program(program, 0))
    assert [row[1] for row in reloads] == [clocks, clocks]
    few, many = reloads
    assert few[0] == widths.FEW < clocks / DUAL.groups < widths.MANY == many[0]
    assert few[2] != 0 == many[2]


def test_widths_end_at_the_largest_code_of_the_width(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the same program told to make 8 bits, some codes are larger, and too long for a pulse of the next layer."""
    monkeypatch.setattr(widths, "CODE_BITS", (4,))
    monkeypatch.setattr(widths, "Layer", lambda **settings: Layer(**{**settings, "out_bits": 8}))
    with pytest.raises(InputError, match="pulse widths"):
        widths.run()


def test_stream_keeps_up_at_the_stated_clock() -> None:
    clocks, measured = (table.rows for table in ran("stream").tables)
    unit_256_64 = next(row for row in clocks if row[0] == 64)
    assert float(unit_256_64[2]) * stream.PERIOD_NS / 1e3 == unit_256_64[1]
    slowest = measured[0]
    assert float(slowest[0]) * stream.PERIOD_NS / 1e3 == DUAL.groups
    assert {row[2] for row in measured} == {str(unstalled(DUAL, 1).cycles)}
    assert {row[4] for row in measured} == {0}


def test_a_period_below_the_groups_is_not_kept() -> None:
    """The clock that the table states is the slowest one: with one clock less, vectors are as far apart as before."""
    program = random_program(DUAL, 1, "fast", rx_on=False)
    batch = Batch(program, random_traffic(program, 10, 1, "fast"))
    played = play(DUAL, [batch], DUAL.groups - 1)
    assert set(np.diff(played.delivered)) == {DUAL.groups}


def test_adapters_swap_between_vectors() -> None:
    """Random programs, rx off and on, swapped under way: each vector has its own program's codes at any pace."""
    programs = [random_program(DUAL, 4, f"task{number}", rx_on=bool(number)) for number in range(2)]
    batches = [
        Batch(programs[number % 2], random_traffic(programs[number % 2], vectors, 4, f"batch{number}"))
        for number, vectors in enumerate((40, 1, 2, 30, 7))
    ]
    for period in (0, DUAL.groups + 3):
        played = play(DUAL, batches, period)
        assert same_codes(batches, played)
        assert len(played.loads) == len(programs)
        assert played.counters["vectors"] == sum(len(batch.traffic.p) for batch in batches)
    swapped_late = [batches[0], Batch(programs[0], random_traffic(programs[0], 1, 4, "batch1")), *batches[2:]]
    assert not same_codes(swapped_late, played)


def test_partitions_err_more_the_more_there_are() -> None:
    rows = ran("partitions").tables[0].rows[1:]
    for steps in partitions.Steps:
        rms = [float(str(row[2])) for row in rows if row[1] == steps]
        assert len(rms) == len(partitions.PARTITIONS)
        assert rms == sorted(rms)


def test_bottleneck_masks_some_columns() -> None:
    assert 0 < bottleneck.USED.sum() < bottleneck.USED.size
    assert ran("bottleneck").tables[0].rows[0][0] == bottleneck.VECTORS * bottleneck.CHANNELS


def test_adapters_use_both_banks() -> None:
    banks = ran("adapters").tables[1].rows[0]
    assert banks[0] == sum(adapters.TOKENS)
    assert banks[1:4] == (2, banks[2], len(adapters.TOKENS) - 1)


@pytest.mark.parametrize("name", EXAMPLES)
def test_one_wrong_code_is_seen(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A model that is off by one in one code of each run does not agree with the RTL."""
    right: Callable[..., unit.Result] = unit.run

    def wrong(*arguments: Any) -> unit.Result:
        result = right(*arguments)
        out = result.out.copy()
        out[-1, 0] ^= 1
        return unit.Result(out, result.counters)

    monkeypatch.setattr(example.unit, "run", wrong)
    assert not EXAMPLES[name]().checks["model and RTL agree"]


def command(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "nmpu_examples", *words], capture_output=True, text=True, check=False)


def test_command_prints_and_reports() -> None:
    said = command("bottleneck", "partitions")
    assert said.returncode == 0, said.stderr
    report: Mapping[str, Any] = json.loads(Path(REPORT).read_text("utf-8"))
    assert list(report) == ["bottleneck", "partitions"]
    assert all(entry["agrees"] for entry in report.values())
    for claim in report["bottleneck"]["checks"]:
        assert claim in said.stdout


def test_command_refuses_an_unknown_example() -> None:
    said = command("resnet")
    assert (said.returncode, said.stdout) == (2, "")
    assert said.stderr.strip().splitlines() == [
        f"nmpu_examples: example 'resnet': is not known; known are {', '.join(EXAMPLES)}"
    ]


def test_command_fails_where_a_claim_does() -> None:
    code = (
        "from nmpu_examples import __main__ as command\n"
        "from dataclasses import replace\n"
        "run = command.EXAMPLES['bottleneck']\n"
        "command.EXAMPLES['bottleneck'] = lambda: replace(run(), checks={'a claim': False})\n"
        "import sys; sys.argv = ['examples', 'bottleneck']\n"
        "command.main()\n"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert said.returncode == 1
    assert "FAILS  a claim" in said.stdout
