"""From the access rules of a resolved policy to rows of grants."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from itertools import chain, pairwise
from typing import Protocol

from lsmc.base.diagnostics import PolicyError
from lsmc.modules.selinux.errors import error
from lsmc.modules.selinux.model import OTHER, SELF, Policy, RuleKind, TypeRuleKind
from lsmc.modules.selinux.tables.layout import (
    EXTENDED_KINDS,
    GRANT_KINDS,
    NOTHING,
    TYPE_RULE_KINDS,
    ExtendedRecord,
    NamedTransitionRecord,
    Section,
    TypeRuleRecord,
)
from lsmc.modules.selinux.tables.places import PlaceTable
from lsmc.modules.selinux.tables.rows import SPECIAL
from lsmc.modules.selinux.tables.texts import Texts
from lsmc.tables.layout import native, words

#: Bits of a word of the bundle.
WORD_BITS = 32


class PlaceNumbers(Protocol):
    """What gives the places of a rule a number."""

    def number(self, places: Sequence[int]) -> int:
        """The word that stands for some places."""


def special_target(target: int, labels: int) -> int:
    """The number of a target in the tables: `self`, `notself`, `other` stand behind all names."""
    if target < OTHER:
        return target
    return labels + SELF - target


def pack_rules(policy: Policy, places: PlaceTable) -> dict[int, bytes]:
    """The sections of the access rules; equal rules are one, with all their places.

    While they are collected, a rule is one number: its row, then its target and grant as the
    section TARGETS has them, then its truth.
    """
    labels, classes = len(policy.types) + len(policy.attributes), len(policy.classes)
    kinds: tuple[RuleKind, ...] = GRANT_KINDS
    given = [(kind, policy.rules[kind]) for kind in kinds if kind in policy.rules]
    grants = [
        (kinds.index(kind), mask)
        for kind, rules in given
        for mask in sorted(set(rules.permissions))
    ]
    numbers = {grant: number for number, grant in enumerate(grants)}
    if max(labels * classes, (labels + len(SPECIAL)) * len(grants)) >> WORD_BITS:
        message = "a policy of so many types and sets of permissions has no tables"
        raise PolicyError([error("too-many", None, message)])
    span, truths = (labels + len(SPECIAL)) * len(grants), 2 * len(policy.conditions)
    always: dict[int, list[int]] = {}
    sometimes: dict[int, list[int]] = {}
    for kind, rules in given:
        number_of = {mask: numbers[kinds.index(kind), mask] for mask in rules.permissions}
        for source, target, cls, mask, condition, place in zip(*rules, strict=True):
            special = target if target < labels else special_target(target, labels)
            key = (source * classes + cls) * span + special * len(grants) + number_of[mask]
            if condition:
                sometimes.setdefault(key * truths + condition - 1, []).append(place)
            else:
                always.setdefault(key, []).append(place)
    return {
        Section.GRANTS: records_of(grants),
        **pack_rows(always, span, 0, places, Section.ROWS),
        **pack_rows(sometimes, span, truths, places, Section.CONDITIONAL_ROWS),
    }


def _sorted(places: list[int]) -> list[int]:
    return sorted(places) if len(places) > 1 else places


def pack_rows(
    found: dict[int, list[int]], span: int, truths: int, places: PlaceNumbers, first: Section
) -> dict[int, bytes]:
    """The sections of one table: rows, their starts, and the columns of their members."""
    order = sorted(found)
    keys = [key // truths for key in order] if truths else order
    row_of = [key // span for key in keys] if span else []
    begins = [at for at, (before, row) in enumerate(pairwise([-1, *row_of])) if before != row]
    columns = [
        array("I", [row_of[at] for at in begins]),
        array("I", [*begins, len(keys)]),
        array("I", [key % span for key in keys]),
        array("I", [places.number(_sorted(found[key])) for key in order]),
    ]
    if truths or first is Section.CONDITIONAL_ROWS:
        columns.append(array("I", [key % truths for key in order]))
    return {first + number: native(column) for number, column in enumerate(columns)}


def pack_extended(policy: Policy, places: PlaceTable, texts: Texts) -> dict[int, bytes]:
    """The sections of rules about numbers of calls."""
    labels = len(policy.types) + len(policy.attributes)
    ranges: list[tuple[int, int]] = []
    records: list[ExtendedRecord] = []
    for rule in policy.extended:
        if rule.kind not in EXTENDED_KINDS or not rule.numbers:
            continue
        first = len(ranges)
        ranges += rule.numbers
        records.append(
            ExtendedRecord(
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
            records.append(TypeRuleRecord(number, source, special, cls, result, truth, where))
    named = [
        NamedTransitionRecord(
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
