"""The one difference between the kernel's answers and lsmc's that is meant.

libsepol 3.4, which writes the kernel's policy for secilc, takes two conditions of booleans for one
where both have the same booleans and the same table of truth, each in the order in which it names
them (`cond_expr_equal` in conditional.c, which compares booleans as a set): `(xor a (xor b a))`,
which is `b`, and `(neq (eq b b) (not a))`, which is `a`.  The rules of the second then hold by the
first.  lsmc follows the text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from itertools import product
from operator import and_, eq, ne, or_
from typing import NamedTuple

NAME = "merged-conditions"
REASON = "libsepol 3.4 merges conditions that name the same booleans in another order"
_BLOCK = re.compile(r"\(booleanif (.*?) (?=\((?:true|false) )")
_WORD = re.compile(r"[()]|[^()\s]+")
_OPERATORS: Mapping[str, Callable[[bool, bool], bool]] = {
    "and": and_,
    "or": or_,
    "xor": ne,
    "neq": ne,
    "eq": eq,
    "not": lambda one, _: not one,
}
_NOT = re.compile(r"\(not (.*)\)")


class _Shape(NamedTuple):
    """What libsepol compares of a condition."""

    booleans: frozenset[str]
    truth: tuple[bool, ...]


@cache
def as_merged(text: str) -> str:
    """A policy with conditions replaced by those that libsepol takes them for."""
    seen: dict[_Shape, str] = {}

    def replaced(found: re.Match[str]) -> str:
        condition, negated = found[1], False
        while inner := _NOT.fullmatch(condition):
            condition, negated = inner[1], not negated
        first = seen.setdefault(_shape(condition), condition)
        return f"(booleanif {f'(not {first})' if negated else first} "

    return _BLOCK.sub(replaced, text)


def _shape(condition: str) -> _Shape:
    words = _WORD.findall(condition)
    names = list(dict.fromkeys(word for word in words if word not in {*_OPERATORS, "(", ")"}))
    values = product((False, True), repeat=len(names))
    tables = [dict(zip(reversed(names), row, strict=True)) for row in values]
    return _Shape(frozenset(names), tuple(_value(iter(words), table) for table in tables))


def _value(words: Iterator[str], table: Mapping[str, bool]) -> bool:
    """The value of the condition that comes next."""
    word = next(words)
    if word != "(":
        return table[word]
    operator, first = next(words), _value(words, table)
    second = operator != "not" and _value(words, table)
    next(words)
    return _OPERATORS[operator](first, second)
