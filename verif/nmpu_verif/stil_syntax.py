"""STIL text to a tree of statements: what every block of IEEE 1450 is made of."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_TOKEN = re.compile(
    r"""(?P<skip>\s+|//[^\n]*|/\*.*?\*/|Ann\s*\{\*.*?\*\})
      | (?P<word>'[^']*'|"[^"\n]*"|[{};]|[^\s{};'"]+)""",
    re.X | re.S,
)


class StilError(ValueError):
    """A pattern that a strict reader refuses: file, line, and why."""


@dataclass(frozen=True)
class Statement:
    """``words ;`` or ``words { body }``; a quoted name or expression is one word."""

    words: tuple[str, ...]
    body: "tuple[Statement, ...] | None"
    place: str
    """File and line of the first word."""

    def fail(self, reason: str) -> StilError:
        return StilError(f"{self.place}: {' '.join(self.words)[:60]}: {reason}")

    @property
    def block(self) -> "tuple[Statement, ...]":
        """The body; raises `StilError` where there is none."""
        if self.body is None:
            raise self.fail("must be a block")
        return self.body


def read_statements(path: Path) -> tuple[Statement, ...]:
    """The statements of a file and, in place of ``Include``, those of the file that it names."""
    words = _words(path)
    statements = _statements(path, words, nested=False)
    if not statements or statements[0].words != ("STIL", "1.0"):
        raise StilError(f"{path}: must begin with STIL 1.0;")
    found: list[Statement] = []
    for statement in statements[1:]:
        if statement.words[0] == "Include":
            found += read_statements(path.parent / statement.words[1].strip('"'))
        else:
            found.append(statement)
    return tuple(found)


def _words(path: Path) -> Iterator[tuple[str, int]]:
    """The words and the lines that they stand on."""
    text = path.read_text("utf-8")
    at, line = 0, 1
    while at < len(text):
        token = _TOKEN.match(text, at)
        if token is None:
            raise StilError(f"{path}:{line}: {text[at : at + 20]!r} is not STIL")
        if token["word"]:
            yield token["word"], line
        line += token[0].count("\n")
        at = token.end()


def _statements(path: Path, words: Iterator[tuple[str, int]], nested: bool) -> tuple[Statement, ...]:
    found: list[Statement] = []
    pending: list[str] = []
    first = 0
    for word, line in words:
        if word not in ("{", "}", ";"):
            first = first if pending else line
            pending.append(word)
            continue
        if bool(pending) == (word == "}"):
            raise StilError(f"{path}:{line}: {word} is not expected here")
        if word == "}":
            if not nested:
                raise StilError(f"{path}:{line}: }} closes nothing")
            return tuple(found)
        body = _statements(path, words, nested=True) if word == "{" else None
        found.append(Statement(tuple(pending), body, f"{path}:{first}"))
        pending = []
    if nested or pending:
        raise StilError(f"{path}: ends in the middle of a block or statement")
    return tuple(found)
