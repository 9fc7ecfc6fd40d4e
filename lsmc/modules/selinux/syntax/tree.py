"""The syntax tree of CIL: texts and lists, and bodies of statements.

Quotes are gone from strings: CIL takes `"a"` and `a` for the same.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

#: A text, or a list.
Node = str | tuple["Node", ...]
#: A statement: a list that begins with its keyword.
Statement = tuple[Node, ...]


class Container(NamedTuple):
    """A statement with statements in it: what stands before them, its place and its body."""

    head: Statement
    place: int
    body: Body


@dataclass(slots=True)
class Body:
    """A sequence of statements, with the place of each.

    The rules `allow`, `auditallow`, `dontaudit` and `neverallow`, which most statements are, stand
    apart: their order among other statements means nothing.
    """

    rules: list[Statement] = field(default_factory=list)
    rule_places: list[int] = field(default_factory=list)
    statements: list[Statement] = field(default_factory=list)
    places: list[int] = field(default_factory=list)
    containers: list[Container] = field(default_factory=list)

    def empty(self) -> bool:
        """Whether there is no statement in it."""
        return not (self.rules or self.statements or self.containers)

    def extend(self, other: Body) -> None:
        """Add the statements of another body."""
        self.rules += other.rules
        self.rule_places += other.rule_places
        self.statements += other.statements
        self.places += other.places
        self.containers += other.containers
