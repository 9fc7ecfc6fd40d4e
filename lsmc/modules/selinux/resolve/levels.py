"""Sensitivities, categories, levels, ranges and contexts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from lsmc.modules.selinux.resolve.symbols import Missing, Part, Symbol, Wrong, lookup
from lsmc.modules.selinux.syntax.tree import Node

Value = TypeVar("Value")


class Levels:
    """Finds levels, ranges and contexts by name or as they are written.

    A level is a sensitivity's symbol and a mask of categories.  A range has two levels.  A context
    has the symbols of user, role and type, and a range.

    Attributes:
        sensitivities: the symbols of sensitivities in their order.
        categories: the bit of each category.
        allowed: the categories that may stand with each sensitivity.
    """

    def __init__(self, root: Part) -> None:
        self.root = root
        self.sensitivities: dict[Symbol, int] = {}
        self.categories: dict[Symbol, int] = {}
        self.allowed: dict[Symbol, int] = {}
        self._open: set[Symbol] = set()

    def find(self, part: Part, namespace: str, name: str) -> Symbol:
        """What a name stands for, aliases followed; raises `Missing`."""
        found = lookup(self.root, part, namespace, name)
        if not isinstance(found, Symbol):
            raise Missing(namespace, name, namespace)
        return actual(found)

    def _named(self, symbol: Symbol, make: Callable[[Part, Node], Value]) -> Value:
        """The value of a named level, range, context or set of categories."""
        if symbol.value is None:
            if symbol in self._open:
                raise Wrong("self-reference", f"{symbol.kind} `{symbol.name}` refers to itself")
            self._open.add(symbol)
            try:
                symbol.value = make(symbol.part, symbol.statement[2])
            finally:
                self._open.discard(symbol)
        value: Value = symbol.value
        return value

    def mask(self, part: Part, node: Node) -> int:
        """The categories of an expression."""
        if isinstance(node, str):
            symbol = self.find(part, "category", node)
            if symbol.kind == "categoryset":
                return self._named(symbol, self.mask)
            return 1 << self.categories[symbol] if symbol in self.categories else 0
        operator, rest = node[0], node[1:]
        if operator == "all":
            return (1 << len(self.categories)) - 1
        if operator == "not":
            return (1 << len(self.categories)) - 1 & ~self.mask(part, rest[0])
        if operator == "range":
            low, high = (self._category(part, str(one)) for one in rest)
            if low > high:
                raise Wrong("wrong-order", f"category `{rest[0]}` comes after `{rest[1]}`")
            return (1 << high + 1) - (1 << low)
        if operator in ("and", "or", "xor"):
            one, other = self.mask(part, rest[0]), self.mask(part, rest[1])
            if operator == "and":
                return one & other
            return one | other if operator == "or" else one ^ other
        found = 0
        for each in node:
            found |= self.mask(part, each)
        return found

    def _category(self, part: Part, name: str) -> int:
        symbol = self.find(part, "category", name)
        if symbol not in self.categories:
            raise Wrong("wrong-kind", f"`{name}` is no single category in the order of categories")
        return self.categories[symbol]

    def level(self, part: Part, node: Node) -> tuple[Symbol, int]:
        """The level that a node names or writes."""
        if isinstance(node, str):
            return self._named(self.find(part, "level", node), self.level)
        sensitivity = self.find(part, "sensitivity", str(node[0]))
        return sensitivity, self.mask(part, node[1]) if len(node) == 2 else 0

    def range(self, part: Part, node: Node) -> tuple[tuple[Symbol, int], tuple[Symbol, int]]:
        """The range that a node names or writes."""
        if isinstance(node, str):
            return self._named(self.find(part, "levelrange", node), self.range)
        return self.level(part, node[0]), self.level(part, node[1])

    def context(self, part: Part, node: Node) -> tuple[Symbol, Symbol, Symbol, Any]:
        """The context that a node names or writes."""
        if isinstance(node, str):
            return self._named(self.find(part, "context", node), self.context)
        user = self._exactly(part, "user", str(node[0]))
        role = self._exactly(part, "role", str(node[1]))
        type_ = self._exactly(part, "type", str(node[2]))
        return user, role, type_, self.range(part, node[3])

    def _exactly(self, part: Part, kind: str, name: str) -> Symbol:
        symbol = self.find(part, kind, name)
        if symbol.kind != kind:
            raise Wrong("wrong-kind", f"`{name}` is a {symbol.kind}; a context takes a {kind}")
        return symbol

    # What must hold of levels

    def wrong_range(self, low: tuple[Symbol, int], high: tuple[Symbol, int]) -> str:
        """Why no range has these ends, or an empty text."""
        if self.sensitivities.get(low[0], 0) > self.sensitivities.get(high[0], 0):
            return f"`{high[0].name}` does not dominate `{low[0].name}`"
        if low[1] & ~high[1]:
            return "the low level has categories that the high level has not"
        for sensitivity, mask in (low, high):
            wrong = mask & ~self.allowed.get(sensitivity, 0)
            if wrong:
                names = [one.name for one, bit in self.categories.items() if wrong >> bit & 1]
                return f"category `{names[0]}` may not stand with sensitivity `{sensitivity.name}`"
        return ""


def actual(symbol: Symbol) -> Symbol:
    """What an alias stands for, in the end; raises `Missing` for one that stands for nothing."""
    seen = {symbol}
    while symbol.kind.endswith("alias"):
        if symbol.actual is None:
            raise Missing("what stands for the alias", symbol.name)
        symbol = symbol.actual
        if symbol in seen:
            raise Wrong("self-reference", f"alias `{symbol.name}` stands for itself")
        seen.add(symbol)
    return symbol
