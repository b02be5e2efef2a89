"""Networks on chips: the digital parts against the real network, against each other, and their error budget."""

from dataclasses import replace

import numpy as np
import pytest
from small_network import SHAPE, inputs, layer, network

from nmpu_aimc.accuracy import Answers
from nmpu_aimc.budget import budgets
from nmpu_aimc.chip import Chip, program_chip
from nmpu_aimc.digital import Agreement, Compared, Float32, Golden
from nmpu_aimc.networks.graph import INPUT, Graph, run_float
from nmpu_aimc.plan import Codes, make_plan
from nmpu_aimc.real import Numbers, real_output
from nmpu_aimc.runner import run
from nmpu_aimc.tile import NOISELESS, TYPICAL
from nmpu_model import unit
from nmpu_model.program import Program
from nmpu_spec.errors import InputError
from nmpu_spec.half import beside
from nmpu_spec.load import from_dict, load
from nmpu_verif.rtl_digital import Rtl
from nmpu_verif.simulate import BenchError

CONFIG = replace(load("hermes256"), columns=32, lanes=16, name="small")
PLAN = make_plan(network(), inputs(64), columns=32)
IMAGES = 6
CODES = PLAN.input_codes(inputs(IMAGES))


@pytest.fixture(scope="module")
def chip() -> Chip:
    return program_chip(PLAN, 1, TYPICAL)


def test_a_noiseless_chip_answers_as_the_network() -> None:
    chip = program_chip(PLAN, 0, NOISELESS)
    outs = run(chip, [Float32(), Golden(chip, CONFIG), Golden(chip, beside(CONFIG))], CODES)
    real = run_float(network(), inputs(IMAGES))["linear"].reshape(IMAGES, -1) / PLAN.steps["linear"]
    for out in outs:
        # INT8 activations, partial sums and counts of 420 levels in seven layers; a wrong weight, step or order of
        # the residual would leave nothing of the correlation.
        assert np.corrcoef(out.ravel(), real.ravel())[0, 1] > 0.99
        assert np.sqrt(np.square(out - real).mean()) < 6


def test_what_an_image_answers_does_not_depend_on_those_beside_it(chip: Chip) -> None:
    digital = [Golden(chip, CONFIG)]
    whole = run(chip, digital, CODES)
    pieces = [run(chip, digital, CODES[k : k + 2], first=k) for k in range(0, IMAGES, 2)]
    assert (np.concatenate(pieces, axis=1) == whole).all()
    assert (run(chip, digital, CODES[2:4], first=0) != whole[:, 2:4]).any(), "the read noise belongs to the image"


def test_digital_parts_do_not_see_each_other(chip: Chip) -> None:
    parts = [Float32(), Golden(chip, CONFIG), Golden(chip, beside(CONFIG))]
    together = run(chip, parts, CODES)
    for part, answer in zip(parts, together, strict=True):
        assert (run(chip, [part], CODES)[0] == answer).all()


class _Watching:
    """Checks the golden model's shortcut against the model itself, on all columns."""

    def __init__(self, programs: dict[str, Program]) -> None:
        self.programs = programs
        self.seen: list[str] = []

    def codes(self, stage, p, n, rx):  # type: ignore[no-untyped-def]
        program = self.programs[stage.name]
        wide = [None if part is None else np.pad(part, ((0, 0), (0, 32 - part.shape[1]))) for part in (p, n, rx)]
        self.seen.append(stage.name)
        return unit.run(program, *wide).out[:, : stage.channels].astype(np.int8)


@pytest.mark.parametrize("config", [CONFIG, beside(CONFIG)], ids=["nmpu", "fp16"])
def test_the_digital_part_is_the_golden_model(chip: Chip, config) -> None:  # type: ignore[no-untyped-def]
    watching = _Watching({name: stage.program(config) for name, stage in chip.stages.items()})
    both = run(chip, [watching, Golden(chip, config)], CODES)
    assert (both[0] == both[1]).all()
    assert watching.seen == [part.name for part in PLAN.parts]


def test_the_compiled_rtl_is_a_digital_part(chip: Chip, monkeypatch: pytest.MonkeyPatch) -> None:
    rtl = Rtl(chip, CONFIG)
    both = run(chip, [rtl, Golden(chip, CONFIG)], CODES[:2])
    assert (both[0] == both[1]).all()
    original = Golden.codes

    def wrong(self: Golden, stage, p, n, rx) -> Codes:  # type: ignore[no-untyped-def]
        answer = original(self, stage, p, n, rx)
        answer[3, 1] ^= stage.name == "split.1/0"
        return answer

    monkeypatch.setattr(Golden, "codes", wrong)
    with pytest.raises(BenchError, match=r"split\.1/0, vector 3, column 1: the RTL's code is not the model's"):
        run(chip, [rtl], CODES[:2])


class _Lowest:
    """Answers the same code everywhere, and keeps the counters that it gets."""

    def __init__(self, code: int) -> None:
        self.code, self.p = code, np.zeros(0)

    def codes(self, stage, p, n, rx):  # type: ignore[no-untyped-def]
        self.p = p
        return np.full((len(p), stage.channels), self.code, np.int8)


def test_the_lowest_code_is_the_longest_pulse() -> None:
    graph = Graph((layer("one", INPUT, 4, 8), layer("two", "one", 8, 8)), SHAPE)
    chip = program_chip(make_plan(graph, inputs(8), columns=32), 0, NOISELESS)
    lowest = [_Lowest(-128), _Lowest(-127)]
    run(chip, lowest, chip.plan.input_codes(inputs(2)))
    assert (lowest[0].p == lowest[1].p).all()


def test_four_phases_and_drift_run_too() -> None:
    chip = program_chip(PLAN, 1, replace(TYPICAL, seconds=3600.0), phases=4)
    one = program_chip(PLAN, 1, replace(TYPICAL, seconds=3600.0))
    four, single = (run(each, [Golden(each, CONFIG)], CODES)[0] for each in (chip, one))
    assert np.corrcoef(four.ravel(), single.ravel())[0, 1] > 0.9
    assert (four != single).any()


def test_compared_counts_differences(chip: Chip) -> None:
    same = Compared(Golden(chip, CONFIG), Golden(chip, CONFIG))
    run(chip, [same], CODES)
    places = sum(
        part.targets.shape[1]
        * {"wide": 64, "split": 64, "before": 64, "strided": 4, "linear": 1}[part.name.split(".")[0]]
        for part in PLAN.parts
    )
    assert same.agreement == Agreement(IMAGES * places, IMAGES * places, 0)
    other = Compared(Golden(chip, CONFIG), Golden(chip, beside(CONFIG)))
    run(chip, [other], CODES)
    assert 0.8 < other.agreement.identical / other.agreement.codes < 1
    assert 1 <= other.agreement.largest_difference <= 3


def test_the_budget_adds_up(chip: Chip) -> None:
    tiles = budgets(chip, CONFIG, CODES)
    assert [tile.name for tile in tiles] == [part.name for part in PLAN.parts]
    for tile in tiles:
        stage = chip.stages[tile.name]
        assert tile.channels == stage.channels
        # Rounding to codes: uniform over one LSB, less where a ReLU makes exact zeros.
        assert tile.roundings["output"].largest <= 0.5
        assert tile.roundings["output"].rms < 0.32
        assert (tile.roundings["rx_scale"].largest > 0) == (stage.part.rx is not None)
        # The roundings are independent: their squares add up to the whole, within what saturation and ReLU take away.
        together = np.sqrt(sum(part.rms**2 for part in tile.roundings.values()))
        assert tile.total.rms == pytest.approx(together, rel=0.25)
        assert tile.total.largest <= sum(part.largest for part in tile.roundings.values()) + 1e-9


def test_finer_formats_leave_the_rounding_of_the_code_alone(chip: Chip) -> None:
    fine = load("hermes256").as_dict() | {"columns": 32, "lanes": 16}
    fine["affine"] |= {"scale": "U1.16", "offset": "S7.12", "corrected": "S13.10"}  # type: ignore[operator]
    fine["norm"] = {"gain": "S2.20", "bias": "S14.12"}
    fine["residual"] = {"code_bits": 8, "scale": "U7.16"}
    tiles = budgets(chip, from_dict(fine), CODES)
    for tile in tiles:
        assert tile.total.largest <= 0.51


def test_real_numbers_are_the_formula(chip: Chip) -> None:
    stage = chip.stages["before.0/0"]
    p, n = np.full((1, 32), 200, np.uint16), np.full((1, 32), 70, np.uint16)
    rx = np.full((1, 20), -5, np.int8)
    numbers = Numbers.of(stage)
    channel = 7
    y = numbers.scale[0, channel] * 200 + numbers.offset[0, channel]
    y -= numbers.scale[1, channel] * 70 + numbers.offset[1, channel]
    want = max(numbers.gain[channel] * y + numbers.bias[channel], 0) - 5 * numbers.rx_scale
    assert real_output(stage, numbers, p[:, :20], n[:, :20], rx)[0, channel] == pytest.approx(want, rel=1e-12)


def test_a_channel_that_does_not_fit_is_named(chip: Chip) -> None:
    narrow = replace(CONFIG, affine=replace(CONFIG.affine, scale=replace(CONFIG.affine.scale, integer=0)))
    with pytest.raises(InputError, match=r"tile .*: scale_p of column \d+"):
        Golden(chip, narrow)


def test_answers_and_their_errors() -> None:
    right = np.array([[1, 1, 1, 0], [1, 1, 0, 0]], bool)
    ours, reference = Answers("ours", right), Answers("reference", np.ones((2, 4), bool))
    assert ours.accuracy == 0.625
    assert ours.error == pytest.approx(0.125)
    assert ours.drop(reference) == (0.375, pytest.approx(0.125))
    assert Answers("one", right[:1]).drop(Answers("r", np.ones((1, 4), bool))) == (0.25, 0.25)
