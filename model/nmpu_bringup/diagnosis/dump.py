"""A dump: what a chip answered to the cases of a bundle, or to some of them."""

from collections.abc import Container
from dataclasses import dataclass
from pathlib import Path

from nmpu_bringup.bundle.golden import GoldenCase
from nmpu_bringup.bundle.read import Bundle
from nmpu_bringup.diagnosis.dump_files import READERS, Answer, read_answer
from nmpu_spec.errors import InputError

NAMES = tuple(f"out{suffix}" for suffix in READERS)
"""What a case's file is called in a dump that is a folder."""


@dataclass(frozen=True)
class Dump:
    """What the chip answered, case by case, in the order of the bundle."""

    path: Path
    answers: tuple[tuple[GoldenCase, Answer], ...]
    left_out: tuple[GoldenCase, ...]
    """The cases of the bundle that the dump has no file of."""


def read_dump(path: Path, bundle: Bundle, place: str | None = None) -> Dump:
    """The dump in `path`: a folder with ``<suite>/<case>/out.hex`` (or .csv, .npz), or one such file.

    `place` is the ``suite/case`` of a single file; it is not needed where the file's own comment names it, or where the
    bundle has one case. Raises `InputError` for whatever cannot be compared whole: nothing is skipped silently.
    """
    cases = {golden.place: golden for golden in bundle.cases}
    if path.is_dir():
        if place is not None:
            raise InputError(f"--case {place}: is for a single file, {path} is a folder")
        answers = {name: read_answer(file, bundle.config) for name, file in _in_folder(path, cases).items()}
    else:
        answer = read_answer(path, bundle.config)
        answers = {_place_of(answer, bundle, place): answer}
    for name, answer in answers.items():
        _check(answer, name, bundle)
    return Dump(
        path,
        tuple((golden, answers[name]) for name, golden in cases.items() if name in answers),
        tuple(golden for name, golden in cases.items() if name not in answers),
    )


def _in_folder(folder: Path, places: Container[str]) -> dict[str, Path]:
    files: dict[str, Path] = {}
    for file in sorted(path for path in folder.rglob("*") if path.name in NAMES):
        name = file.parent.relative_to(folder).as_posix()
        if name not in places:
            raise InputError(f"{file}: the bundle has no case {name!r}; files must be <suite>/<case>/{NAMES[0]}")
        if name in files:
            raise InputError(f"{file}: {files[name].name} is there too; keep one of them")
        files[name] = file
    if not files:
        raise InputError(f"{folder}: holds no <suite>/<case>/ with {', '.join(NAMES)}")
    return files


def _place_of(answer: Answer, bundle: Bundle, place: str | None) -> str:
    """The case of a single file: as told, else as the file says, else the only one."""
    known = [golden.place for golden in bundle.cases]
    found = place or answer.place or (known[0] if len(known) == 1 else None)
    if found is None:
        raise InputError(f"{answer.path}: does not say of which case it is; add --case, such as --case {known[0]}")
    if found not in known:
        raise InputError(f"{answer.path}: case {found!r} is not in {bundle.folder}; it has {', '.join(known)}")
    return found


def _check(answer: Answer, place: str, bundle: Bundle) -> None:
    """The file must be of this bundle's configuration and of this case, as far as it says."""
    config, said = bundle.config, answer.config_hash
    if said is not None and (len(said) < 8 or not config.hash.startswith(said)):
        raise InputError(
            f"{answer.path}: is of configuration {said[:16]}, the bundle is of {config.name} {config.hash[:16]}; "
            "check it against its own bundle"
        )
    if answer.place is not None and answer.place != place:
        raise InputError(f"{answer.path}: says that it is of case {answer.place}, but stands for {place}")
