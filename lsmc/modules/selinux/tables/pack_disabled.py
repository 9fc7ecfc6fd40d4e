"""The allow rules of optionals that are off, as far as their names are known without them.

They decide nothing; they tell whoever misses a permission which name would give it.
"""

from __future__ import annotations

from collections.abc import Iterator

from lsmc.base.source import Source
from lsmc.modules.selinux.model import SELF, Policy
from lsmc.modules.selinux.syntax.reader import Reader
from lsmc.modules.selinux.syntax.tree import Body, Node
from lsmc.modules.selinux.tables.layout import DisabledRule, Section
from lsmc.modules.selinux.tables.pack_rules import records_of, special_target
from lsmc.modules.selinux.tables.places import PlaceTable
from lsmc.modules.selinux.tables.texts import Texts


def pack_disabled(policy: Policy, places: PlaceTable, texts: Texts) -> dict[int, bytes]:
    """The sections of optionals that are off and have such rules."""
    optionals: list[tuple[int, ...]] = []
    rules: list[DisabledRule] = []
    names = _Names(policy)
    reader = Reader()
    for one in policy.disabled:
        start = policy.places.written(one.place)
        span = policy.places.span(start)
        body = reader.read(Source(span.source.path, span.text), start)
        number = len(optionals)
        found = [
            rule._replace(optional=number, place=places.one(rule.place))
            for rule in _rules(names, body)
        ]
        if found:
            rules += found
            optionals.append(
                (
                    *map(texts.number, (one.name, one.kind, one.missing)),
                    *map(places.one, (one.place, one.missing_place)),
                )
            )
    return {
        Section.DISABLED: records_of(optionals),
        Section.DISABLED_RULES: records_of(dict.fromkeys(rules)),
    }


class _Names:
    """The numbers of labels and classes, by names that stand in no block."""

    def __init__(self, policy: Policy) -> None:
        types = len(policy.types)
        self.labels = {one.name: number for number, one in enumerate(policy.types)}
        self.labels |= {one.name: types + at for at, one in enumerate(policy.attributes)}
        self.labels |= policy.type_aliases
        self.labels["self"] = special_target(SELF, types + len(policy.attributes))
        self.classes = {one.name: number for number, one in enumerate(policy.classes)}
        self.permissions = [one.permissions for one in policy.classes]


def _rules(names: _Names, body: Body) -> Iterator[DisabledRule]:
    for rule, place in zip(body.rules, body.rule_places, strict=True):
        if rule[0] == "allow" and len(rule) == 4:
            found = _rule(names, *rule[1:], place)
            if found is not None:
                yield found
    for container in body.containers:
        yield from _rules(names, container.body)


def _rule(
    names: _Names, source: Node, target: Node, access: Node, place: int
) -> DisabledRule | None:
    """A rule of names that are known; None for others, and for permissions with operators."""
    if not isinstance(source, str) or not isinstance(target, str) or isinstance(access, str):
        return None
    labels = names.labels.get(source), names.labels.get(target)
    cls = names.classes.get(access[0]) if isinstance(access[0], str) else None
    if None in labels or cls is None or len(access) != 2 or isinstance(access[1], str):
        return None
    known = names.permissions[cls]
    mask = sum(1 << known.index(one) for one in access[1] if isinstance(one, str) and one in known)
    if not mask:
        return None
    return DisabledRule(labels[0] or 0, labels[1] or 0, cls, mask, 0, place)
