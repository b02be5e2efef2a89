"""Bundles with recorded pins for the tests of the patterns, and what the patterns say in every clock."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import nmpu_spec
from nmpu_bringup.bundle.golden import answer
from nmpu_bringup.bundle.write import model_files
from nmpu_model.suites import SUITES
from nmpu_spec.config import Config
from nmpu_spec.load import load
from nmpu_verif.builds import BUILD
from nmpu_verif.record import record
from nmpu_verif.stil_reader import Stil, read_stil

SEED = 3


@dataclass(frozen=True)
class Recorded:
    """`source` is what `config` was loaded from; `files` are the bundle's, by their path in it."""

    config: Config
    source: str
    places: tuple[str, ...]
    files: dict[str, bytes]

    def copy(self, place: str, folder: Path) -> Path:
        """A case's pattern with its set-up, alone in `folder`, where it can be changed."""
        pattern = folder / "suite" / "case" / "pins.stil"
        pattern.parent.mkdir(parents=True)
        pattern.write_bytes(self.files[f"{place}/pins.stil"])
        (folder / "setup.stil").write_bytes(self.files["setup.stil"])
        return pattern

    def read(self, place: str, folder: Path) -> Stil:
        return read_stil(self.copy(place, folder / place))


@cache
def recorded(name: str) -> Recorded:
    """Every case of `tiny`, or two cases of `hermes12`: hermes256's formats on 12 columns."""
    source = "tiny"
    suites = {suite: list(cases(load(source), SEED)) for suite, cases in SUITES.items()}
    if name == "hermes12":
        preset = Path(nmpu_spec.__path__[0], "presets", "hermes256.toml").read_text("utf-8")
        file = BUILD / "hermes12.toml"
        BUILD.mkdir(exist_ok=True)
        file.write_text(preset.replace("columns = 256", "columns = 12").replace("lanes = 64", "lanes = 4"), "utf-8")
        source = str(file)
        suites = {"corners": list(SUITES["corners"](load(source), SEED))[:2]}
    config, cases = load(source), answer(suites)
    files = model_files(config, cases)
    files |= record(config, source, cases, files, lambda *_: None)
    return Recorded(config, source, tuple(golden.place for golden in cases), files)


def clocks(stil: Stil) -> list[dict[str, str]]:
    """The character of every signal in every clock."""
    found: list[dict[str, str]] = []
    for vector in stil.vectors:
        found.append({**(found[-1] if found else {}), **vector.characters})
    return found
