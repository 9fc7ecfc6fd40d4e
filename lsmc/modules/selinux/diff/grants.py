"""Where two policies may grant different things, and where they do.

Rules that both policies have can only differ where an attribute has other members.  So the rules
that one of them has alone, and the members that changed, give the pairs of types to compare.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from lsmc.modules.selinux.diff.bdd import TRUE
from lsmc.modules.selinux.diff.constraints import about_types
from lsmc.modules.selinux.diff.effective import Effective, bits_of, pairs
from lsmc.modules.selinux.diff.sides import Common, Side
from lsmc.modules.selinux.tables.layout import DENY, MASK_BITS, NOTHING

#: Keys of targets that are no labels: the special ones, below those of labels.
_SPECIAL = -1
#: Groups of pairs with the same change that are told one by one.
_MOST_ALIKE = 16


class Area(NamedTuple):
    """Pairs of types to compare: the targets as bits, and the permissions as bits of a grant."""

    targets: int
    bits: int


class Difference(NamedTuple):
    """Pairs of types that two policies treat differently.

    Attributes:
        sources: types as bits.
        targets: types as bits; None where each source is its own target.
        example: a source and a target that are such a pair, as numbers of bits.
        pairs: how many pairs there are; not all of sources and targets where groups were joined.
        cls: the name of the class.
        kind: the number of what changes: what is granted, logged, or refused in silence.
        permissions: the permissions.
        before, after: diagrams of when they are granted.
    """

    sources: int
    targets: int | None
    example: tuple[int, int]
    pairs: int
    cls: str
    kind: int
    permissions: tuple[str, ...]
    before: int
    after: int


class Labels:
    """The labels of two policies under common numbers.

    A type has its name, an attribute that both have too.  Any other attribute is what its members
    are: a type, or a set.
    """

    def __init__(self, old: Side, new: Side) -> None:
        self._numbers: dict[object, int] = {}
        self.of_old = self._keys(old, new)
        self.of_new = self._keys(new, old)
        self.changed: dict[int, int] = {}
        shared = dict(zip(self.of_new, range(len(self.of_new)), strict=True))
        for label, key in enumerate(self.of_old):
            other = shared.get(key)
            if other is not None and label >= len(old.tables.names.types):
                changed = old.members(label) ^ new.members(other)
                if changed:
                    self.changed[key] = changed

    def _keys(self, side: Side, other: Side) -> list[int]:
        names, others = side.tables.names, other.tables.names.attribute_numbers
        found = []
        for label, name in enumerate(names.labels):
            key: object = name
            if label >= len(names.types) and name not in others:
                members = side.members(label)
                single = members and not members & (members - 1)
                key = side.common.types[members.bit_length() - 1] if single else members
            found.append(self._numbers.setdefault(key, len(self._numbers)))
        return found


class Rule(NamedTuple):
    """A rule of one policy: its labels and class by number, and the bits of its grant."""

    source: int
    target: int
    cls: str
    bits: int
    node: int


class _Change(NamedTuple):
    """What changes: class, kind, permissions, when they were granted and when they are."""

    cls: str
    kind: int
    permissions: tuple[str, ...]
    before: int
    after: int


#: What a rule says in common numbers: source, target, class, bits of its grant, and when it holds.
Key = tuple[int, int, str, int, int]
#: The rules of a policy, with the source and target that each has there.
Rules = dict[Key, tuple[int, int]]


def _rules(side: Side, keys: Sequence[int]) -> Rules:
    """The rules of a policy by what they say."""
    names, labels = side.tables.names, len(keys)
    found: Rules = {}
    shared = set(side.common.classes)
    class_names = [name if name in shared else None for name in names.classes]
    bits_known: dict[tuple[int, int, int], int] = {}
    for rows in (side.tables.rows, side.tables.conditional):
        for source, cls, target, kind, mask, truth in rows.parts():
            name = class_names[cls]
            if name is None:
                continue
            bits = bits_known.get((cls, kind, mask))
            if bits is None:
                bits = common_mask(side, cls, mask) << MASK_BITS * kind
                bits_known[cls, kind, mask] = bits
            node = TRUE if truth is None else side.node(truth)
            target_key = keys[target] if target < labels else _SPECIAL - (target - labels)
            found[keys[source], target_key, name, bits, node] = (source, target)
    return found


def _rule(rules: Rules, key: Key) -> Rule:
    source, target = rules[key]
    return Rule(source, target, key[2], key[3], key[4])


def common_mask(side: Side, cls: int, mask: int) -> int:
    """A mask in the bits of the permissions that both policies have."""
    names = side.tables.names
    known = side.common.permissions(names.classes[cls])
    own = names.permission_names(cls, mask)
    return sum(1 << bit for bit, name in enumerate(known) if name in own)


def areas(old: Side, new: Side) -> dict[tuple[str, int], Area]:
    """The pairs to compare: by class and source, as a bit's number."""
    labels = Labels(old, new)
    before, after = _rules(old, labels.of_old), _rules(new, labels.of_new)
    found: dict[tuple[str, int], Area] = {}

    def add(side: Side, rule: Rule, sources: int, region: int) -> None:
        for bit in bits_of(sources):
            targets = side.targets(bit, rule.source, rule.target) & region
            key = (rule.cls, bit)
            known = found.get(key, Area(0, 0))
            bits = rule.bits | rule.bits >> DENY * MASK_BITS
            found[key] = Area(known.targets | targets, known.bits | bits)

    every = old.common.all
    for side, mine, others in ((old, before, after), (new, after, before)):
        for key in mine.keys() - others.keys():
            rule = _rule(mine, key)
            add(side, rule, side.members(rule.source), every)
    if labels.changed:
        for key in before:
            if key[0] not in labels.changed and key[1] not in labels.changed:
                continue
            if key not in after:
                continue
            for side, one in ((old, _rule(before, key)), (new, _rule(after, key))):
                sources, moved = side.members(one.source), labels.changed.get(key[0], 0)
                add(side, one, sources & moved, every)
                if moved_targets := labels.changed.get(key[1], 0):
                    add(side, one, sources, moved_targets)
    _add_constrained(found, old, new)
    _add_flipped(found, old, new, before, after)
    _add_bounded(found, old, new)
    return found


def _add_constrained(found: dict[tuple[str, int], Area], old: Side, new: Side) -> None:
    """Add the pairs that constraints on types are about which only one policy has."""
    common = old.common
    moved = about_types(old.tables, new.tables, frozenset(common.types))
    for cls, names in moved.items():
        if cls not in common.classes:
            continue
        known = common.permissions(cls)
        bits = sum(1 << bit for bit, name in enumerate(known) if name in names)
        for source in range(len(common.types)):
            area = found.get((cls, source), Area(0, 0))
            found[cls, source] = Area(common.all, area.bits | bits)


def _add_flipped(
    found: dict[tuple[str, int], Area],
    old: Side,
    new: Side,
    before: Rules,
    after: Rules,
) -> None:
    """Add the pairs of conditional rules that other defaults of booleans turn on or off."""
    if all(new.defaults.get(name, value) == value for name, value in old.defaults.items()):
        return
    flipped = {
        node
        for node in {key[-1] for key in (*before, *after)}
        if old.by_default(node) != new.by_default(node)
    }
    for side, rules in ((old, before), (new, after)):
        for key in rules:
            if key[-1] not in flipped:
                continue
            rule = _rule(rules, key)
            for bit in bits_of(side.members(rule.source)):
                known = found.get((rule.cls, bit), Area(0, 0))
                targets = side.targets(bit, rule.source, rule.target)
                found[rule.cls, bit] = Area(known.targets | targets, known.bits | rule.bits)


def _add_bounded(found: dict[tuple[str, int], Area], old: Side, new: Side) -> None:
    """Add the pairs whose bounds changed, and those of types that compared ones bound."""
    parents = [_parents(side) for side in (old, new)]
    children = {bit for one in parents for bit in one}
    if not children:
        return
    every, all_bits = old.common.all, (1 << MASK_BITS) - 1
    if parents[0] != parents[1]:
        for cls in old.common.classes:
            for bit in children:
                found[cls, bit] = Area(every, all_bits)
        return
    for cls, bit in list(found):
        for child in children:
            if bit in _ancestors(child, parents[0]):
                known = found.get((cls, child), Area(0, 0))
                found[cls, child] = Area(every, known.bits | found[cls, bit].bits)


def _parents(side: Side) -> dict[int, int | None]:
    """The parent of each bounded type, as numbers of bits; None for one that is not shared."""
    bounds = side.tables.bounds
    return {
        own: side.bit_of[parent]
        for number, parent in enumerate(bounds)
        if parent != NOTHING and (own := side.bit_of[number]) is not None
    }


def _ancestors(bit: int, parents: dict[int, int | None]) -> set[int]:
    found: set[int] = set()
    at: int | None = bit
    while (at := parents.get(at) if at is not None else None) is not None and at not in found:
        found.add(at)
    return found


def differences(common: Common, old: Side, new: Side) -> Iterator[Difference]:
    """What two policies grant differently, pairs with the same change together."""
    sides = (Effective(old), Effective(new))
    groups: dict[tuple[int | None, _Change], int] = defaultdict(int)
    for (cls, source), area in areas(old, new).items():
        parts: dict[tuple[int, int | None, int, int], list[str]] = defaultdict(list)
        for kind, name, bits in _permissions(common, (old, new), cls, area.bits):
            before, after = (
                [] if bit is None else one.of(source, number, bit)
                for one, (number, bit) in zip(sides, bits, strict=True)
            )
            for targets, was, now in pairs(before, after, area.targets):
                if was != now or old.by_default(was) != new.by_default(now):
                    own = None if targets == 1 << source else targets
                    parts[kind, own, was, now].append(name)
        for (kind, own, was, now), names in parts.items():
            groups[own, _Change(cls, kind, tuple(names), was, now)] |= 1 << source
    yield from _joined(groups)


def _joined(groups: Mapping[tuple[int | None, _Change], int]) -> Iterator[Difference]:
    """A difference for each group; one for many groups that differ in their pairs alone."""
    alike: dict[_Change, list[tuple[int | None, int]]] = defaultdict(list)
    for (targets, change), sources in groups.items():
        alike[change].append((targets, sources))
    for change, found in alike.items():
        parts = [found] if len(found) > _MOST_ALIKE else [[one] for one in found]
        for part in parts:
            yield _difference(change, part)


def _difference(change: _Change, found: Sequence[tuple[int | None, int]]) -> Difference:
    sources, targets, count = 0, 0, 0
    for own, some in found:
        sources |= some
        targets |= some if own is None else own
        count += some.bit_count() * (1 if own is None else own.bit_count())
    own, first = found[0]
    source = (first & -first).bit_length() - 1
    target = source if own is None else (own & -own).bit_length() - 1
    whole = None if all(own is None for own, _ in found) else targets
    return Difference(sources, whole, (source, target), count, *change)


def _permissions(
    common: Common, sides: Sequence[Side], cls: str, wanted: int
) -> Iterator[tuple[int, str, list[tuple[int, int | None]]]]:
    """Kinds and permissions of a grant, with the class and the bit that each policy has."""
    for bit in bits_of(wanted):
        kind, number = divmod(bit, MASK_BITS)
        if kind == DENY:
            continue
        if number >= len(common.permissions(cls)):
            continue
        name = common.permissions(cls)[number]
        found: list[tuple[int, int | None]] = []
        for side in sides:
            own = side.tables.names.class_numbers[cls]
            place = list(side.tables.names.permissions(own)).index(name)
            found.append((own, MASK_BITS * kind + place))
        yield kind, name, found
