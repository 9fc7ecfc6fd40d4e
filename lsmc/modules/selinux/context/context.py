"""Security contexts: reading, checking and writing them as the kernel does.

The rules are those of `security_context_to_sid`, `policydb_context_isvalid` and
`mls_context_isvalid` of Linux; of the role `object_r` the kernel asks only that the levels exist.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

from lsmc.base.errors import did_you_mean
from lsmc.modules.selinux.context.levels import (
    Level,
    LevelNames,
    Range,
    contains,
    dominates,
    format_range,
    parse_range,
)

#: The name of the role of objects.
OBJECT_ROLE = "object_r"


class Context(NamedTuple):
    """A security context as numbers; both levels are `NO_LEVEL` in a policy without levels."""

    user: int
    role: int
    type: int
    low: Level
    high: Level

    @property
    def range(self) -> Range:
        """The range of its levels."""
        return Range(self.low, self.high)


class Invalid(NamedTuple):
    """Why a text is not a context of a policy."""

    reason: str


class Grammar(NamedTuple):
    """What reading and checking contexts needs of a policy.

    Attributes:
        users, roles, types: the numbers of names; `types` has aliases and no attributes.
        user_names, role_names, type_names: the names of numbers.
        levels: the names of levels, None for a policy without.
        user_roles: (user, role) whether the user has the role.
        role_types: (role, type) whether the role has the type.
        user_range: the range of a user.
        categories: the categories of a sensitivity, as bits.
    """

    users: Mapping[str, int]
    roles: Mapping[str, int]
    types: Mapping[str, int]
    user_names: Sequence[str]
    role_names: Sequence[str]
    type_names: Sequence[str]
    levels: LevelNames | None
    user_roles: Callable[[int, int], bool]
    role_types: Callable[[int, int], bool]
    user_range: Callable[[int], Range]
    categories: Callable[[int], int]


NO_LEVEL = Level(0, 0)


def parse_context(text: str, grammar: Grammar) -> Context | Invalid:
    """The context that a text is; `Invalid` for one that the kernel refuses, with the reason."""
    parts = text.split(":", 3)
    if len(parts) < 3:
        return Invalid("a context is `user:role:type:level`")
    user = grammar.users.get(parts[0])
    if user is None:
        return _unknown("user", parts[0], grammar.users)
    role = grammar.roles.get(parts[1])
    if role is None:
        return _unknown("role", parts[1], grammar.roles)
    number = grammar.types.get(parts[2])
    if number is None:
        return _unknown("type", parts[2], grammar.types)
    if grammar.levels is None:
        if len(parts) > 3:
            return Invalid("the policy has no levels")
        span: Range | None = Range(NO_LEVEL, NO_LEVEL)
    elif len(parts) < 4:
        return Invalid("the level is missing")
    else:
        span = parse_range(parts[3], grammar.levels)
    if span is None:
        return Invalid(f"the policy has no level `{parts[3]}`")
    context = Context(user, role, number, *span)
    fault = fault_of(context, grammar)
    return context if fault is None else Invalid(fault)


def _unknown(what: str, name: str, known: Iterable[str]) -> Invalid:
    question = did_you_mean(name, known)
    return Invalid(f"the policy has no {what} `{name}`{question and f'; {question}'}")


def fault_of(context: Context, grammar: Grammar) -> str | None:
    """Why a context is not valid, None when it is."""
    user, role = grammar.user_names[context.user], grammar.role_names[context.role]
    if role != OBJECT_ROLE:
        if not grammar.role_types(context.role, context.type):
            return f"role `{role}` may not have type `{grammar.type_names[context.type]}`"
        if not grammar.user_roles(context.user, context.role):
            return f"user `{user}` may not have role `{role}`"
    if grammar.levels is None:
        return None
    for level in context.range:
        if level.categories & ~grammar.categories(level.sensitivity):
            name = grammar.levels.sensitivity_names[level.sensitivity]
            return f"sensitivity `{name}` does not have all these categories"
    if not dominates(context.high, context.low):
        return "the high level does not dominate the low one"
    if role != OBJECT_ROLE and not contains(grammar.user_range(context.user), context.range):
        span = format_range(grammar.user_range(context.user), grammar.levels)
        return f"the range lies outside of {span}, that of user `{user}`"
    return None


def format_context(context: Context, grammar: Grammar) -> str:
    """The canonical text of a context."""
    names = (
        grammar.user_names[context.user],
        grammar.role_names[context.role],
        grammar.type_names[context.type],
    )
    if grammar.levels is None:
        return ":".join(names)
    return ":".join((*names, format_range(context.range, grammar.levels)))
