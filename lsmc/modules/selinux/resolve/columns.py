"""Makes columns of the rules of a draft."""

from __future__ import annotations

from array import array
from typing import Any, cast

from lsmc.modules.selinux import model
from lsmc.modules.selinux.resolve.draft import Draft
from lsmc.modules.selinux.resolve.resolver import Read, Row
from lsmc.modules.selinux.resolve.symbols import Symbol

RULES: tuple[model.RuleKind, ...] = ("allow", "auditallow", "dontaudit", "neverallow", "deny")
TYPE_RULES: tuple[model.TypeRuleKind, ...] = ("typetransition", "typemember", "typechange")
EXTENDED: tuple[model.ExtendedKind, ...] = ("allowx", "auditallowx", "dontauditx", "neverallowx")
#: A rule of one class: source, target, class, permissions.
_Numbers = tuple[int, int, int, int]


class Columns:
    """The access and type rules of a draft."""

    def __init__(self, draft: Draft) -> None:
        self._draft = draft
        self._known: dict[int, tuple[model.Rules, list[_Numbers]]] = {}
        self.rules = {kind: model.Rules(*(array("I") for _ in range(6))) for kind in RULES}
        self.type_rules = {
            kind: model.TypeRules(*(array("I") for _ in range(6))) for kind in TYPE_RULES
        }
        for read in draft.resolver.reads:
            if read.rows:
                self._add(read, draft.condition(read))
        for payload, place, condition in draft.of("deny"):
            columns, rows = self._numbers(("deny", *payload))
            for row in rows:
                _append(columns, (*row, condition, place))
        for kind in TYPE_RULES:
            self._type_rules(kind)

    def _add(self, read: Read, condition: int) -> None:
        known = self._known
        for row, place in zip(read.rows, read.row_places, strict=True):
            found = known.get(id(row))
            if found is None:
                found = known[id(row)] = self._numbers(row)
            columns, rows = found
            for source, target, cls, permissions in rows:
                columns.source.append(source)
                columns.target.append(target)
                columns.cls.append(cls)
                columns.permissions.append(permissions)
                columns.condition.append(condition)
                columns.place.append(place)

    def _numbers(self, row: Row) -> tuple[model.Rules, list[_Numbers]]:
        keyword, source, target, items = row
        to = _target(target)
        found = [
            (source.number, to, cls.number, bits)
            for cls, bits in self._draft.expanded(items)
            if bits
        ]
        return self.rules[cast(model.RuleKind, keyword)], found

    def _type_rules(self, kind: model.TypeRuleKind) -> None:
        columns = self.type_rules[kind]
        for payload, place, condition in self._draft.of(kind):
            source, target, cls, result, name = payload
            if name is None:
                for number in self._draft.class_numbers(cls):
                    row = (source.number, _target(target), number, result.number, condition, place)
                    _append(columns, row)

    def named(self) -> tuple[model.NamedTransition, ...]:
        """The type transitions for one name."""
        return tuple(
            model.NamedTransition(
                source.number, _target(target), number, name, result.number, place
            )
            for (source, target, cls, result, name), place, _ in self._draft.of("typetransition")
            if name is not None
            for number in self._draft.class_numbers(cls)
        )

    def extended(self) -> tuple[model.ExtendedRule, ...]:
        """The extended rules; faults of classes without the permission are noted."""
        return tuple(
            model.ExtendedRule(
                kind, source.number, _target(target), number, what, ranges, condition, place
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


def _target(target: Symbol | int) -> int:
    return target if isinstance(target, int) else target.number


def _append(columns: Any, row: tuple[int, ...]) -> None:
    for column, value in zip(columns, row, strict=True):
        column.append(value)
