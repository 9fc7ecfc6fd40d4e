"""The policy IR: what every front end lowers to and every back end reads.

A rule is one pattern a field of its mediation class, the permissions it speaks of for the owner of
an object and for others, and an effect.  Nothing here knows the syntax of a policy language.  One
written rule may lower to several IR rules (a link rule speaks of a path and of a pair of paths);
they share their origin.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from lsmc.automata.pattern import Pattern
from lsmc.base.source import Span
from lsmc.ir.mediation import Effect as Effect
from lsmc.ir.mediation import MediationClass as MediationClass
from lsmc.ir.mediation import Transition as Transition


@dataclass(frozen=True, slots=True)
class Rule:
    """One pattern a field, and what holds for the objects that match.

    `owner` and `other` are the permission bits for a subject that owns the object and for any
    other; `exact` tells that no field has a wildcard.  `adds_log`, `weak`: see
    `lsmc.ir.decision.Facts`.
    """

    cls: MediationClass
    fields: tuple[Pattern, ...]
    owner: int
    other: int
    effect: Effect
    origin: Span = field(compare=False, repr=False)
    audit: bool = False
    priority: int = 0
    exact: bool = False
    transition: Transition | None = None
    adds_log: bool = False
    weak: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Unit:
    """The rules that one source text gives under one set of variable values; shared by profiles."""

    rules: tuple[Rule, ...]
    key: str = ""


class Use(NamedTuple):
    """A unit in a profile: the chain of places whose include brought it in, outermost first."""

    unit: Unit
    via: tuple[Span, ...] = ()


class Attachment(NamedTuple):
    """Which executables a profile attaches to: alternative path patterns and xattr conditions.

    `by_name` tells that the name of the profile is the one path, which then ranks above whatever
    other attachments match it.
    """

    patterns: tuple[Pattern, ...]
    xattrs: tuple[tuple[str, Pattern], ...] = ()
    by_name: bool = False


@dataclass(frozen=True, slots=True)
class Profile:
    """A confined subject.

    `name` is the full local name (`parent//child`).  `mediated` are the names of the classes that
    are enforced; a class outside it is allowed.  `settings` holds what is not a table row (path
    flags, the signal of kill mode); `rlimits` are (resource, value) with None for infinity.
    """

    name: str
    origin: Span = field(compare=False, repr=False)
    namespace: str = ""
    parent: str = ""
    is_hat: bool = False
    mode: str = "enforce"
    audit: bool = False
    attachment: Attachment | None = None
    uses: tuple[Use, ...] = ()
    mediated: frozenset[str] = frozenset()
    settings: tuple[tuple[str, str], ...] = ()
    rlimits: tuple[tuple[str, int | None], ...] = ()

    @property
    def full_name(self) -> str:
        """The name with its namespace, `:ns://name`, or the plain name."""
        return qualified(self.namespace, self.name)

    @property
    def rules(self) -> Iterator[Rule]:
        """The rules of all its units, in order."""
        return (rule for use in self.uses for rule in use.unit.rules)


def qualified(namespace: str, name: str) -> str:
    """The full name of what has a local name in a namespace; empty for that of the policy."""
    return f":{namespace}://{name}" if namespace else name


@dataclass(frozen=True, slots=True)
class Policy:
    """The profiles of one security module, in order of name."""

    module: str
    profiles: tuple[Profile, ...]
