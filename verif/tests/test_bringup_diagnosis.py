"""The true cause comes first, for dumps that are wrong in every way of the catalogue."""

from pathlib import Path

import pytest
from corruptions import CASES, CONFIG, CORRUPTIONS, two_faults
from dumps import make_bundle, right, says, write_dump

from nmpu_bringup.diagnosis.check import check


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_bundle(CONFIG, tmp_path_factory.mktemp("diagnosis") / "bundle")


@pytest.mark.parametrize("name", CORRUPTIONS)
def test_the_true_cause_comes_first(name: str, bundle: Path, tmp_path: Path) -> None:
    corrupt, cause, told = CORRUPTIONS[name]
    report = check(bundle, write_dump(tmp_path / "dump", CASES, corrupt))
    assert report.comparison.differing, "the corruption cannot be seen"
    assert not report.equal
    says(report, cause, told)


def test_equal_dumps_are_equal(bundle: Path, tmp_path: Path) -> None:
    report = check(bundle, write_dump(tmp_path / "dump", CASES, right))
    assert report.equal
    assert (report.comparison.differing, report.comparison.first, report.explanations) == (0, None, [])
    assert report.comparison.codes == sum(golden.out.size for golden in CASES)


def test_alternatives_are_counted(bundle: Path, tmp_path: Path) -> None:
    """The hypotheses of a family, times the places: what RX off cannot be told from was chosen from more of them."""
    report = check(bundle, write_dump(tmp_path / "dump", CASES, CORRUPTIONS["RX off"][0]))
    chosen_from = {found.cause: round(2**found.bits) for found in report.exact}
    assert list(chosen_from) == ["RX enable", "input bit", "stale", "RX scale"]
    p = n = CONFIG.adc.code.width
    assert chosen_from["RX enable"] == 3
    assert chosen_from["input bit"] == 2 * (p + n + CONFIG.residual.code_bits) + 3
    assert chosen_from["RX scale"] == 1 << CONFIG.residual.scale.width
    report = check(bundle, write_dump(tmp_path / "dump", CASES, CORRUPTIONS["stuck output bit of a lane"][0]))
    assert [round(2**found.bits) for found in report.exact] == [24 * CONFIG.lanes]


def test_two_faults_are_no_single_cause(bundle: Path, tmp_path: Path) -> None:
    """The better half of the story comes first, with what it leaves and what it predicts wrongly."""
    report = check(bundle, write_dump(tmp_path / "dump", CASES, two_faults))
    assert not report.exact
    first = report.explanations[0]
    assert (first.cause, first.subject, first.where) == ("stuck output bit", "output bit 2", "lane 1")
    assert 0 < first.unexplained < first.explained < report.comparison.differing
    assert first.explained + first.unexplained == report.comparison.differing
    assert first.contradicted == 0
    errors = [found.unexplained + found.contradicted for found in report.explanations]
    assert errors == sorted(errors)
