"""A small bundle, and dumps of it: what a chip would leave behind, right or wrong."""

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nmpu_bringup.bundle.golden import GoldenCase, answer
from nmpu_bringup.bundle.write import model_files, write_bundle
from nmpu_bringup.diagnosis.check import Report
from nmpu_model.payloads import group_beats
from nmpu_model.suites import SUITES
from nmpu_model.unit import run
from nmpu_spec.config import Config

SEED = 1

SMALL_TOML = """
# The formats of hermes256 on 3 groups of 4 lanes.
columns = 12
lanes = 4

[adc]
mode = "dual"
code = "U12.0"

[affine]
scale = "U1.7"
offset = "S7.1"
corrected = "S13.1"

[norm]
gain = "S2.10"
bias = "S14.6"

[residual]
code_bits = 8
scale = "U7.5"

[output]
shift_bits = 4
"""

Fields = NDArray[np.uint8]
Corrupt = Callable[[int, GoldenCase], Fields]
"""From a case and its number in the bundle to the 8-bit fields that the chip delivers, (vectors, columns)."""


def bundle_cases(config: Config) -> list[GoldenCase]:
    return answer({name: make(config, SEED) for name, make in SUITES.items()})


def make_bundle(config: Config, folder: Path) -> Path:
    """The suites of `config` as a bundle in the new folder `folder`."""
    folder.mkdir(parents=True)
    cases = bundle_cases(config)
    write_bundle(config, cases, SEED, model_files(config, cases), folder)
    return folder


def beats_of(config: Config, fields: Fields) -> list[int]:
    """The beats of ``out`` that carry the fields."""
    return group_beats(config, fields, 8)


def write_hex(path: Path, config: Config, beats: Sequence[int], comment: str = "") -> None:
    digits = -(-(8 * config.lanes + 2) // 4)
    lines = [f"// {comment}", *(f"{beat:0{digits}x}" for beat in beats)]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{line}\n" for line in lines), "utf-8")


def write_csv(path: Path, codes: NDArray[np.integer], comment: str = "# a comment\n") -> None:
    rows = [f"{vector},{column},{code}" for (vector, column), code in np.ndenumerate(codes)]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(comment + "\n".join(["vector,column,out", *rows]) + "\n", "utf-8")


def write_dump(folder: Path, cases: Sequence[GoldenCase], corrupt: Corrupt) -> Path:
    """A dump of every case, in hex, whole and in order."""
    shutil.rmtree(folder, ignore_errors=True)
    for number, golden in enumerate(cases):
        config = golden.case.program.config
        write_hex(folder / golden.place / "out.hex", config, beats_of(config, corrupt(number, golden)))
    return folder


def fields(out: NDArray[np.int16]) -> Fields:
    return out.astype(np.uint8)


def right(_: int, golden: GoldenCase) -> Fields:
    return golden.fields


def model(golden: GoldenCase, **changed: object) -> Fields:
    """What the golden model answers with another program, p, n or rx."""
    case = golden.case
    given = {"program": case.program, "p": case.traffic.p, "n": case.traffic.n, "rx": case.traffic.rx, **changed}
    return fields(run(**given).out)  # type: ignore[arg-type]


def says(report: Report, cause: str, told: tuple[str, ...]) -> None:
    """The first explanation is exact, has the cause, and says all that must be said."""
    assert report.explanations, "nothing was found"
    first = report.explanations[0]
    text = " ".join((first.subject, first.fault, first.where, *first.notes))
    assert (first.exact, first.cause) == (True, cause), (first, report.explanations[1:3])
    for words in told:
        assert words in text, text
    assert first.explained == report.comparison.differing
    assert sum(first.cases.values()) == first.explained
    assert [found.exact for found in report.explanations] == sorted(
        (e.exact for e in report.explanations), reverse=True
    )
