"""The Verilog that `nmpu_flow.verilog.emit` writes, as statements: one cell, register or connection a line."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

_WIDTH = re.compile(
    r"^  (?P<kind>input|output|wire|reg)(?: signed)?(?: \[(?P<high>\d+):0\])? (?P<name>\w+)(?: \[.*\])?;$"
)
_ASSIGN = re.compile(r"^(?P<head>  assign (?P<target>.+?) = )(?P<value>.+)(?P<tail>;)$")
_LOAD = re.compile(
    r"^(?P<head>\s+(?:else )?(?:if \(.+?\) )?(?P<target>\w+(?:\[[\w:]+\])?) <= )(?P<value>.+)(?P<tail>;)$"
)
_CONDITION = re.compile(r"^(?P<head>\s+(?:else )?if \()(?P<value>[^()]+)(?P<tail>\).*)$")
_CONNECTION = re.compile(r"^(?P<head>    \.(?P<target>\w+)\()(?P<value>.+)(?P<tail>\),?)$")
_INSTANCE = re.compile(r"^  (\w+) (\w+) \($")


class Kind(Enum):
    ASSIGN = _ASSIGN
    LOAD = _LOAD
    """A register's next value."""
    CONDITION = _CONDITION
    """Of a register: its reset or its enable."""
    CONNECTION = _CONNECTION
    """A pin of an instance."""


@dataclass(frozen=True)
class Statement:
    """A place where a fault can be: `value` stands between `head` and `tail` in the line numbered `line` (from 0)."""

    kind: Kind
    line: int
    head: str
    target: str
    value: str
    tail: str

    def text(self, value: str) -> str:
        """The line with another value."""
        return f"{self.head}{value}{self.tail}"


class VerilogModule:
    """The text of one module: `name`, `lines`, and `widths` and `directions` of what is declared."""

    def __init__(self, text: str) -> None:
        self.name = re.split(r"\W", text, maxsplit=2)[1]
        self.lines = text.splitlines()
        self.widths: dict[str, int] = {}
        self.directions: dict[str, str] = {}
        for line in self.lines:
            if match := _WIDTH.match(line):
                self.widths[match["name"]] = int(match["high"] or 0) + 1
                if match["kind"] in ("input", "output"):
                    self.directions[match["name"]] = match["kind"]

    def statements(self) -> Iterator[Statement]:
        for number, line in enumerate(self.lines):
            for kind in Kind:
                if match := kind.value.match(line):
                    found = match.groupdict()
                    yield Statement(kind, number, found["head"], found.get("target", ""), found["value"], found["tail"])

    def instances(self) -> Iterator[tuple[str, list[Statement]]]:
        """The module of each instance, and its connections."""
        connections = {found.line: found for found in self.statements() if found.kind is Kind.CONNECTION}
        for number, line in enumerate(self.lines):
            if match := _INSTANCE.match(line):
                end = next(at for at in range(number, len(self.lines)) if self.lines[at].startswith("  );"))
                yield match[1], [connections[at] for at in range(number + 1, end)]

    def width(self, name: str) -> int:
        """Bits of a name with or without a slice; 1 where it is not declared here."""
        if match := re.fullmatch(r"(\w+)\[(\d+)(?::(\d+))?\]", name):
            return int(match[2]) - int(match[3] or match[2]) + 1
        return self.widths.get(name, 1)


def modules(verilog: str) -> list[VerilogModule]:
    """The modules of a design, in their order."""
    return [VerilogModule(text) for text in re.split(r"^(?=module )", verilog, flags=re.M)[1:]]
