"""The items of syntax trees, at whatever depth."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from lsmc.modules.apparmor.syntax import ast


def bodies_of(item: ast.Item) -> Sequence[tuple[ast.Item, ...]]:
    """The bodies directly in an item: one of a profile or a block, two of an `if`."""
    match item:
        case ast.Profile() | ast.Block():
            return (item.body,)
        case ast.If():
            return (item.body, item.orelse)
    return ()


def walk(items: Iterable[ast.Item]) -> Iterator[ast.Item]:
    """Some items and all that is in them, in order of the text."""
    for item in items:
        yield item
        for body in bodies_of(item):
            yield from walk(body)


def atoms(expr: ast.Expr) -> Iterator[ast.Expr]:
    """The parts of a condition that hold neither `not` nor `and` nor `or`, in order of the text."""
    match expr:
        case ast.Not():
            yield from atoms(expr.operand)
        case ast.BoolOp():
            yield from atoms(expr.left)
            yield from atoms(expr.right)
        case _:
            yield expr


def every_body(items: tuple[ast.Item, ...]) -> Iterator[tuple[ast.Item, ...]]:
    """Some items as a body, and every body in them."""
    yield items
    for item in walk(items):
        yield from bodies_of(item)
