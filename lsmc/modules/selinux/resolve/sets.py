"""Sets of types, roles and users: attributes and the expressions that fill them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from lsmc.modules.selinux.model import Attribute, AttributeSet, SetExpression
from lsmc.modules.selinux.resolve.symbols import Symbol


class Sets:
    """The attributes of one kind.

    Attributes:
        circular: the attributes that are reached from themselves; they are empty here.
    """

    def __init__(
        self,
        members: Sequence[Symbol],
        attributes: Sequence[Symbol],
        given: Iterable[tuple[Symbol, Any, int]],
    ) -> None:
        """`given` are the attribute, expression and place of each statement."""
        self._everything = frozenset(range(len(members)))
        self._first = len(members)
        self._sets: list[dict[SetExpression, int]] = [{} for _ in attributes]
        for attribute, expression, place in given:
            self._sets[attribute.number - self._first].setdefault(_numbered(expression), place)
        self.circular = [one for one in attributes if self._reaches(one.number)]
        self._members: list[frozenset[int] | None] = [None] * len(attributes)
        for symbol in self.circular:
            self._members[symbol.number - self._first] = frozenset()
        self.attributes = tuple(map(self._attribute, attributes))

    def _attribute(self, symbol: Symbol) -> Attribute:
        given = self._sets[symbol.number - self._first]
        sets = tuple(AttributeSet(expression, place) for expression, place in given.items())
        return Attribute(symbol.name, self.members(symbol.number), sets, symbol.place)

    def _reaches(self, start: int) -> bool:
        """Whether an attribute is among those that its expressions name, or these name."""
        seen: set[int] = set()
        stack = [start]
        while stack:
            for expression in self._sets[stack.pop() - self._first]:
                for number in _names(expression):
                    if number == start:
                        return True
                    if number >= self._first and number not in seen:
                        seen.add(number)
                        stack.append(number)
        return False

    def members(self, number: int) -> frozenset[int]:
        """The members that a number of this kind stands for: itself, or those of an attribute."""
        at = number - self._first
        if at < 0:
            return frozenset((number,))
        known = self._members[at]
        if known is None:
            found: set[int] = set()
            for expression in self._sets[at]:
                found |= self.of(expression)
            known = self._members[at] = frozenset(found)
        return known

    def of(self, expression: SetExpression) -> frozenset[int]:
        """The members of an expression."""
        if isinstance(expression, int):
            return self.members(expression)
        operator, *operands = expression
        if operator == "all":
            return self._everything
        if operator == "or" and all(isinstance(one, int) and one < self._first for one in operands):
            return frozenset(operands)  # type: ignore[arg-type]  # numbers, as was just asked
        parts = [self.of(one) for one in operands if not isinstance(one, str)]
        if operator == "not":
            return self._everything - parts[0]
        found = parts[0]
        for part in parts[1:]:
            if operator == "and":
                found &= part
            elif operator == "or":
                found |= part
            else:
                found ^= part
        return found


def _numbered(expression: Any) -> SetExpression:
    if isinstance(expression, Symbol):
        return expression.number
    return (expression[0], *map(_numbered, expression[1:]))


def _names(expression: SetExpression) -> Iterable[int]:
    stack: list[SetExpression | str] = [expression]
    while stack:
        one = stack.pop()
        if isinstance(one, int):
            yield one
        elif isinstance(one, tuple):
            stack.extend(one[1:])
