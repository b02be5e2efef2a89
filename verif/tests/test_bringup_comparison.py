"""What is said about differences, whatever their cause; and dumps of some cases and of other configurations."""

import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from corruptions import CASES, CONFIG, CORNER_5, NAMES, lane, layer
from dumps import Corrupt, Fields, bundle_cases, make_bundle, model, says, write_csv, write_dump

from nmpu_bringup.bundle.golden import GoldenCase
from nmpu_bringup.diagnosis.check import check
from nmpu_bringup.diagnosis.stages import answers, setup_of, stages
from nmpu_spec.config import Config
from nmpu_spec.load import load


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_bundle(CONFIG, tmp_path_factory.mktemp("comparison") / "bundle")


def test_the_comparison_counts_by_everything(bundle: Path, tmp_path: Path) -> None:
    """Two codes with known bits; the first one with the numbers that the model has on its way."""
    number = NAMES.index("corners/corner_3")

    def corrupt(case: int, golden: GoldenCase) -> Fields:
        fields = golden.fields.copy()
        if case == number:
            fields[2, 9] ^= 0x81
            fields[7, 1] ^= 0x01
        return fields

    compared = check(bundle, write_dump(tmp_path / "dump", CASES, corrupt)).comparison
    golden = CASES[number]
    assert compared.differing == 2
    assert {name: count for name, count in compared.cases.items() if count} == {"corners/corner_3": 2}
    assert (compared.columns, compared.lanes, compared.groups) == ({1: 1, 9: 1}, {1: 2}, {0: 1, 2: 1})
    touched = [int(golden.fields[2, 9]), int(golden.fields[7, 1])]
    for bit in compared.bits:
        flips = [code for code, mask in zip(touched, (0x81, 0x01), strict=True) if mask >> bit.bit & 1]
        falls = sum(code >> bit.bit & 1 for code in flips)
        assert (bit.rises, bit.falls) == (len(flips) - falls, falls), bit
    first = compared.first
    assert first is not None
    assert (first.case, first.vector, first.column, first.group, first.lane) == ("corners/corner_3", 2, 9, 2, 1)
    assert (first.expected, first.got) == (touched[0], touched[0] ^ 0x81)
    assert golden.case.traffic.n is not None
    assert (first.stages["p"], first.stages["n"]) == (golden.case.traffic.p[2, 9], golden.case.traffic.n[2, 9])
    assert first.stages["out"] == golden.out[2, 9]


@pytest.mark.parametrize("name", ["tiny", "hermes256", "user96", "single12", "deep8"])
def test_the_stages_are_the_golden_model(name: str, configurations: dict[str, str]) -> None:
    config = load(configurations[name])
    for golden in bundle_cases(config):
        made = stages(setup_of(golden))
        assert np.array_equal(made["out"], golden.out), golden.place
        assert np.array_equal(answers(setup_of(golden)), golden.fields)
        for stage in ("sum", "corrected", "norm", "total"):
            node = config.nodes[stage]
            assert node.min_raw <= made[stage].min() <= made[stage].max() <= node.max_raw, (golden.place, stage)


def test_some_cases_alone(bundle: Path, tmp_path: Path) -> None:
    """Without rx the two ReLUs cannot be told apart: both fit, and which cases were not compared is told."""
    chosen = [golden for golden in CASES if golden.suite == "ties"]
    corrupt = layer(lambda layer: replace(layer, relu_1=True))
    report = check(bundle, write_dump(tmp_path / "dump", chosen, corrupt))
    assert report.scene.names == [golden.place for golden in chosen]
    assert [golden.place for golden in report.scene.left_out] == [name for name in NAMES if not name.startswith("ties")]
    told = {(found.cause, found.subject) for found in report.exact}
    assert {("ReLU", "ReLU 1"), ("ReLU", "ReLU 2")} <= told
    assert len({round(found.bits, 6) for found in report.exact if found.cause == "ReLU"}) == 1


def test_one_case_alone(bundle: Path, tmp_path: Path) -> None:
    golden = CASES[CORNER_5]
    write_csv(tmp_path / "out.csv", lane(1, lambda codes: codes | 8)(CORNER_5, golden))
    report = check(bundle, tmp_path / "out.csv", golden.place)
    says(report, "stuck output bit", ("output bit 3 is stuck at 1", "lane 1"))
    assert report.as_dict()["compared"] == [golden.place]


@pytest.mark.parametrize("name", ["tiny", "user96", "single12", "deep8"])
def test_other_configurations(name: str, configurations: dict[str, str], tmp_path: Path) -> None:
    """One lane per column, one code per column, other roundings, numbers of up to 63 bits."""
    config = load(configurations[name])
    bundle = make_bundle(config, tmp_path / "bundle")
    report = check(bundle, write_dump(tmp_path / "dump", bundle_cases(config), _other_lane(config)))
    says(report, "inverted output bit", ("output bit 2", "lane 1"))
    corrupt: Corrupt = lambda _, golden: model(  # noqa: E731
        golden, program=replace(golden.case.program, layer=replace(golden.case.program.layer, shift=1))
    )
    report = check(bundle, write_dump(tmp_path / "dump", bundle_cases(config), corrupt))
    says(report, "shift", ("shift is 1",))


def _other_lane(config: Config) -> Corrupt:
    bits = np.where(np.arange(config.columns) % config.lanes == 1, 4, 0).astype(np.uint8)
    return lambda _, golden: golden.fields ^ bits


def test_hermes256_takes_seconds(tmp_path: Path) -> None:
    config = load("hermes256")
    bundle = make_bundle(config, tmp_path / "bundle")
    flags = np.arange(256) == 77

    def corrupt(_: int, golden: GoldenCase) -> Fields:
        program = golden.case.program
        raws = np.where(flags, 1234, program.parameters["bias"])
        return model(golden, program=replace(program, parameters={**program.parameters, "bias": raws}))

    dump = write_dump(tmp_path / "dump", bundle_cases(config), corrupt)
    started = time.monotonic()
    report = check(bundle, dump)
    assert time.monotonic() - started < 60
    says(report, "wrong parameter", ("bias has another value", "column 77 (group 1, lane 13)"))
