"""Dumps in which a beat or a vector is missing or comes twice."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from corruptions import CASES, CONFIG, LANES
from dumps import Fields, beats_of, make_bundle, model, write_csv, write_hex

from nmpu_bringup.bundle.golden import GoldenCase
from nmpu_bringup.diagnosis.check import check


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_bundle(CONFIG, tmp_path_factory.mktemp("beats") / "bundle")


def _beats(change: Callable[[list[int]], list[int]], only: str | None = None) -> Callable[[Path], None]:
    """Hex files with beats taken away or put in, in every case or in one."""

    def write(folder: Path) -> None:
        for golden in CASES:
            beats = beats_of(CONFIG, golden.fields)
            beats = change(beats) if only in (None, golden.place) else beats
            write_hex(folder / golden.place / "out.hex", CONFIG, beats)

    return write


def _plain_flags(beats: list[int]) -> list[int]:
    """first and last as if nothing were wrong: they are made by what records the codes."""
    right_flags = [beat >> 32 for beat in beats_of(CONFIG, CASES[0].fields)]
    return [beat & 0xFFFFFFFF | flags << 32 for beat, flags in zip(beats, right_flags * 2, strict=False)]


def _vectors(change: Callable[[GoldenCase], Fields]) -> Callable[[Path], None]:
    def write(folder: Path) -> None:
        for golden in CASES:
            write_csv(folder / golden.place / "out.csv", change(golden))

    return write


def _adc_lost(golden: GoldenCase) -> Fields:
    """The unit never sees vector 6; rx goes on as if nothing had happened."""
    p, n, rx = golden.case.traffic.p, golden.case.traffic.n, golden.case.traffic.rx
    assert n is not None
    lost = [np.delete(codes, 6, axis=0) for codes in (p, n)]
    return model(golden, p=lost[0], n=lost[1], rx=None if rx is None else rx[:-1])


def _rx_doubled(golden: GoldenCase) -> Fields:
    rx = golden.case.traffic.rx
    if rx is None:
        return golden.fields
    stream = rx.reshape(-1, LANES)
    return model(golden, rx=np.insert(stream, 11, stream[11], axis=0)[:-1].reshape(rx.shape))


LAST = beats_of(CONFIG, np.full((1, 12), 0x33, np.uint8))[-1]

BEATS: dict[str, tuple[Callable[[Path], None], str, tuple[str, ...]]] = {
    "out beat lost": (
        _beats(lambda beats: [*beats[:20], *beats[21:]]),
        "dropped beat",
        ("a beat of out is lost", "every case", "beat 20 of the case"),
    ),
    "out beat lost once": (
        _beats(lambda beats: [*beats[:30], *beats[31:]], only="corners/corner_4"),
        "dropped beat",
        ("a beat of out is lost", "only in corners/corner_4", "beat 30 of the case"),
    ),
    "out beat lost, flags go on": (
        _beats(lambda beats: _plain_flags([*beats[:20], *beats[21:]])),
        "dropped beat",
        ("a beat of out is lost", "beat 20 "),
    ),
    "out beat lost, as many recorded": (
        _beats(lambda beats: _plain_flags([*beats[:20], *beats[21:], LAST])),
        "dropped beat",
        ("a beat of out is lost", "beat 20 ", "is left out"),
    ),
    "out beat twice": (
        _beats(lambda beats: [*beats[:17], *beats[16:]]),
        "repeated beat",
        ("a beat of out comes twice", "every case", "beat 16 "),
    ),
    "first out beat twice": (
        _beats(lambda beats: [beats[0], *beats]),
        "repeated beat",
        ("a beat of out comes twice", "every case beat 0 of the case"),
    ),
    "out beat twice, as many recorded": (
        _beats(lambda beats: _plain_flags([*beats[:17], *beats[16:-1]])),
        "repeated beat",
        ("a beat of out comes twice", "beat 16 "),
    ),
    "out beat twice at the end": (
        _beats(lambda beats: [*beats, beats[-1]]),
        "repeated beat",
        ("a beat of out comes twice", "beat 47 "),
    ),
    "out vector lost (CSV)": (
        _vectors(lambda golden: np.delete(golden.fields, 9, axis=0)),
        "dropped beat",
        ("a vector of out is lost", "vector 9 "),
    ),
    "adc vector lost (CSV)": (
        _vectors(_adc_lost),
        "dropped beat",
        ("a vector of adc is lost", "every case", "vector 6 "),
    ),
    "adc vector lost, as many recorded (CSV)": (
        _vectors(lambda golden: np.concatenate([_adc_lost(golden), golden.fields[:1] ^ 0x55])),
        "dropped beat",
        ("a vector of adc is lost", "vector 6 ", "is left out"),
    ),
    "rx beat twice (CSV)": (
        _vectors(_rx_doubled),
        "repeated beat",
        ("a beat of rx comes twice", "every case with rx", "beat 11 "),
    ),
}


@pytest.mark.parametrize("name", BEATS)
def test_lost_and_repeated_beats(name: str, bundle: Path, tmp_path: Path) -> None:
    write, cause, told = BEATS[name]
    write(tmp_path / "dump")
    report = check(bundle, tmp_path / "dump")
    assert not report.equal
    first = report.explanations[0]
    text = " ".join((first.subject, first.fault, first.where, *first.notes))
    assert (first.exact, first.cause) == (True, cause), report.explanations[:3]
    for words in told:
        assert words in text, text


def test_beats_that_did_not_come_are_counted(bundle: Path, tmp_path: Path) -> None:
    _beats(lambda beats: [*beats[:30], *beats[31:]], only="corners/corner_4")(tmp_path)
    compared = check(bundle, tmp_path).comparison
    assert compared.missing == LANES
    assert compared.cases["corners/corner_4"] == compared.differing >= LANES
    assert compared.first is not None
    assert (compared.first.case, compared.first.vector) == ("corners/corner_4", 10)


def test_beats_too_many_are_counted(bundle: Path, tmp_path: Path) -> None:
    """They are a difference, even where every beat that was to come is right."""
    _beats(lambda beats: [*beats, beats[-1]], only="corners/corner_4")(tmp_path)
    report = check(bundle, tmp_path)
    assert (report.comparison.differing, report.comparison.surplus, report.equal) == (0, LANES, False)
    assert report.as_dict()["verdict"] == "different"
