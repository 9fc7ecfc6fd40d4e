"""Classes and permissions: their bits, expressions over them, class maps and classpermissions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from lsmc.modules.selinux.resolve.symbols import Missing, Part, Symbol, Wrong, lookup
from lsmc.modules.selinux.syntax.expressions import number
from lsmc.modules.selinux.syntax.tree import Node

#: What a rule is about: a class and its bits; a class map and its permissions' bits; a
#: classpermission, whose bits have no meaning.
Item = tuple[Symbol, int]
#: Permissions of a class that the kernel can hold.
MAX_PERMISSIONS = 32


class ClassTable:
    """The permissions of classes, and what class maps and classpermissions stand for.

    The value of a class's symbol is the names of its permissions with their bits.
    """

    def __init__(self, root: Part) -> None:
        self.root = root
        self.commons: dict[Symbol, Symbol] = {}
        self.mappings: dict[tuple[Symbol, str], list[Item]] = {}
        self.sets: dict[Symbol, list[Item]] = {}
        self._expanded: dict[Item, tuple[Item, ...]] = {}
        #: What permissions of the root are about, by the identity of the node.
        self.known: dict[int, tuple[Item, ...]] = {}

    def bits(self, cls: Symbol) -> Mapping[str, int]:
        """The bit of each permission of a class or class map, those of its common first."""
        if cls.value is None:
            names = list(cls.statement[2])
            if cls in self.commons:
                names[:0] = self.commons[cls].statement[2]
            cls.value = {str(name): 1 << number for number, name in enumerate(names)}
        found: Mapping[str, int] = cls.value
        return found

    def find(self, part: Part, name: str) -> Symbol:
        """The class or class map of a name; raises `Missing`."""
        found = lookup(self.root, part, "class", name)
        if not isinstance(found, Symbol):
            raise Missing("class", name, "class")
        return found

    def classes(self, part: Part, name: str) -> list[Symbol]:
        """The class of a name, or all classes that a class map maps to; raises `Missing`."""
        return sorted({cls for cls, _ in self.expand(self._whole(part, name))}, key=_number)

    def _whole(self, part: Part, name: str) -> tuple[Item, ...]:
        cls = self.find(part, name)
        if cls.kind == "class":
            return ((cls, 0),)
        return ((cls, sum(self.bits(cls).values())),)

    def items(self, part: Part, node: Node) -> tuple[Item, ...]:
        """What permissions in a rule are about; raises `Missing`."""
        if part.plain and id(node) in self.known:
            return self.known[id(node)]
        if isinstance(node, str):
            found = lookup(self.root, part, "classpermission", node)
            if not isinstance(found, Symbol):
                raise Missing("classpermission", node, "classpermission")
            if found.statement[1] == "":  # written in an argument
                return self.items(found.part, found.statement[2])
            return ((found, 0),)
        cls = self.find(part, str(node[0]))
        items = ((cls, mask(node[1], self.bits(cls), cls.name)),)
        if part.plain:
            self.known[id(node)] = items
        return items

    def expand(self, items: Sequence[Item], above: tuple[Item, ...] = ()) -> tuple[Item, ...]:
        """The classes and bits that items come to; raises `Wrong` for what contains itself."""
        if len(items) == 1 and items[0][0].kind == "class":
            return tuple(items)
        total: dict[Symbol, int] = {}
        for item in items:
            for cls, bits in self._one(item, above):
                total[cls] = total.get(cls, 0) | bits
        return tuple(total.items())

    def _one(self, item: Item, above: tuple[Item, ...]) -> tuple[Item, ...]:
        symbol, bits = item
        if symbol.kind == "class":
            return (item,)
        known = self._expanded.get(item)
        if known is not None:
            return known
        if item in above:
            raise Wrong("self-reference", f"the permissions of `{symbol.name}` contain themselves")
        inner: list[Item] = []
        if symbol.kind == "classpermission":
            inner = self.sets.get(symbol, [])
            if not inner:
                message = f"classpermission `{symbol.name}` has no permissions"
                raise Wrong("incomplete-policy", message, "write a classpermissionset")
        for name, bit in self.bits(symbol).items() if symbol.kind == "classmap" else ():
            if bit & bits:
                mapped = self.mappings.get((symbol, name))
                if not mapped:
                    message = f"`{name}` of class map `{symbol.name}` is mapped to nothing"
                    raise Wrong("incomplete-policy", message, "write a classmapping")
                inner += mapped
        found = self._expanded[item] = self.expand(inner, (*above, item))
        return found


def _number(symbol: Symbol) -> int:
    return symbol.number


def mask(node: Node, bits: Mapping[str, int], cls: str) -> int:
    """The bits of a permission expression; raises `Missing`."""
    if isinstance(node, str):
        bit = bits.get(node)
        if bit is None:
            message = f"class `{cls}` has no permission `{node}`"
            raise Missing("permission", node, "permission", tuple(bits), message)
        return bit
    operator = node[0]
    if operator == "all" and len(node) == 1:
        return sum(bits.values())
    if operator == "not":
        return sum(bits.values()) & ~mask(node[1], bits, cls)
    if isinstance(operator, str) and operator in _LOGIC:
        return _LOGIC[operator](mask(node[1], bits, cls), mask(node[2], bits, cls))
    found = 0
    for one in node:
        found |= mask(one, bits, cls)
    return found


_LOGIC: dict[str, Callable[[int, int], int]] = {
    "and": lambda one, other: one & other,
    "or": lambda one, other: one | other,
    "xor": lambda one, other: one ^ other,
}


def numbers(node: Node) -> list[tuple[int, int]]:
    """The numbers of an expression over ioctl commands, as ranges, ascending and apart."""
    spans: list[tuple[int, int]] = []
    for first, last in sorted(_spans(node)):
        if spans and first <= spans[-1][1] + 1:
            spans[-1] = (spans[-1][0], max(spans[-1][1], last))
        else:
            spans.append((first, last))
    return spans


_TOP = 0xFFFF


def _spans(node: Node) -> list[tuple[int, int]]:
    if isinstance(node, str):
        value = number(node, _TOP)
        assert value is not None
        return [(value, value)]
    operator, rest = node[0], node[1:]
    if operator == "all":
        return [(0, _TOP)]
    if operator == "range":
        low, high = _spans(rest[0])[0][0], _spans(rest[1])[0][0]
        return [(low, high)] if low <= high else []
    if operator == "not":
        return _without([(0, _TOP)], numbers(rest[0]))
    if operator in ("and", "or", "xor"):
        one, other = numbers(rest[0]), numbers(rest[1])
        both = _without(one, _without(one, other))
        if operator == "and":
            return both
        return [*_without(one, both), *_without(other, both), *(both if operator == "or" else ())]
    return [span for part in node for span in _spans(part)]


def _without(
    spans: Sequence[tuple[int, int]], less: Sequence[tuple[int, int]]
) -> list[tuple[int, int]]:
    left = list(spans)
    for first, last in less:
        cut: list[tuple[int, int]] = []
        for low, high in left:
            if low < first:
                cut.append((low, min(high, first - 1)))
            if high > last:
                cut.append((max(low, last + 1), high))
        left = cut
    return left
