"""Extended permissions: which numbers of `ioctl` (or netlink messages) rules allow."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from lsmc.modules.selinux.decide.states import State
from lsmc.modules.selinux.tables.layout import ExtendedRecord
from lsmc.modules.selinux.tables.rows import NOTSELF, OTHER, SELF
from lsmc.modules.selinux.tables.tables import Tables

#: The permissions that have numbers, also the names of request fields.
NUMBERED = ("ioctl", "nlmsg")


class Numbered(NamedTuple):
    """What the rules about numbers say of one number.

    A pair of types that has no such rule is not judged by number: all are None then.
    """

    allow: ExtendedRecord | None
    audit: ExtendedRecord | None
    quiet: ExtendedRecord | None


class ExtendedRules:
    """The rules about numbers of a policy."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables
        self._rules: dict[tuple[int, str], list[ExtendedRecord]] = {}
        texts = tables.names.texts
        for rule in tables.extended:
            self._rules.setdefault((rule.cls, texts[rule.what]), []).append(rule)

    def of(
        self, state: State, source: int, target: int, cls: int, what: str
    ) -> Sequence[ExtendedRecord]:
        """The rules of a pair of types, of any kind: if there is one, numbers are judged."""
        rules = self._rules.get((cls, what), ())
        if not rules:
            return ()
        labels_of = self._tables.memberships.labels_of
        sources, targets = labels_of(source), labels_of(target)
        special = len(self._tables.names.labels)
        found = []
        for rule in rules:
            if rule.source not in sources or not state.holds(rule.truth):
                continue
            wanted = rule.target - special
            if (
                rule.target in targets
                or (wanted == SELF and source == target)
                or (wanted == NOTSELF and source != target)
                or (wanted == OTHER and source != target and rule.source in targets)
            ):
                found.append(rule)
        return found

    def judge(self, rules: Sequence[ExtendedRecord], number: int) -> Numbered:
        """What rules of a pair say of a number: the first rule of each kind that has it."""
        found: list[ExtendedRecord | None] = [None, None, None]
        for rule in rules:
            if found[rule.kind] is None and self._has(rule, number):
                found[rule.kind] = rule
        return Numbered(*found)

    def _has(self, rule: ExtendedRecord, number: int) -> bool:
        return any(first <= number <= last for first, last in self._tables.numbers(rule))
