"""What must hold of a policy as a whole once all is resolved: contexts, ranges, repetitions."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from typing import Any, NamedTuple

from lsmc.modules.selinux import model
from lsmc.modules.selinux.resolve.draft import Draft
from lsmc.modules.selinux.syntax.checks import CAPABILITIES

#: Results that the kernel remembers of a constraint and of a condition (`CEXPR_MAXDEPTH`,
#: `COND_EXPR_MAXDEPTH`).
_CONSTRAINT_DEPTH, _CONDITION_DEPTH = 5, 10


class Problem(NamedTuple):
    """An error: its place, name and texts, and a place that belongs to it."""

    place: int
    name: str
    message: str
    help: str = ""


def problems(draft: Draft, policy: model.Policy) -> Iterator[Problem]:
    """All that is wrong with contexts, ranges, capabilities, and what is there twice or not."""
    yield from _ranges(draft)
    yield from _contexts(draft, policy)
    for word, place, _ in draft.of("policycap"):
        if word.lower() not in CAPABILITIES:
            yield Problem(place, "wrong-value", f"no kernel knows the capability `{word}`")
    yield from _repeated(draft, policy)
    yield from _too_deep(draft)
    if not draft.resolver.orders["sid"]:
        yield Problem(0, "incomplete-policy", "the policy has no initial sid", "write a sidorder")
    if not any(rules.source for rules in policy.rules.values()):
        yield Problem(0, "incomplete-policy", "the policy has no access rule")


def _too_deep(draft: Draft) -> Iterator[Problem]:
    """Expressions for which the kernel would have to remember too much at once."""
    nest = "put the longer part of `and` and `or` first, or split it"
    for keyword in ("constrain", "mlsconstrain"):
        for (_, node), place, _ in draft.of(keyword):
            if _remembered(node) > _CONSTRAINT_DEPTH:
                message = f"this expression has more than {_CONSTRAINT_DEPTH} results at once"
                yield Problem(place, "too-many", message, nest)
    for read in draft.resolver.reads:
        known = most = 0
        for word in read.condition:
            known += 1 if not isinstance(word, str) else 0 if word == "not" else -1
            most = max(most, known)
        if most > _CONDITION_DEPTH:
            place = draft.resolver.expansion.place(read.part, read.part.place)
            message = f"this condition has more than {_CONDITION_DEPTH} results at once"
            yield Problem(place, "too-many", message, nest)


def _remembered(node: Any) -> int:
    """The results that are known at once when an expression is evaluated from left to right."""
    if node[0] == "not":
        return _remembered(node[1])
    if node[0] not in ("and", "or"):
        return 1
    return max(_remembered(node[1]), 1 + _remembered(node[2]))


def _ranges(draft: Draft) -> Iterator[Problem]:
    levels = draft.readings.levels
    for keyword in ("levelrange", "userrange"):
        for payload, place, _ in draft.of(keyword):
            ends = payload if keyword == "levelrange" else payload[1]
            if why := levels.wrong_range(*ends):
                yield Problem(place, "invalid-level", why)


def _contexts(draft: Draft, policy: model.Policy) -> Iterator[Problem]:
    """Statements with contexts that no user can have; those of sids are not judged."""
    judged: dict[int, str] = {}
    for place, context in _all_contexts(draft):
        why = judged.get(id(context))
        if why is None:
            why = judged[id(context)] = _invalid(draft, policy, context)
        if why:
            yield Problem(place, "invalid-context", why)


def _all_contexts(draft: Draft) -> Iterator[tuple[int, Any]]:
    yield from ((place, payload) for payload, place, _ in draft.of("context"))
    for keyword in ("filecon", "genfscon", "fsuse", "portcon"):
        for payload, place, _ in draft.of(keyword):
            if payload[-1] is not None:
                yield place, payload[-1]
    for keyword in OTHERS:
        for payload, place, _ in draft.of(keyword):
            yield from ((place, context) for context in payload[1])


def _invalid(draft: Draft, policy: model.Policy, context: Any) -> str:
    """Why a context is invalid, or an empty text."""
    user, role, type_, ends = context
    roles = policy.users[user.number].roles
    if role.number not in roles:
        return f"user `{user.name}` may not have the role `{role.name}`"
    if type_.number not in policy.roles[role.number].types:
        return f"role `{role.name}` may not have the type `{type_.name}`"
    levels = draft.readings.levels
    if why := levels.wrong_range(*ends):
        return why
    limits = policy.users[user.number].range
    if limits is not None:
        low, high = (levels.sensitivities.get(end[0], 0) for end in ends)
        if low < limits.low.sensitivity or high > limits.high.sensitivity:
            return f"user `{user.name}` may not have this range"
    return ""


OTHERS = (
    "netifcon",
    "nodecon",
    "ibpkeycon",
    "ibendportcon",
    "pirqcon",
    "iomemcon",
    "ioportcon",
    "pcidevicecon",
    "devicetreecon",
)

#: What makes two statements of a keyword the same, but for their contexts.
_KEYS: dict[str, Callable[[Any], Hashable]] = {
    "filecon": lambda payload: payload[:2],
    "genfscon": lambda payload: payload[:3],
    "portcon": lambda payload: payload[:3],
    "fsuse": lambda payload: payload[:2],
    **dict.fromkeys(OTHERS, lambda payload: tuple(payload[0])),
}


def _repeated(draft: Draft, policy: model.Policy) -> Iterator[Problem]:
    """Labels that are given twice; modules that are compiled together may repeat a label."""
    places = policy.places
    modules = len(places.sources) > 1
    for keyword, key in _KEYS.items():
        seen: dict[Hashable, tuple[int, Any]] = {}
        for payload, place, _ in sorted(draft.of(keyword), key=lambda one: places.written(one[1])):
            first, context = seen.setdefault(key(payload), (place, payload[-1]))
            if first != place and not (modules and payload[-1] == context):
                file, line = places.lines([first])[0]
                where = f"{places.sources[file].path}:{line}"
                yield Problem(place, "declared-twice", f"there is the same {keyword} at {where}")
