"""From the access rules of a resolved policy to rows of grants."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import NamedTuple

from lsmc.modules.selinux.model import OTHER, SELF, Policy, RuleKind, Rules, TypeRuleKind
from lsmc.modules.selinux.tables.layout import (
    EXTENDED_KINDS,
    GRANT_KINDS,
    NOTHING,
    TYPE_RULE_KINDS,
    Extended,
    NamedTransition,
    Section,
    TypeRule,
)
from lsmc.modules.selinux.tables.places import PlaceTable
from lsmc.modules.selinux.tables.texts import Texts
from lsmc.tables.layout import native, words

#: A rule as one number: its row, target, grant and truth.
_Key = int


class _Widths(NamedTuple):
    """How many bits each part of a key has."""

    target: int
    grant: int
    truth: int


def special_target(target: int, labels: int) -> int:
    """The number of a target in the tables: `self`, `notself`, `other` stand behind all names."""
    if target < OTHER:
        return target
    return labels + SELF - target


def pack_rules(policy: Policy, places: PlaceTable) -> dict[int, bytes]:
    """The sections of the access rules; equal rules are one, with all their places."""
    labels, classes = len(policy.types) + len(policy.attributes), max(1, len(policy.classes))
    grants: dict[tuple[int, int], int] = {}
    widths = _Widths((labels + 3).bit_length(), 0, (2 * len(policy.conditions) + 2).bit_length())
    kinds: tuple[RuleKind, ...] = GRANT_KINDS
    masks = {
        mask for kind in kinds if kind in policy.rules for mask in policy.rules[kind].permissions
    }
    widths = widths._replace(grant=(len(GRANT_KINDS) * len(masks) + 1).bit_length())
    always: dict[_Key, int | list[int]] = {}
    sometimes: dict[_Key, int | list[int]] = {}
    for number, kind in enumerate(kinds):
        if kind not in policy.rules:
            continue
        for row, target, mask, condition, place in _columns(policy.rules[kind], classes):
            grant = grants.setdefault((number, mask), len(grants))
            special = target if target < labels else special_target(target, labels)
            key = (row << widths.target | special) << widths.grant | grant
            found = always
            if condition:
                key = key << widths.truth | condition - 1
                found = sometimes
            known = found.get(key)
            if known is None:
                found[key] = place
            elif isinstance(known, int):
                found[key] = [known, place]
            else:
                known.append(place)
    return {
        Section.GRANTS: words(list(chain.from_iterable(grants))),
        **_rows(always, widths._replace(truth=0), len(grants), places, Section.ROWS),
        **_rows(sometimes, widths, len(grants), places, Section.CONDITIONAL_ROWS),
    }


def _columns(rules: Rules, classes: int) -> Iterator[tuple[int, int, int, int, int]]:
    rows = [source * classes + cls for source, cls in zip(rules.source, rules.cls, strict=True)]
    return zip(rows, rules.target, rules.permissions, rules.condition, rules.place, strict=True)


def _rows(
    found: dict[_Key, int | list[int]],
    widths: _Widths,
    grants: int,
    places: PlaceTable,
    first: Section,
) -> dict[int, bytes]:
    """The sections of one table: rows, their starts, and the columns of their members."""
    rows, starts = array("I"), array("I")
    targets, truths, where = array("I"), array("I"), array("I")
    last = -1
    target_mask, grant_mask, truth_mask = ((1 << width) - 1 for width in widths)
    for key in sorted(found):
        truths.append(key & truth_mask)
        rest = key >> widths.truth
        grant = rest & grant_mask
        rest >>= widths.grant
        row = rest >> widths.target
        if row != last:
            rows.append(row)
            starts.append(len(targets))
            last = row
        targets.append((rest & target_mask) * grants + grant)
        place = found[key]
        where.append(places.number((place,) if isinstance(place, int) else place))
    starts.append(len(targets))
    columns = [rows, starts, targets, where]
    if widths.truth:
        columns.append(truths)
    return {first + number: native(column) for number, column in enumerate(columns)}


def pack_extended(policy: Policy, places: PlaceTable, texts: Texts) -> dict[int, bytes]:
    """The sections of rules about numbers of calls."""
    labels = len(policy.types) + len(policy.attributes)
    ranges: list[tuple[int, int]] = []
    records: list[Extended] = []
    for rule in policy.extended:
        if rule.kind not in EXTENDED_KINDS or not rule.numbers:
            continue
        first = len(ranges)
        ranges += rule.numbers
        records.append(
            Extended(
                EXTENDED_KINDS.index(rule.kind),
                rule.source,
                special_target(rule.target, labels),
                rule.cls,
                texts.number(rule.what),
                first,
                len(ranges),
                rule.condition - 1 if rule.condition else NOTHING,
                places.one(rule.place),
            )
        )
    return {Section.EXTENDED: records_of(records), Section.NUMBERS: records_of(ranges)}


def pack_type_rules(policy: Policy, places: PlaceTable, texts: Texts) -> dict[int, bytes]:
    """The sections of type rules, with names and without."""
    labels = len(policy.types) + len(policy.attributes)
    records = []
    kinds: tuple[TypeRuleKind, ...] = TYPE_RULE_KINDS
    for number, kind in enumerate(kinds):
        rules = policy.type_rules.get(kind)
        if rules is None:
            continue
        columns = (rules.source, rules.target, rules.cls, rules.result, rules.condition)
        for (source, target, cls, result, condition), place in zip(
            zip(*columns, strict=True), rules.place, strict=True
        ):
            truth = condition - 1 if condition else NOTHING
            special, where = special_target(target, labels), places.one(place)
            records.append(TypeRule(number, source, special, cls, result, truth, where))
    named = [
        NamedTransition(
            rule.source,
            special_target(rule.target, labels),
            rule.cls,
            texts.number(rule.name),
            rule.result,
            places.one(rule.place),
        )
        for rule in policy.named_transitions
    ]
    return {Section.TYPE_RULES: records_of(records), Section.NAMED_TRANSITIONS: records_of(named)}


def records_of(records: Iterable[tuple[int, ...]]) -> bytes:
    """Records as words."""
    return words(list(chain.from_iterable(records)))
