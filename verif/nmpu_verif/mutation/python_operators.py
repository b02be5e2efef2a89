"""What can be done to Python: each operator gives the source with one fault.

What is not arithmetic or control is left alone: annotations, decorators, docstrings, and the messages of errors.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass

_COMPARED: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}
_COMPUTED: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Add,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.FloorDiv,
    ast.Pow: ast.Mult,
    ast.LShift: ast.RShift,
    ast.RShift: ast.LShift,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
}
_ORDERED = (ast.Sub, ast.FloorDiv, ast.Mod, ast.Pow, ast.LShift, ast.RShift)
_CALLED = {"min": "max", "max": "min", "any": "all", "all": "any"}


@dataclass(frozen=True)
class Fault:
    """`operator` made `after` of `before`, in the line `line` (from 1); `text` is the whole source with it."""

    operator: str
    line: int
    before: str
    after: str
    text: str


def faults(source: str) -> Iterator[Fault]:
    """Every fault of a module."""
    tree = ast.parse(source)
    same = ast.dump(tree)
    finder = _Finder()
    finder.visit(tree)
    lines = [line.encode() for line in source.splitlines(keepends=True)]
    starts = [sum(len(line) for line in lines[:at]) for at in range(len(lines))]
    data = source.encode()
    for operator, node, new in finder.found:
        assert node.end_lineno is not None and node.end_col_offset is not None
        start, stop = starts[node.lineno - 1] + node.col_offset, starts[node.end_lineno - 1] + node.end_col_offset
        after = ast.unparse(new)
        spliced = f"({after})" if isinstance(new, ast.expr) else after
        text = (data[:start] + spliced.encode() + data[stop:]).decode()
        before = " ".join(data[start:stop].decode().split())
        if ast.dump(ast.parse(text)) != same:
            yield Fault(operator, node.lineno, before, after, text)


class _Finder(ast.NodeVisitor):
    """Collects operator, node, and what takes the node's place."""

    def __init__(self) -> None:
        self.found: list[tuple[str, ast.expr | ast.stmt, ast.expr | ast.stmt]] = []

    def _add(self, operator: str, node: ast.expr | ast.stmt, new: ast.expr | ast.stmt) -> None:
        self.found.append((operator, node, new))

    # -- what is left alone ------------------------------------------------------------------------------------------

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        for part in (*node.args.defaults, *filter(None, node.args.kw_defaults), *node.body):
            self.visit(part)

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        for part in node.body:
            self.visit(part)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        if node.value:
            self.visit(node.value)

    def visit_Raise(self, node: ast.Raise) -> None:
        """Its words are not what a test looks at."""

    def visit_JoinedStr(self, node: ast.JoinedStr) -> None:
        """Text, too."""

    # -- operators ---------------------------------------------------------------------------------------------------

    def visit_Compare(self, node: ast.Compare) -> None:
        for at, operator in enumerate(node.ops):
            for other in _COMPARED[type(operator)]:
                operators = [*node.ops[:at], other(), *node.ops[at + 1 :]]
                self._add("comparison", node, ast.Compare(node.left, operators, node.comparators))
        self.generic_visit(node)

    def visit_BinOp(self, node: ast.BinOp) -> None:
        if other := _COMPUTED.get(type(node.op)):
            self._add("operator", node, ast.BinOp(node.left, other(), node.right))
            self._add("operand", node, node.left)
            self._add("operand", node, node.right)
        if isinstance(node.op, _ORDERED):
            self._add("swapped", node, ast.BinOp(node.right, node.op, node.left))
        self.generic_visit(node)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        if other := _COMPUTED.get(type(node.op)):
            self._add("operator", node, ast.AugAssign(node.target, other(), node.value))
        self._add("removed", node, ast.Pass())
        self.visit(node.value)

    def visit_Constant(self, node: ast.Constant) -> None:
        if isinstance(node.value, bool):
            self._add("constant", node, ast.Constant(not node.value))
        elif isinstance(node.value, int):
            self._add("constant+1", node, ast.Constant(node.value + 1))
            self._add("constant-1", node, ast.Constant(node.value - 1))

    def visit_BoolOp(self, node: ast.BoolOp) -> None:
        other = ast.Or() if isinstance(node.op, ast.And) else ast.And()
        self._add("logic", node, ast.BoolOp(other, node.values))
        for at in range(len(node.values)):
            rest = [*node.values[:at], *node.values[at + 1 :]]
            self._add("dropped-term", node, ast.BoolOp(node.op, rest) if len(rest) > 1 else rest[0])
        self.generic_visit(node)

    def visit_UnaryOp(self, node: ast.UnaryOp) -> None:
        self._add("logic" if isinstance(node.op, ast.Not) else "operator", node, node.operand)
        self.generic_visit(node)

    def visit_IfExp(self, node: ast.IfExp) -> None:
        self._add("swapped", node, ast.IfExp(node.test, node.orelse, node.body))
        self.generic_visit(node)

    def visit_If(self, node: ast.If) -> None:
        for value in (True, False):
            self._add("condition", node.test, ast.Constant(value))
        self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> None:
        if isinstance(node.func, ast.Name) and node.func.id in _CALLED:
            self._add("operator", node.func, ast.Name(_CALLED[node.func.id]))
        for at in range(len(node.args) - 1):
            one, other = node.args[at : at + 2]
            swapped = [*node.args[:at], other, one, *node.args[at + 2 :]]
            self._add("swapped", node, ast.Call(node.func, swapped, node.keywords))
        self.generic_visit(node)

    def visit_Expr(self, node: ast.Expr) -> None:
        if isinstance(node.value, ast.Call):
            self._add("removed", node, ast.Pass())
        self.generic_visit(node)

    def visit_Assign(self, node: ast.Assign) -> None:
        if isinstance(node.targets[0], ast.Subscript):
            self._add("removed", node, ast.Pass())
        self.visit(node.value)
        for target in node.targets:
            self.visit(target)
