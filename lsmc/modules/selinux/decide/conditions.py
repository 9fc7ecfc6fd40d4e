"""Boolean expressions of conditional blocks, in postfix order.

An expression is a sequence of words: an operator of `Operator`, or `BOOLEAN + n` for boolean n.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from enum import IntEnum


class Operator(IntEnum):
    """The operators; the numbers stand in bundles."""

    NOT = 0
    AND = 1
    OR = 2
    XOR = 3
    EQ = 4
    NEQ = 5


#: From this number on, words of an expression are booleans.
BOOLEAN = 16


def holds(expression: Sequence[int], values: Sequence[bool]) -> bool:
    """Whether an expression is true; ValueError for words that are not an expression."""
    stack: list[bool] = []
    try:
        for word in expression:
            if word >= BOOLEAN:
                stack.append(values[word - BOOLEAN])
                continue
            operator = Operator(word)
            right = stack.pop()
            if operator is Operator.NOT:
                stack.append(not right)
                continue
            left = stack.pop()
            if operator is Operator.AND:
                stack.append(left and right)
            elif operator is Operator.OR:
                stack.append(left or right)
            else:
                stack.append((left == right) is (operator is Operator.EQ))
    except IndexError:
        raise ValueError("not an expression") from None
    if len(stack) != 1:
        raise ValueError("not an expression")
    return stack[0]


def booleans(expression: Sequence[int]) -> Iterator[int]:
    """The booleans of an expression, as often as they stand in it."""
    return (word - BOOLEAN for word in expression if word >= BOOLEAN)
