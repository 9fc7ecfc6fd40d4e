"""Rules that give a value, such as the type of a new object: where two policies differ."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import NamedTuple

from lsmc.modules.selinux.context.levels import format_range
from lsmc.modules.selinux.diff.bdd import TRUE, Diagrams
from lsmc.modules.selinux.diff.effective import bits_of
from lsmc.modules.selinux.diff.sides import Side
from lsmc.modules.selinux.tables.layout import NOTHING, TYPE_RULE_KINDS


class Group(NamedTuple):
    """Rules of one kind: the keyword, the class, and a name or a role, or nothing."""

    keyword: str
    cls: str
    name: str


class Assignment(NamedTuple):
    """A rule: its sources as bits, its label and target by number, when it holds, its value."""

    group: Group
    sources: int
    source: int
    target: int
    node: int
    value: str


#: Values, each with the diagram of when it holds.
Values = frozenset[tuple[int, str]]


class Reassignment(NamedTuple):
    """Pairs that two policies give different values; each value by when it holds, in words."""

    group: Group
    sources: int
    targets: int
    before: str | None
    after: str | None


def _assignments(side: Side) -> Iterator[Assignment]:
    tables, names = side.tables, side.tables.names
    for rule in tables.type_rules:
        group = Group(TYPE_RULE_KINDS[rule.kind], names.classes[rule.cls], "")
        node = TRUE if rule.truth == NOTHING else side.node(rule.truth)
        value = names.types[rule.result]
        sources = side.members(rule.source)
        yield Assignment(group, sources, rule.source, rule.target, node, value)
    for named in tables.named_transitions:
        group = Group("typetransition", names.classes[named.cls], names.texts[named.name])
        value, sources = names.types[named.result], side.members(named.source)
        yield Assignment(group, sources, named.source, named.target, TRUE, value)
    for spanned in tables.range_transitions:
        group = Group("rangetransition", names.classes[spanned.cls], "")
        value = format_range(tables.range(spanned.low, spanned.high), names.levels)
        sources = side.members(spanned.source)
        yield Assignment(group, sources, spanned.source, spanned.target, TRUE, value)
    for turned in tables.role_transitions:
        role = names.roles[turned.source]
        group = Group("roletransition", names.classes[turned.cls], role)
        yield Assignment(group, 1, -1, turned.target, TRUE, names.roles[turned.result])


def reassignments(old: Side, new: Side) -> Iterator[Reassignment]:
    """Where two policies give different values, pairs with the same change together."""
    sides = (_by_meaning(old), _by_meaning(new))
    areas: dict[tuple[Group, int], int] = defaultdict(int)
    for side, mine, others in ((old, sides[0], sides[1]), (new, sides[1], sides[0])):
        for key in mine.keys() - others.keys():
            rule = mine[key]
            for bit in bits_of(rule.sources):
                areas[rule.group, bit] |= side.targets(bit, rule.source, rule.target)
    by_group: list[dict[Group, list[Assignment]]] = [defaultdict(list), defaultdict(list)]
    for found, index in zip(sides, by_group, strict=True):
        for rule in found.values():
            index[rule.group].append(rule)
    groups: dict[tuple[Group, int, Values, Values], int] = defaultdict(int)
    for (group, source), region in areas.items():
        before = _values(old, by_group[0].get(group, []), source, region)
        after = _values(new, by_group[1].get(group, []), source, region)
        for targets, was in before:
            for also, now in after:
                if was != now and targets & also:
                    groups[group, targets & also, was, now] |= 1 << source
    diagrams = old.common.diagrams
    for (group, targets, was, now), sources in groups.items():
        yield Reassignment(group, sources, targets, _text(diagrams, was), _text(diagrams, now))


def _by_meaning(side: Side) -> dict[tuple[object, ...], Assignment]:
    """The rules of a policy by what they say, in terms that both policies share."""
    labels = len(side.tables.names.labels)
    found: dict[tuple[object, ...], Assignment] = {}
    for rule in _assignments(side):
        special = rule.target - labels
        target = side.members(rule.target) if special < 0 else ("special", special)
        found[rule.group, rule.sources, target, rule.node, rule.value] = rule
    return found


def _values(
    side: Side, rules: list[Assignment], source: int, region: int
) -> list[tuple[int, Values]]:
    """The targets of a region, as bits, with the values that they get from a source."""
    parts: list[tuple[int, Values]] = [(region, frozenset())]
    for rule in rules:
        if not rule.sources >> source & 1:
            continue
        targets = side.targets(source, rule.source, rule.target)
        following: list[tuple[int, Values]] = []
        for bits, values in parts:
            if bits & targets:
                following.append((bits & targets, values | {(rule.node, rule.value)}))
            if bits & ~targets:
                following.append((bits & ~targets, values))
        parts = following
    return [(bits, _deciding(values)) for bits, values in parts]


def _deciding(values: Values) -> Values:
    """A value that always holds goes before those that hold by booleans."""
    return frozenset(one for one in values if one[0] == TRUE) or values


def _text(diagrams: Diagrams, values: Values) -> str | None:
    texts = sorted(
        value if node == TRUE else f"{value} if {diagrams.text(node)}" for node, value in values
    )
    return ", ".join(texts) or None
