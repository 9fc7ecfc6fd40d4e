"""Checks that no two rules give one question different answers."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator
from typing import NamedTuple

from lsmc.modules.selinux.assertions.pairs import Members, bits
from lsmc.modules.selinux.assertions.report import Violation
from lsmc.modules.selinux.model import SELF, Policy


class _Rule(NamedTuple):
    """A rule: what it is asked by beside types, sources, target, result, condition, place."""

    key: Hashable
    sources: int
    target: int
    result: Hashable
    condition: int
    place: int


def violations(policy: Policy) -> Iterator[Violation]:
    """Rules that contradict earlier ones."""
    members = Members(policy)
    for kind, rules in policy.type_rules.items():
        found = (
            _Rule(cls, members.of(source), target, result, condition, place)
            for source, target, cls, result, condition, place in zip(*rules, strict=True)
        )
        yield from _conflicts(members, kind, found)
    named = (
        _Rule((one.cls, one.name), members.of(one.source), one.target, one.result, 0, one.place)
        for one in policy.named_transitions
    )
    yield from _conflicts(members, "typetransition", named)
    ranges = (
        _Rule(one.cls, members.of(one.source), one.target, one.range, 0, one.place)
        for one in policy.range_transitions
    )
    yield from _conflicts(members, "rangetransition", ranges)
    roles = (
        _Rule((one.source, one.cls), 1, one.target, one.result, 0, one.place)
        for one in policy.role_transitions
    )
    yield from _conflicts(members, "roletransition", roles)


def _conflicts(members: Members, kind: str, rules: Iterable[_Rule]) -> Iterator[Violation]:
    """The rules that say something else than one before, of the same pair of types."""
    seen: dict[tuple[Hashable, int], list[tuple[int, _Rule]]] = {}
    for rule in rules:
        for source in bits(rule.sources):
            targets = 1 << source if rule.target == SELF else members.of(rule.target)
            before = seen.setdefault((rule.key, source), [])
            for others, other in before:
                if others & targets and other.result != rule.result and not _branches(rule, other):
                    message = f"this {kind} contradicts another"
                    related = ((other.place, "the other one"),)
                    yield Violation(rule.place, "conflicting-rules", message, "", related)
                    break
            else:
                before.append((targets, rule))
                continue
            break


def _branches(one: _Rule, other: _Rule) -> bool:
    """Whether two rules stand in the two branches of one condition."""
    if not one.condition or not other.condition:
        return False
    return (one.condition - 1) ^ 1 == other.condition - 1
