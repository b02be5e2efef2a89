"""What a mutant is tried with."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import nmpu_model
import nmpu_spec
import nmpu_verif
from nmpu_verif.mutation.mutant import Mutant, digest


class DoesNotCompileError(Exception):
    """The mutant is no program at all: it says nothing about the tests."""


@dataclass(frozen=True)
class Killer:
    """A test of the suite.

    name     as the matrix shows it
    applies  whether it looks at the mutated part at all
    kill     what it found wrong, in a line; None where the mutant survives; may raise `DoesNotCompileError`
    digest   of all that its answer depends on besides the mutant
    """

    name: str
    applies: Callable[[Mutant], bool]
    kill: Callable[[Mutant], str | None]
    digest: str


def verification_sources(own: str, *patterns: str) -> str:
    """A digest of the benches that match `patterns` (by default all, and what they use), of the definitions and the
    model, and of the killer's `own` file."""
    folder = Path(nmpu_verif.__path__[0])
    files = [Path(own), *(file for pattern in patterns or ("*.py",) for file in folder.glob(pattern))]
    for package in (nmpu_spec, nmpu_model):
        files += Path(package.__path__[0]).rglob("*.py")
    return digest(*(file.read_text("utf-8") for file in sorted(files)))
