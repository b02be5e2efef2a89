"""The campaign: goes on where it stopped, and finds RTL that is not the model's."""

import re
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest

from nmpu_model.program import Program
from nmpu_model.traffic import Codes
from nmpu_spec.config import Config
from nmpu_spec.errors import InputError
from nmpu_spec.load import load
from nmpu_spec.rounding import Rounding
from nmpu_verif.campaign.batch import MismatchError, batch_results, run_batch
from nmpu_verif.campaign.exhaustive import CompiledStage, stage_verilog
from nmpu_verif.campaign.lanes import CompiledLanes, LaneResult, lanes_verilog
from nmpu_verif.campaign.nodes import nodes
from nmpu_verif.campaign.run import run_batches, run_node
from nmpu_verif.campaign.state import State, save
from nmpu_verif.campaign.state import load as load_state
from nmpu_verif.campaign.stimulus import KINDS, SLICE, draw_program, draw_slices


def silent(_step: str, _done: int, _total: int | None) -> None:
    pass


def other(config: Config) -> Config:
    """`config` with another rounding of the first compression. Not half up: the cut after it hides the difference."""
    compression = replace(config.affine.compression, rounding=Rounding.HALF_AWAY)
    return replace(config, affine=replace(config.affine, compression=compression))


def test_goes_on_where_it_stopped(tmp_path: Path) -> None:
    """Two goes, the second by more threads, do what one does; asked for less than is done, nothing runs."""
    config = load("tiny")
    lanes, size = CompiledLanes(config, lanes_verilog(config)), batch_results(config)
    once, twice = State(5), State(5)
    assert not run_batches(lanes, 3 * size, once, tmp_path / "once", 1, silent)
    assert not run_batches(lanes, size - 1, twice, tmp_path / "twice", 1, silent)
    again = load_state(tmp_path / "twice", 5)
    assert again.tally.batches == 1
    assert not run_batches(lanes, 2 * size + 1, again, tmp_path / "twice", 2, silent)
    before, after = ({**asdict(state.tally), "seconds": 0} for state in (once, load_state(tmp_path / "twice", 5)))
    assert before == after
    assert after["results"] == 3 * size
    assert after["unit"] > 0
    assert not run_batches(lanes, size, again, tmp_path / "twice", 1, silent)
    assert again.tally.results == 3 * size


def test_a_wrong_rounding_is_found() -> None:
    """The message leads to operands that, on their own, show the difference."""
    config = load("tiny")
    lanes = CompiledLanes(config, lanes_verilog(other(config)))
    with pytest.raises(MismatchError) as caught:
        run_batch(lanes, 1, 2)
    message = str(caught.value)
    found = re.match(r"batch 2, (\w+), vector (\d+), column (\d+): p = (\d+), n = (\d+), .*the RTL says", message)
    assert found, message
    kind, (vector, column, p, n) = found[1], map(int, found.groups()[1:])
    program = draw_program(config, 1, 2)
    traffic = list(draw_slices(program, 1, 2))[KINDS.index(kind)]
    assert traffic.n is not None
    assert (traffic.p[vector, column], traffic.n[vector, column]) == (p, n)
    raws = {name: int(values[column]) for name, values in program.parameters.items()}
    assert all(f"{name} = {raw}" in message for name, raw in raws.items())


class Miscounting(CompiledLanes):
    """The codes are right; where the counter P of column 3 is 5, one saturation too many is counted."""

    def __call__(self, program: Program, p: Codes, n: Codes | None = None, rx: Codes | None = None) -> LaneResult:
        result = super().__call__(program, p, n, rx)
        more = int(np.count_nonzero(p[:, 3] == 5)) if program.mask[3] else 0
        return LaneResult(result.out, {**result.saturated, "output_low": result.saturated["output_low"] + more})


def test_a_wrong_count_is_found() -> None:
    config = load("tiny")
    with pytest.raises(
        MismatchError, match=r"column 3: p = 5, .*the RTL counts {.*'output_low': 1}, the model {.*: 0}"
    ):
        run_batch(Miscounting(config, lanes_verilog(config)), 1, 2)


def test_a_node_is_tried_with_every_operand(tmp_path: Path) -> None:
    """To the last case, from where an earlier call stopped; wrong RTL gives the operands."""
    config = load("tiny")
    node = next(node for node in nodes(config) if node.name == "compress")
    state = State(1)
    assert not run_node(config, node, state, tmp_path, 1, silent)
    assert load_state(tmp_path, 1).nodes["compress"].done == 1 << config.sum_format.width
    its_node = next(its for its in nodes(other(config)) if its.name == node.name)
    wrong = CompiledStage(config, node, stage_verilog(other(config), its_node))
    with pytest.raises(MismatchError, match=r"compress, case \d+: value = -?\d+: code is 0x\w+ in the RTL"):
        wrong.check(0)


def test_the_codes_reach_every_edge() -> None:
    """Uniform codes take every value; those of the other kinds are within the format too."""
    config = load("tiny")
    code = config.adc.code
    program = draw_program(config, 3, 0)
    slices = dict(zip(KINDS, draw_slices(program, 3, 0), strict=True))
    assert set(np.unique(slices["anywhere"].p)) == set(range(code.max_raw + 1))
    for traffic in slices.values():
        assert traffic.n is not None
        assert traffic.p.shape == traffic.n.shape == (SLICE // config.columns, config.columns)
        assert max(traffic.p.max(), traffic.n.max()) <= code.max_raw
    ends = np.isin(slices["ends"].p, [code.min_raw, code.max_raw]).mean()
    assert ends > np.isin(slices["anywhere"].p, [code.min_raw, code.max_raw]).mean()


def test_refuses_the_state_of_another_seed_or_version(tmp_path: Path) -> None:
    save(tmp_path, State(1))
    with pytest.raises(InputError, match=r"--seed 2: .*state.json has 1; .*--restart"):
        load_state(tmp_path, 2)
    (tmp_path / "state.json").write_text('{"seed": 1}', "utf-8")
    with pytest.raises(InputError, match=r"state.json: cannot be gone on with .*--restart"):
        load_state(tmp_path, 1)
