"""A written rule, changed: what the change does to what the rule says and to what it matches."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, NamedTuple

from lsmc.automata.algebra import Automaton
from lsmc.ir.decision import Facts
from lsmc.ir.mediation import MediationClass
from lsmc.tables.reach import Reach

#: The rule is gone; a deny rule allows; a permission, or objects are added; others than the owner.
MutationKind = Literal["drop", "allow", "permission", "glob", "owner"]
KINDS: tuple[MutationKind, ...] = ("drop", "allow", "permission", "glob", "owner")


class Mutation(NamedTuple):
    """One change of a rule.

    Attributes:
        kind: the kind of the change.
        text: the rule as it would be written; empty when it is gone.
        facts: what becomes of what a rule of the tables says, None when it is gone.
        widened: a wider language for a rule of the tables: (class, paths of its group, its number
            there); None when it keeps its own.
    """

    kind: MutationKind
    text: str
    facts: Callable[[MediationClass, Facts], Facts | None]
    widened: Callable[[MediationClass, Reach, int], Automaton[Any] | None] | None = None
