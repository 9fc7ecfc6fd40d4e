"""The obvious evaluator: rule by rule over the policy IR, without automata.

It restates what a policy means in the simplest words: which rules match (by trying every way to
match a pattern), which of them count for each permission, where an execution leads, and what
attaches.  Slow, and independent of `lsmc.engine` and the tables, which are held
against it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from lsmc.automata.pattern import Chars, Concat, Literal, Pattern, Star, Union
from lsmc.ir.model import Effect, MediationClass, Policy, Profile, Rule, Transition

PREFERENCE = {Effect.PROMPT: 0, Effect.ALLOW: 1, Effect.DENY: 3}


class Answer(NamedTuple):
    """Permission names after precedence, and the transition of an allowed execution."""

    allow: frozenset[str] = frozenset()
    deny: frozenset[str] = frozenset()
    audit: frozenset[str] = frozenset()
    quiet: frozenset[str] = frozenset()
    prompt: frozenset[str] = frozenset()
    transition: Transition | None = None


def matches(pattern: Pattern, text: bytes) -> bool:
    """Whether a whole text is in a pattern's language."""
    return len(text) in _ends(pattern, text, {0})


def _ends(pattern: Pattern, text: bytes, starts: Iterable[int]) -> set[int]:
    """Where matches that begin at some places may end."""
    ends: set[int] = set()
    match pattern:
        case Literal(wanted):
            ends = {at + len(wanted) for at in starts if text.startswith(wanted, at)}
        case Chars(mask):
            ends = {at + 1 for at in starts if at < len(text) and mask >> text[at] & 1}
        case Star(mask):
            for start in starts:
                at = start
                ends.add(at)
                while at < len(text) and mask >> text[at] & 1:
                    at += 1
                    ends.add(at)
        case Concat(parts):
            ends = set(starts)
            for part in parts:
                ends = _ends(part, text, ends)
        case Union(options):
            ends = {end for option in options for end in _ends(option, text, starts)}
    return ends


def rules_of(profile: Profile) -> Iterator[Rule]:
    """The rules of a profile, those of its includes among them."""
    for use in profile.uses:
        yield from use.unit.rules


def matching(rules: Iterable[Rule], cls: MediationClass, fields: Sequence[bytes]) -> list[Rule]:
    """The rules of a class that match a request, each field by itself."""
    return [
        rule
        for rule in rules
        if rule.cls is cls
        and all(matches(p, text) for p, text in zip(rule.fields, fields, strict=True))
    ]


def answer(rules: Sequence[Rule], cls: MediationClass, owner: bool) -> Answer:
    """What matching rules give, each permission judged for itself."""
    allow, deny, audit, quiet, prompt = (set[str]() for _ in range(5))
    transition = None
    best: dict[str, tuple[int, int]] = {}
    for name in cls.permissions:
        strongest = _strongest(rules, cls, name, owner)
        if not strongest:
            continue
        best[name] = _strength(strongest[0], name in cls.specific)
        if strongest[0].effect is Effect.DENY:
            deny.add(name)
            if not all(rule.audit for rule in strongest):
                quiet.add(name)
        elif strongest[0].effect is Effect.PROMPT:
            prompt.add(name)
        else:
            allow.add(name)
            if any(rule.audit for rule in strongest):
                audit.add(name)
            if cls.implied and name == cls.implied[0]:
                transition = strongest[0].transition
    if transition is not None and transition.inherit and cls.implied:
        execute, brought = cls.implied
        if brought not in best or best[brought] <= best[execute]:
            allow.add(brought)
            deny.discard(brought)
            quiet.discard(brought)
            prompt.discard(brought)
    return Answer(
        frozenset(allow),
        frozenset(deny),
        frozenset(audit),
        frozenset(quiet),
        frozenset(prompt),
        transition,
    )


def _strongest(rules: Sequence[Rule], cls: MediationClass, name: str, owner: bool) -> list[Rule]:
    """The rules that count for one permission: those that no other rule is stronger than."""
    bit = cls.mask((name,))
    speaking = [rule for rule in rules if (rule.owner if owner else rule.other) & bit]
    special = name in cls.specific
    return [
        rule
        for rule in speaking
        if all(_strength(rule, special) >= _strength(other, special) for other in speaking)
    ]


def _strength(rule: Rule, special: bool) -> tuple[int, int]:
    """How strong a rule is: first its priority, then deny, an exact allow, allow, prompt."""
    exact = special and rule.effect is Effect.ALLOW and rule.exact
    return rule.priority, PREFERENCE[rule.effect] + exact


def permissions(
    profile: Profile, cls: MediationClass, fields: Sequence[bytes], *, owner: bool = True
) -> Answer:
    """What a profile's rules give on an object."""
    return answer(matching(rules_of(profile), cls, fields), cls, owner)


# --- attachment and transitions


def attached(policy: Policy, path: bytes, *, parent: str = "", namespace: str = "") -> list[str]:
    """The profiles that attach to a path with the best rank; several are a conflict."""
    found: list[tuple[int, str]] = []
    for profile in policy.profiles:
        if profile.parent != parent or profile.namespace != namespace:
            continue
        if profile.attachment is None or profile.attachment.xattrs:
            continue
        lengths = [
            _literal_start(pattern, path)
            for pattern in profile.attachment.patterns
            if matches(pattern, path)
        ]
        if lengths:
            found.append((max(lengths), profile.full_name))
    best = max((length for length, _ in found), default=0)
    return [name for length, name in found if length == best]


def _literal_start(pattern: Pattern, path: bytes) -> int:
    """The longest beginning of a path that is matched before any star takes a byte."""
    return max((length for length, _ in _before_star(pattern, path, 0)), default=0)


def _before_star(pattern: Pattern, path: bytes, at: int) -> list[tuple[int, bool]]:
    """The ways to match from a place without a star taking a byte: (where it stops, at a star)."""
    match pattern:
        case Literal(text):
            return [(at + len(text), False)] if path.startswith(text, at) else []
        case Chars(mask):
            return [(at + 1, False)] if at < len(path) and mask >> path[at] & 1 else []
        case Star():
            return [(at, True)]
        case Concat(parts):
            ways = [(at, False)]
            for part in parts:
                ways = [
                    way
                    for place, stopped in ways
                    for way in ([(place, True)] if stopped else _before_star(part, path, place))
                ]
            return ways
        case Union(options):
            return [way for option in options for way in _before_star(option, path, at)]


def target(policy: Policy, profile: Profile, transition: Transition, path: bytes) -> str | None:
    """The profile that an allowed execution leads to, None when there is none."""
    names = {p.full_name for p in policy.profiles}

    def named(name: str) -> str | None:
        if name == "unconfined":
            return name
        inside = bool(profile.namespace) and not name.startswith(":")
        full = f":{profile.namespace}://{name}" if inside else name
        return full if full in names else None

    first: str | None = None
    if transition.kind == "inherit":
        first = profile.full_name
    elif transition.kind == "unconfined":
        first = "unconfined"
    elif transition.kind in ("attach", "attach-child"):
        parent = profile.name if transition.kind == "attach-child" else ""
        found = attached(policy, path, parent=parent, namespace=profile.namespace)
        first = found[0] if len(found) == 1 else None
    elif transition.kind == "child":
        first = named(f"{profile.name}//{transition.name}")
    elif transition.kind == "profile":
        first = named(transition.name)
    elif transition.kind == "stack":
        found = attached(policy, path, namespace=profile.namespace)
        added = named(transition.name[1:])
        if len(found) == 1 and added is not None:
            first = found[0] if found[0] == added else f"{found[0]}//&{added}"
    if first is None and transition.inherit:
        return profile.full_name
    if first is None and transition.unconfined:
        return "unconfined"
    return first
