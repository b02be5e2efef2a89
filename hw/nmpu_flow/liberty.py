"""Liberty, the text format of standard-cell libraries: its grammar, and nothing of its meaning."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from nmpu_spec.errors import InputError

_IGNORED = re.compile(r"/\*.*?\*/|//[^\n]*|\\\r?\n", re.S)
_STATEMENT = re.compile(
    r"""(?P<name>[\w\[\]]+)\s*:\s*(?P<value>"[^"]*"|[^;\n}"]*)"""  # a missing semicolon: the line's end
    r"""|(?P<kind>\w+)\s*\((?P<arguments>(?:"[^"]*"|[^()"])*)\)\s*(?P<open>\{)?"""
    r"|(?P<close>\})"
)


@dataclass
class Group:
    """``kind (arguments) { attribute : value; other (a, b); group ... { } }``"""

    kind: str
    arguments: tuple[str, ...]
    attributes: dict[str, str] = field(default_factory=dict)
    """Also ``other (a, b);``, as ``a,b``. Where one stands twice, the last counts."""
    groups: list["Group"] = field(default_factory=list)

    def of(self, *kinds: str) -> Iterator["Group"]:
        """The groups of these kinds, in their order."""
        return (group for group in self.groups if group.kind in kinds)


def parse(text: str) -> Group:
    """The library group of a Liberty file. Raises `InputError` where the text is not one."""
    file = Group("file", ())
    stack = [file]
    for match in _STATEMENT.finditer(_IGNORED.sub(" ", text)):
        if match["close"]:
            stack.pop()
            if not stack:
                break
        elif match["name"]:
            stack[-1].attributes[match["name"]] = match["value"].strip(' "\t\r')
        elif match["open"]:
            group = Group(match["kind"], tuple(part.strip(' "\t\r\n') for part in match["arguments"].split(",")))
            stack[-1].groups.append(group)
            stack.append(group)
        else:
            stack[-1].attributes[match["kind"]] = match["arguments"].replace('"', "")
    if stack != [file] or len(file.groups) != 1 or file.groups[0].kind != "library":
        raise InputError("liberty: the file is not a Liberty library (it must be one group `library (name) { ... }`)")
    return file.groups[0]
