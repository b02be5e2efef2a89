"""Symbolic integers: the definitions of `nmpu_spec`, written for Python's ints, run on solver terms unchanged.

So a specification is no second text: `evaluate` runs, say, `Compression.apply` itself, once for each way through its
branches, and joins the results.
"""

from collections.abc import Callable, Mapping
from typing import Any

import z3


class Int:
    """A signed bit vector that is as wide as its value may need: no operation overflows."""

    def __init__(self, term: z3.BitVecRef) -> None:
        self.term = term

    @classmethod
    def of(cls, value: "Int | Bool | int") -> "Int":
        if isinstance(value, Int):
            return value
        if isinstance(value, Bool):
            return cls(z3.If(value.term, z3.BitVecVal(1, 2), z3.BitVecVal(0, 2)))
        return cls(z3.BitVecVal(value, value.bit_length() + 1))

    @classmethod
    def raw(cls, term: z3.BitVecRef, signed: bool) -> "Int":
        """The number that wires carry."""
        return cls(term if signed else z3.ZeroExt(1, term))

    @property
    def width(self) -> int:
        return int(self.term.size())

    def extended(self, width: int) -> z3.BitVecRef:
        return z3.SignExt(width - self.width, self.term) if width > self.width else self.term

    def __add__(self, other: "Int | Bool | int") -> "Int":
        left, right = _same_width(self, Int.of(other), 1)
        return Int(left + right)

    __radd__ = __add__

    def __sub__(self, other: "Int | int") -> "Int":
        left, right = _same_width(self, Int.of(other), 1)
        return Int(left - right)

    def __rsub__(self, other: int) -> "Int":
        return Int.of(other) - self

    def __neg__(self) -> "Int":
        return 0 - self

    def __mul__(self, other: "Int | int") -> "Int":
        right = Int.of(other)
        width = self.width + right.width
        return Int(self.extended(width) * right.extended(width))

    __rmul__ = __mul__

    def __lshift__(self, bits: int) -> "Int":
        return Int(z3.Concat(self.term, z3.BitVecVal(0, bits))) if bits else self

    def __rshift__(self, bits: int) -> "Int":
        bits = min(bits, self.width - 1)
        return Int(z3.Extract(self.width - 1, bits, self.term))

    def __mod__(self, other: int) -> "Int":
        bits = other.bit_length() - 1
        if other != 1 << bits:
            left, right = _same_width(self, Int.of(other))
            return Int(left % right)  # the sign follows the divisor, as in Python
        return Int(z3.ZeroExt(1, z3.Extract(bits - 1, 0, self.extended(bits)))) if bits else Int.of(0)

    def __divmod__(self, other: int) -> "tuple[Int, Int]":
        return self >> (other.bit_length() - 1), self % other

    def __lt__(self, other: "Int | int") -> "Bool":
        left, right = _same_width(self, Int.of(other))
        return Bool(left < right)

    def __le__(self, other: "Int | int") -> "Bool":
        left, right = _same_width(self, Int.of(other))
        return Bool(left <= right)

    def __gt__(self, other: "Int | int") -> "Bool":
        left, right = _same_width(self, Int.of(other))
        return Bool(left > right)

    def __ge__(self, other: "Int | int") -> "Bool":
        left, right = _same_width(self, Int.of(other))
        return Bool(left >= right)

    def __eq__(self, other: object) -> "Bool":  # type: ignore[override]
        assert isinstance(other, Int | int)
        left, right = _same_width(self, Int.of(other))
        return Bool(left == right)

    def __ne__(self, other: object) -> "Bool":  # type: ignore[override]
        return Bool(z3.Not((self == other).term))

    def __bool__(self) -> bool:
        return bool(self != 0)

    def __hash__(self) -> int:
        """The same for all: whether two are equal is a question for `Bool`."""
        return 0


class Bool:
    """A symbolic truth value; where Python must know it, `evaluate` takes both ways."""

    _path: "_Path | None" = None

    def __init__(self, term: z3.BoolRef) -> None:
        self.term = term

    def __bool__(self) -> bool:
        assert Bool._path is not None, "a symbolic condition outside of evaluate()"
        return Bool._path.decide(z3.simplify(self.term))


class _Path:
    """One way through the branches: those up to `script` are given, the later ones are true."""

    def __init__(self, script: list[bool]) -> None:
        self.script = script
        self.taken: list[bool] = []
        self.conditions: list[z3.BoolRef] = []
        # Ways that cannot be: the same question asked twice, or three one-bit numbers that all differ.
        self._feasible = z3.SimpleSolver()

    def decide(self, condition: z3.BoolRef) -> bool:
        if z3.is_true(condition) or z3.is_false(condition):
            return z3.is_true(condition)
        if self._feasible.check(condition) == z3.unsat:
            return False
        opposite = z3.simplify(z3.Not(condition))
        if self._feasible.check(opposite) == z3.unsat:
            return True
        place = len(self.taken)
        way = self.script[place] if place < len(self.script) else True
        self.taken.append(way)
        self.conditions.append(condition if way else opposite)
        self._feasible.add(self.conditions[-1])
        return way

    @property
    def condition(self) -> z3.BoolRef:
        """That this way is the one."""
        return z3.simplify(z3.And(self.conditions))

    def following(self) -> list[bool] | None:
        """The script of the next way; None after the last."""
        taken = list(self.taken)
        while taken and not taken[-1]:
            taken.pop()
        return [*taken[:-1], False] if taken else None


def evaluate(function: Callable[[], Any]) -> Int:
    """The number that `function` returns, as a term: every way through its branches, joined."""
    return evaluate_all(lambda: {"": function()})[""]


def evaluate_all(function: Callable[[], Mapping[str, Any]]) -> dict[str, Int]:
    """The same for several numbers, by name."""
    ways: list[tuple[z3.BoolRef, dict[str, Int]]] = []
    script: list[bool] | None = []
    while script is not None:
        Bool._path, before = _Path(script), Bool._path
        try:
            answer = {name: Int.of(value) for name, value in function().items()}
            ways.append((Bool._path.condition, answer))
            script = Bool._path.following()
        finally:
            Bool._path = before
    return {name: choose([(condition, way[name]) for condition, way in ways]) for name in ways[0][1]}


def choose(cases: "list[tuple[z3.BoolRef, Int]]") -> Int:
    """The number of the case that holds; one of them does."""
    width = max(number.width for _, number in cases)
    result = cases[-1][1].extended(width)
    for condition, number in reversed(cases[:-1]):
        result = z3.If(condition, number.extended(width), result)
    return Int(result)


def _same_width(left: Int, right: Int, more: int = 0) -> tuple[z3.BitVecRef, z3.BitVecRef]:
    width = max(left.width, right.width) + more
    return left.extended(width), right.extended(width)
