"""The policy IR: what every front end lowers to and every back end reads.

A rule is one pattern a field of its mediation class, the permissions it speaks of for the owner of
an object and for others, and an effect.  Nothing here knows the syntax of a policy language.  One
written rule may lower to several IR rules (a link rule speaks of a path and of a pair of paths);
they share their origin.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Literal

from lsmc.automata.pattern import Pattern
from lsmc.source import Span

Mode = Literal["enforce", "complain", "kill", "unconfined", "default_allow", "prompt"]


class Effect(IntEnum):
    """What a rule does with its permissions, weakest first."""

    PROMPT = 0
    ALLOW = 1
    DENY = 2


@dataclass(frozen=True, slots=True)
class MediationClass:
    """A kind of object: the fields a request has and the permissions it may ask for.

    `permissions` are in bit order.  `specific` are the permissions for which a rule without
    wildcards beats one with them.  `implied` is a pair of permissions: the first, granted with a
    transition that stays in the current profile, brings the second along.
    """

    name: str
    code: int
    fields: tuple[str, ...]
    permissions: tuple[str, ...]
    specific: frozenset[str] = frozenset()
    implied: tuple[str, str] | None = None

    def mask(self, names: Iterable[str]) -> int:
        """The permission bits of some names; KeyError for an unknown one."""
        bits = 0
        for name in names:
            try:
                bits |= 1 << self.permissions.index(name)
            except ValueError:
                raise KeyError(name) from None
        return bits

    def names(self, mask: int) -> tuple[str, ...]:
        """The names of the set bits, in bit order."""
        return tuple(p for i, p in enumerate(self.permissions) if mask >> i & 1)

    @property
    def all(self) -> int:
        """Every permission bit."""
        return (1 << len(self.permissions)) - 1

    @property
    def specific_mask(self) -> int:
        """The bits of `specific`."""
        return self.mask(self.specific)


@dataclass(frozen=True, slots=True)
class Transition:
    """What an allowed execution does with the subject's profile.

    `kind` names the first choice; `name` is the named profile (for `child`, relative to the current
    profile).  When the choice does not exist, `inherit` stays in the current profile, `unconfined`
    leaves confinement, neither refuses.  `unsafe` keeps the environment.
    """

    kind: Literal["inherit", "unconfined", "attach", "attach-child", "profile", "child", "stack"]
    name: str = ""
    inherit: bool = False
    unconfined: bool = False
    unsafe: bool = False


@dataclass(frozen=True, slots=True)
class Rule:
    """One pattern a field, and what holds for the objects that match.

    `owner` and `other` are the permission bits for a subject that owns the object and for any
    other; `exact` tells that no field has a wildcard.
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


@dataclass(frozen=True, slots=True, eq=False)
class Unit:
    """The rules that one source text gives under one set of variable values; shared by profiles."""

    rules: tuple[Rule, ...]
    key: str = ""


@dataclass(frozen=True, slots=True)
class Use:
    """A unit in a profile: the chain of places whose include brought it in, outermost first."""

    unit: Unit
    via: tuple[Span, ...] = ()


@dataclass(frozen=True, slots=True)
class Attachment:
    """Which executables a profile attaches to: alternative path patterns and xattr conditions."""

    patterns: tuple[Pattern, ...]
    xattrs: tuple[tuple[str, Pattern], ...] = ()


@dataclass(frozen=True, slots=True)
class Profile:
    """A confined subject.

    `name` is the full local name (`parent//child`).  `mediated` are the names of the classes that
    are enforced; a class outside it is allowed.  `settings` holds what is no table row (path flags,
    the signal of kill mode); `rlimits` are (resource, value) with None for infinity.
    """

    name: str
    origin: Span = field(compare=False, repr=False)
    namespace: str = ""
    parent: str = ""
    is_hat: bool = False
    mode: Mode = "enforce"
    audit: bool = False
    attachment: Attachment | None = None
    uses: tuple[Use, ...] = ()
    mediated: frozenset[str] = frozenset()
    settings: tuple[tuple[str, str], ...] = ()
    rlimits: tuple[tuple[str, int | None], ...] = ()

    @property
    def full_name(self) -> str:
        """The name with its namespace, `:ns://name`, or the plain name."""
        return f":{self.namespace}://{self.name}" if self.namespace else self.name


@dataclass(frozen=True, slots=True)
class Policy:
    """Profiles in order of name."""

    profiles: tuple[Profile, ...]
