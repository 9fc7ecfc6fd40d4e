"""Merges the ordering statements of classes, sids, sensitivities and categories to one order."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import TypeVar

Item = TypeVar("Item", bound=Hashable)


class Repeated(Exception):
    """An order that puts again what stands elsewhere; the argument is the number of the list."""


def merged(lists: Sequence[Sequence[Item]]) -> tuple[list[Item], list[int]]:
    """One order of some lists, and the numbers of lists that do not link up with the others.

    A list is taken when it has an item in common with the order so far, and continues or completes
    it; lists wait for others.  Raises `Repeated`.
    """
    order: list[Item] = []
    waiting = list(range(len(lists)))
    while waiting:
        left = [number for number in waiting if not _merge(order, lists[number], number)]
        if len(left) == len(waiting):
            return order, left
        waiting = left
    return order, []


def _merge(order: list[Item], new: Sequence[Item], number: int) -> bool:
    """Merge a list into an order; False when it can not be merged yet."""
    if not order:
        if len(set(new)) < len(new):
            raise Repeated(number)
        order.extend(new)
        return True
    at = {item: place for place, item in enumerate(order)}
    first = next((place for place, item in enumerate(new) if item in at), None)
    if first is None or (first and at[new[first]]):
        return False
    result = [*new[:first], *order[: at[new[first]]]]
    old, position = at[new[first]], first
    while old < len(order) and position < len(new):
        if order[old] == new[position]:
            result.append(order[old])
            old, position = old + 1, position + 1
        elif order[old] in new[position:]:
            until = position + list(new[position:]).index(order[old])
            result += new[position:until]
            position = until
        elif new[position] in order[old:]:
            until = old + order[old:].index(new[position])
            result += order[old:until]
            old = until
        else:
            return False
    result += [*order[old:], *new[position:]]
    if len(set(result)) < len(result):
        raise Repeated(number)
    order[:] = result
    return True
