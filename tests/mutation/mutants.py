"""The mutants of a source file: each differs from it in one small edit of the syntax tree.

Edited are comparisons, operators, constants, `and`, `or` and `not`, conditions, the conditions of
comprehensions, returned values, and statements that can be left out.  What only speaks to readers
and to type checkers (docstrings, annotations, imports, `__slots__`, aliases of types) is not.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import NamedTuple

_OPERATORS: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.FloorDiv,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.Mult,
    ast.LShift: ast.RShift,
    ast.RShift: ast.LShift,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
    ast.BitXor: ast.BitAnd,
}
_COMPARISONS: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
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
_REMOVABLE = (ast.Assign, ast.AugAssign, ast.Expr, ast.Raise, ast.Continue, ast.Break)
_ALIASES = ("TypeVar", "TypeAlias", "Protocol")


class Mutant(NamedTuple):
    """A changed source, and the edit that made it: the line, what stood there, what stands now."""

    line: int
    before: str
    after: str
    source: str


def mutants(source: str) -> Iterator[Mutant]:
    """All mutants of a source, in the order of their places in its tree."""
    tree = ast.parse(source)
    for parent, name, index, child in _places(tree):
        for changed in _variants(child):
            ast.copy_location(changed, child)
            _put(parent, name, index, changed)
            yield Mutant(
                child.lineno, ast.unparse(child), ast.unparse(changed), ast.unparse(tree) + "\n"
            )
        _put(parent, name, index, child)


def _put(parent: ast.AST, name: str, index: int | None, child: ast.AST) -> None:
    if index is None:
        setattr(parent, name, child)
    else:
        getattr(parent, name)[index] = child


def _places(parent: ast.AST) -> Iterator[tuple[ast.AST, str, int | None, ast.expr | ast.stmt]]:
    """Every statement and expression below a node, with where it hangs; parents first."""
    for name, value in ast.iter_fields(parent):
        if name in {"annotation", "returns", "decorator_list", "bases"}:
            continue
        for index, child in enumerate(value if isinstance(value, list) else [value]):
            if not isinstance(child, ast.AST) or _only_read(child):
                continue
            if isinstance(child, ast.expr | ast.stmt):
                yield parent, name, index if isinstance(value, list) else None, child
            yield from _places(child)


def _only_read(node: ast.AST) -> bool:
    """Whether a node says nothing to the interpreter that a test could see."""
    match node:
        case ast.Expr(ast.Constant()) | ast.Import() | ast.ImportFrom() | ast.Assert():
            return True
        case ast.Assign([ast.Name("__slots__" | "__all__")]):
            return True
        case ast.Assign(value=ast.Subscript(ast.Name("Literal"))):
            return True
        case ast.Assign(value=ast.Call(ast.Name(name))) | ast.AnnAssign(annotation=ast.Name(name)):
            return name in _ALIASES
        case ast.ClassDef(bases=bases):
            return any(word in ast.unparse(base) for base in bases for word in _ALIASES)
        case ast.If(ast.Name("TYPE_CHECKING")):
            return True
    return False


def _variants(node: ast.expr | ast.stmt) -> Iterator[ast.expr | ast.stmt]:
    """What may stand in a node's place."""
    match node:
        case ast.Compare(left, [operator], [right]):
            for other in _COMPARISONS[type(operator)]:
                yield ast.Compare(left, [other()], [right])
        case ast.BinOp(left, operation, right) if type(operation) in _OPERATORS:
            yield ast.BinOp(left, _OPERATORS[type(operation)](), right)
        case ast.AugAssign(target, operation, value):
            yield ast.Assign([target], value)
            yield ast.AugAssign(target, _OPERATORS[type(operation)](), value)
        case ast.BoolOp(joint, operands):
            yield ast.BoolOp(ast.Or() if isinstance(joint, ast.And) else ast.And(), operands)
            for index in range(len(operands)):
                rest = operands[:index] + operands[index + 1 :]
                yield rest[0] if len(rest) == 1 else ast.BoolOp(joint, rest)
        case ast.UnaryOp(_, operand):
            yield operand
        case ast.Constant(bool(value)):
            yield ast.Constant(not value)
        case ast.Constant(int(value)):
            yield ast.Constant(value + 1)
            if value:
                yield ast.Constant(value - 1)
        case ast.Constant(str(value)):
            yield ast.Constant("" if value else "?")
        case ast.Constant(bytes(value)):
            yield ast.Constant(b"" if value else b"?")
        case ast.IfExp(test, body, orelse):
            yield ast.IfExp(test, orelse, body)
        case ast.If(test, body, orelse) if not isinstance(test, ast.Compare):
            yield ast.If(_negated(test), body, orelse)
        case ast.While(test, body, orelse) if not isinstance(test, ast.Compare):
            yield ast.While(_negated(test), body, orelse)
        case ast.Return(ast.expr() as value) if not _is_none(value):
            yield ast.Return(ast.Constant(None))
        case ast.ListComp() | ast.SetComp() | ast.DictComp() | ast.GeneratorExp():
            yield from _unfiltered(node)
    if isinstance(node, _REMOVABLE):
        yield ast.Pass()


def _negated(test: ast.expr) -> ast.expr:
    return ast.UnaryOp(ast.Not(), test)


def _is_none(value: ast.expr) -> bool:
    return isinstance(value, ast.Constant) and value.value is None


def _unfiltered(
    node: ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp,
) -> Iterator[ast.expr]:
    """A comprehension without one of its conditions."""
    for number, loop in enumerate(node.generators):
        if loop.ifs:
            free = ast.comprehension(loop.target, loop.iter, [], loop.is_async)
            loops = [*node.generators[:number], free, *node.generators[number + 1 :]]
            fields = {name: value for name, value in ast.iter_fields(node) if name != "generators"}
            yield type(node)(**fields, generators=loops)
