"""The Boolean functions of a Liberty file: ``(A*B)+!C``, also with ``&``, ``|``, ``^``, ``'`` and a blank for AND."""

import re
from collections.abc import Callable, Sequence
from itertools import product

_TOKEN = re.compile(r"[A-Za-z_]\w*(?:\[\d+\])?|[01]|[()!'*&+|^]")


def expression(function: str, name: Callable[[str], str] = lambda pin: pin) -> str:
    """`function` as a Python expression on integers whose bits are independent; `ones` is the integer of all ones.

    `name` gives the text that stands for a pin, and for the constants ``0`` and ``1``.
    """
    return _Reader(function, name).text()


def truth_table(function: str, inputs: Sequence[str]) -> tuple[bool, ...]:
    """The function's values for every combination of `inputs`, the last input fastest.

    Raises `NameError` for a pin that is none of them.
    """
    code = compile(expression(function), function, "eval")
    rows = product((0, 1), repeat=len(inputs))
    return tuple(bool(eval(code, {"ones": 1, **dict(zip(inputs, row, strict=True))})) for row in rows)


class _Reader:
    """Recursive descent, loosest operator first: OR, AND, XOR, NOT, as Liberty ranks them."""

    def __init__(self, function: str, name: Callable[[str], str]) -> None:
        self._tokens = _TOKEN.findall(function)
        self._at = 0
        self._name = name

    def text(self) -> str:
        result = self._and()
        while self._take("+", "|"):
            result = f"({result} | {self._and()})"
        return result

    def _and(self) -> str:
        result = self._xor()
        while self._take("*", "&") or self._next() not in ("", ")", "+", "|"):
            result = f"({result} & {self._xor()})"
        return result

    def _xor(self) -> str:
        result = self._not()
        while self._take("^"):
            result = f"({result} ^ {self._not()})"
        return result

    def _not(self) -> str:
        if self._take("!"):
            return f"(ones ^ {self._not()})"
        if self._take("("):
            result = self.text()
            self._take(")")
        else:
            result = self._name(self._next())
            self._at += 1
        while self._take("'"):
            result = f"(ones ^ {result})"
        return result

    def _next(self) -> str:
        return self._tokens[self._at] if self._at < len(self._tokens) else ""

    def _take(self, *tokens: str) -> bool:
        found = self._next() in tokens
        self._at += found
        return found
