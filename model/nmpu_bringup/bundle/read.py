"""Read a bundle back: every file checked against the manifest, every answer against the golden model."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nmpu_bringup.bundle.golden import GoldenCase, answer
from nmpu_model.npz import read_npz
from nmpu_model.program import Program
from nmpu_model.script import read_program
from nmpu_model.suites import Case
from nmpu_model.traffic import Traffic
from nmpu_spec.config import Config
from nmpu_spec.errors import InputError
from nmpu_spec.half import require_fixed
from nmpu_spec.load import from_dict

MANIFEST = "manifest.json"


@dataclass(frozen=True)
class Bundle:
    """A bundle's configuration and cases, in the order of the manifest."""

    folder: Path
    config: Config
    cases: tuple[GoldenCase, ...]


def open_bundle(folder: Path) -> Bundle:
    """The bundle in `folder`.

    Raises `InputError`, naming the file and what is wrong with it: a file that is missing or whose SHA-256 is not the
    manifest's, a manifest that cannot be understood or whose configuration does not have its hash, and expected codes
    that are not what the golden model of this version answers.
    """
    path = folder / MANIFEST
    manifest = _manifest(path)
    try:
        name = str(manifest["configuration"])
        config = require_fixed(from_dict({**manifest["config"]}, name))
        listed = {str(name): str(entry["sha256"]) for name, entry in manifest["files"].items()}
        places = [(str(entry["suite"]), str(entry["case"])) for entry in manifest["cases"]]
        wanted_hash = str(manifest["config_hash"])
    except (KeyError, TypeError, AttributeError) as error:
        raise InputError(f"{path}: is not the manifest of a bundle ({type(error).__name__}: {error})") from None
    except InputError as error:
        raise InputError(f"{path}: config: {error}") from None
    for told in (name, wanted_hash, *listed, *map("/".join, places)):
        if not told.isprintable() or PurePosixPath(told).is_absolute() or ".." in PurePosixPath(told).parts:
            raise InputError(f"{path}: {told!r} is no name of a bundle; write the bundle again")
    if config.hash != wanted_hash:
        raise InputError(
            f"{path}: config_hash is {wanted_hash}, its config has {config.hash}; the manifest was changed, "
            "write the bundle again"
        )
    files = {name: _verified(folder, name, digest) for name, digest in listed.items()}
    return Bundle(folder, config, tuple(_case(folder, config, files, *place) for place in places))


def _manifest(path: Path) -> dict[str, Any]:
    try:
        manifest = json.loads(path.read_bytes())
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}); --bundle is a folder of `nmpu vectors`") from None
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path}: is not JSON ({error}); write the bundle again") from None
    if not isinstance(manifest, dict):
        raise InputError(f"{path}: is not the manifest of a bundle; write the bundle again")
    return manifest


def _verified(folder: Path, name: str, digest: str) -> bytes:
    path = folder / name
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path}: is listed in {MANIFEST}, but cannot be read ({error.strerror})") from None
    if hashlib.sha256(data).hexdigest() != digest:
        raise InputError(f"{path}: its SHA-256 is not the one in {MANIFEST}; it was changed, write the bundle again")
    return data


def _case(folder: Path, config: Config, files: Mapping[str, bytes], suite: str, name: str) -> GoldenCase:
    def content(file: str) -> bytes:
        place = f"{suite}/{name}/{file}"
        if place not in files:
            raise InputError(f"{folder / MANIFEST}: lists case {suite}/{name}, but not its {file}")
        return files[place]

    place = folder / suite / name
    try:
        program = read_program(config, content("program.txt").decode("utf-8", "replace").splitlines(), bank=0)
    except InputError as error:
        raise InputError(f"{place / 'program.txt'}: {error}") from None
    arrays = _arrays(place / "vectors.npz", content("vectors.npz"))
    case = Case(name, program, _traffic(place / "vectors.npz", program, arrays))
    try:
        (golden,) = answer({suite: [case]})
    except InputError as error:
        raise InputError(f"{place / 'vectors.npz'}: {error}") from None
    if not np.array_equal(golden.out, arrays["out"]):
        raise InputError(
            f"{place / 'vectors.npz'}: its out is not what this version's golden model answers; "
            "check with the version that wrote the bundle, or write the bundle again"
        )
    return golden


def _arrays(path: Path, data: bytes) -> dict[str, NDArray[Any]]:
    try:
        return read_npz(data)
    except InputError as error:
        raise InputError(f"{path}: {error}") from None


def _traffic(path: Path, program: Program, arrays: Mapping[str, NDArray[np.integer]]) -> Traffic:
    wanted = ["p", *(["n"] if "n" in program.config.branches else []), *(["rx"] if program.layer.rx_on else []), "out"]
    for name in wanted:
        if name not in arrays:
            raise InputError(f"{path}: has no array {name}")
    return Traffic(arrays["p"], arrays.get("n"), arrays.get("rx"))
