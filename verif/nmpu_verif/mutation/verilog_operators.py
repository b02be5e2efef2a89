"""What can be done to a statement of the emitted Verilog: each operator gives the statement's value with one fault.

Yosys writes one cell a statement, so a value is an operand, ``~ a``, ``a + b`` or ``a ? b : c``; an operand is a name
with or without a slice, a literal, ``{ ... }`` or ``$signed(...)``.
"""

import re
from collections.abc import Iterator

from nmpu_verif.mutation.verilog_text import VerilogModule

_LITERAL = re.compile(r"\b(\d+)'([hd])([0-9a-f]+)")
_SLICE = re.compile(r"\b([a-z_]\w*)\[(\d+)(?::(\d+))?\]")
_SIGNED = re.compile(r"\$signed\(((?:[^()]|\([^()]*\))*)\)")
_OTHER = {
    "+": "-", "-": "+", "*": "+", "&": "|", "|": "&", "^": "|", "==": "!=", "!=": "==", "<": ">=",
    "<<": ">>", ">>": "<<", ">>>": "<<<",
}  # fmt: skip
_ARITHMETIC = ("+", "-", "*", ">>>")
_SHIFTS = ("<<", ">>", ">>>")

Faults = Iterator[tuple[str, str]]
"""The operator's name and the value with the fault."""


def faults(value: str, module: VerilogModule) -> Faults:
    """Every fault of an expression."""
    for operator in (_constants, _slices, _padding, _signs):
        yield from operator(value, module)
    words = _words(value)
    if len(words) == 2:
        yield from _unary(*words)
    elif len(words) == 3:
        yield from _binary(*words)
    elif len(words) == 5:
        condition, _, yes, _, no = words
        yield "swapped", f"{condition} ? {no} : {yes}"
        yield "condition", yes
        yield "condition", no
    elif value.startswith("{") and not re.search(r"\b(\w+)\[\d+\], \1\[", value):
        items = _items(value)
        for at in range(len(items) - 1):
            swapped = [*items[:at], items[at + 1], items[at], *items[at + 2 :]]
            yield "swapped", f"{{ {', '.join(swapped)} }}"


def _constants(value: str, _: VerilogModule) -> Faults:
    for match in _LITERAL.finditer(value):
        width, base = int(match[1]), match[2]
        number = int(match[3], 16 if base == "h" else 10)
        for name, step in (("constant+1", 1), ("constant-1", -1)):
            changed = (number + step) % (1 << width)
            digits = f"{changed:0{len(match[3])}x}" if base == "h" else f"{changed}"
            yield name, _replaced(value, match, f"{width}'{base}{digits}")


def _slices(value: str, module: VerilogModule) -> Faults:
    for match in _SLICE.finditer(value):
        high, low = int(match[2]), int(match[3] or match[2])
        for name, step in (("shift+1", 1), ("shift-1", -1)):
            if low + step >= 0 and high + step < module.widths.get(match[1], 0):
                end = "" if match[3] is None else f":{low + step}"
                yield name, _replaced(value, match, f"{match[1]}[{high + step}{end}]")


def _padding(value: str, _: VerilogModule) -> Faults:
    """Zeros below a number are a shift to the left that is fixed."""
    for match in re.finditer(r", (\d+)'h0+ \}", value):
        yield "shift+1", _replaced(value, match, f", {int(match[1]) + 1}'h0 }}")
        fewer = int(match[1]) - 1
        yield "shift-1", _replaced(value, match, f", {fewer}'h0 }}" if fewer else " }")


def _signs(value: str, _: VerilogModule) -> Faults:
    for match in _SIGNED.finditer(value):
        yield "signedness", _replaced(value, match, match[1])
        if extended := re.fullmatch(r"\{ \d+'h0+, (.+) \}", match[1]):
            # What was positive is now read as two's complement.
            yield "signedness", _replaced(value, match, f"$signed({{ {extended[1]} }})")
    if " >>> " in value:
        yield "signedness", value.replace(" >>> ", " >> ")


def _unary(operator: str, operand: str) -> Faults:
    if operator in ("~", "!"):
        yield "operator", operand if operator == "~" else f"| {operand}"
    elif operator in ("|", "&"):
        yield "operator", f"{_OTHER[operator]} {operand}"
        items = _items(operand) if operand.startswith("{") else []
        for at in range(len(items)):
            yield "dropped-term", f"{operator} {{ {', '.join([*items[:at], *items[at + 1 :]])} }}"
    elif operator == "^":
        yield "operator", f"| {operand}"
        items = _items(operand)
        for at, item in enumerate(items):
            if not _LITERAL.fullmatch(item):
                yield "dropped-term", f"^ {{ {', '.join([*items[:at], *items[at + 1 :]])} }}"


def _binary(left: str, operator: str, right: str) -> Faults:
    value = f"{left} {operator} {right}"
    yield "operator", f"{left} {_OTHER[operator]} {right}"
    if operator == "<":
        yield "operator", f"{left} <= {right}"
    if operator in ("&", "|", "+", "-"):
        yield "dropped-term", left
        yield "dropped-term", right
    if operator == "-" or operator in _SHIFTS:
        yield "swapped", f"{right} {operator} {left}"
    if operator in _ARITHMETIC:
        # An unsigned one would make all of the expression unsigned.
        one = "$signed(2'h1)" if "$signed" in value else "1'h1"
        yield "result+1", f"({value}) + {one}"
        yield "result-1", f"({value}) - {one}"
    if operator in _SHIFTS:
        yield "shift+1", f"({value}) {operator} 1"
        yield "shift-1", f"({value}) {_OTHER[operator]} 1"


def stuck(value: str, width: int) -> Faults:
    """One bit of a register or an output that does not follow."""
    for bit in range(width):
        mask = 1 << bit
        yield "stuck-1", f"({value}) | {width}'h{mask:x}"
        yield "stuck-0", f"({value}) & {width}'h{(1 << width) - 1 - mask:x}"


def _replaced(value: str, match: re.Match[str], text: str) -> str:
    return value[: match.start()] + text + value[match.end() :]


def _words(value: str) -> list[str]:
    return _split(value, " ")


def _items(concatenation: str) -> list[str]:
    return [item.strip() for item in _split(concatenation[1:-1].strip(), ",")]


def _split(value: str, separator: str) -> list[str]:
    """At the separators that stand in no bracket."""
    depth, parts = 0, [""]
    for letter in value:
        depth += (letter in "{([") - (letter in "})]")
        if letter == separator and not depth:
            parts.append("")
        else:
            parts[-1] += letter
    return parts
