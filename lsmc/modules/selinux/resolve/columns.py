"""Makes columns of the rules of a draft."""

from __future__ import annotations

from array import array
from collections.abc import Mapping
from typing import Any, NamedTuple

from lsmc.modules.selinux import model
from lsmc.modules.selinux.resolve.draft import Draft
from lsmc.modules.selinux.resolve.resolver import Read, Row

RULES: tuple[model.RuleKind, ...] = ("allow", "auditallow", "dontaudit", "neverallow", "deny")
TYPE_RULES: tuple[model.TypeRuleKind, ...] = ("typetransition", "typemember", "typechange")
EXTENDED: tuple[model.ExtendedKind, ...] = ("allowx", "auditallowx", "dontauditx", "neverallowx")


class _Rows(NamedTuple):
    """Rules about one class each, with their places and conditions."""

    rows: list[Row]
    places: list[int]
    conditions: list[int]


class Columns:
    """The access and type rules of a draft."""

    def __init__(self, draft: Draft) -> None:
        self._draft = draft
        self._plain: dict[int, bool] = {}
        found = {kind: _Rows([], [], []) for kind in RULES}
        for read in draft.resolver.reads:
            if read.rows:
                self._sort(read, found, draft.condition(read))
        for payload, place, condition in draft.of("deny"):
            self._put(found["deny"], ("deny", *payload), place, condition)
        self.rules = {kind: _columns(rows) for kind, rows in found.items()}
        self.type_rules = {
            kind: model.TypeRules(*(array("I") for _ in range(6))) for kind in TYPE_RULES
        }
        for kind in TYPE_RULES:
            self._type_rules(kind)

    def _sort(self, read: Read, found: Mapping[Any, _Rows], condition: int) -> None:
        """Put the rules of a part to those of their kinds."""
        plain = self._plain
        for row, place in zip(read.rows, read.row_places, strict=True):
            items = row[3]
            simple = plain.get(id(items))
            if simple is None:
                simple = len(items) == 1 and items[0][0].kind == "class" and items[0][1] != 0
                plain[id(items)] = simple
            rows = found[row[0]]
            if simple:
                rows.rows.append(row)
                rows.places.append(place)
                rows.conditions.append(condition)
            else:
                self._put(rows, row, place, condition)

    def _put(self, rows: _Rows, row: Row, place: int, condition: int) -> None:
        """Add a rule about several classes, or none, as rules about one each."""
        for item in self._draft.expanded(row[3]):
            if item[1]:
                rows.rows.append((*row[:3], (item,)))
                rows.places.append(place)
                rows.conditions.append(condition)

    def _type_rules(self, kind: model.TypeRuleKind) -> None:
        columns = self.type_rules[kind]
        for payload, place, condition in self._draft.of(kind):
            source, target, cls, result, name = payload
            if name is None:
                for number in self._draft.class_numbers(cls):
                    row = (source.number, target.number, number, result.number, condition, place)
                    _append(columns, row)

    def named(self) -> tuple[model.NamedTransition, ...]:
        """The type transitions for one name."""
        return tuple(
            model.NamedTransition(source.number, target.number, number, name, result.number, place)
            for (source, target, cls, result, name), place, _ in self._draft.of("typetransition")
            if name is not None
            for number in self._draft.class_numbers(cls)
        )

    def extended(self) -> tuple[model.ExtendedRule, ...]:
        """The extended rules; faults of classes without the permission are noted."""
        return tuple(
            model.ExtendedRule(
                kind, source.number, target.number, number, what, ranges, condition, place
            )
            for kind in EXTENDED
            for (source, target, what, cls, ranges), place, condition in self._draft.of(kind)
            for number in self._draft.class_numbers(cls)
            if self._has(number, what, place)
        )

    def _has(self, number: int, what: str, place: int) -> bool:
        """Whether a class has the permission that numbers of a kind belong to."""
        cls = self._draft.classes[number]
        permission = "nlmsg" if what == "nlmsg" else "ioctl"
        if permission in self._draft.readings.classes.bits(cls):
            return True
        message = f"class `{cls.name}` has no permission `{permission}`"
        self._draft.fault(place, "wrong-value", message)
        return False


def _columns(found: _Rows) -> model.Rules:
    return model.Rules(
        array("I", [row[1].number for row in found.rows]),
        array("I", [row[2].number for row in found.rows]),
        array("I", [row[3][0][0].number for row in found.rows]),
        array("I", [row[3][0][1] for row in found.rows]),
        array("I", found.conditions),
        array("I", found.places),
    )


def _append(columns: Any, row: tuple[int, ...]) -> None:
    for column, value in zip(columns, row, strict=True):
        column.append(value)
