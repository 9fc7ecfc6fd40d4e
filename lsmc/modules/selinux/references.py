"""Rules for people: their text, their place, and how they come to concern a type."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator

from lsmc.engine.verdict import RuleRef
from lsmc.modules.selinux.decide import conditions
from lsmc.modules.selinux.decide.states import State
from lsmc.modules.selinux.decide.words import constraint_text
from lsmc.modules.selinux.tables.layout import (
    EXTENDED_KINDS,
    GRANT_KINDS,
    LISTED,
    MASK_BITS,
    NOTHING,
    ConstraintRecord,
    ExtendedRecord,
    Section,
)
from lsmc.modules.selinux.tables.place_words import unpack
from lsmc.modules.selinux.tables.reading import column, damaged
from lsmc.modules.selinux.tables.rows import Entry
from lsmc.modules.selinux.tables.tables import Tables

#: A place: file, line, column.
Place = tuple[str, int, int]
_UNKNOWN: Place = ("", 0, 0)
_OPERATORS = {
    conditions.Operator.AND: "and",
    conditions.Operator.OR: "or",
    conditions.Operator.XOR: "xor",
    conditions.Operator.EQ: "eq",
    conditions.Operator.NEQ: "neq",
}


class References:
    """Makes references to the rules of a policy."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables
        self._lists = tables.sections.words(Section.PLACE_LISTS)
        files = len(tables.names.files)
        self._first_lines = column(tables.sections, Section.FILE_LINES, files + 1, None)
        self._texts: dict[tuple[int, int, int, int, int], str] = {}
        self._chains: dict[tuple[int, int], tuple[str, ...]] = {}
        self._expressions: dict[tuple[int, int], str] = {}
        self._placed: dict[int, tuple[tuple[Place, tuple[str, ...]], ...]] = {}

    # --- places ------------------------------------------------------------------------------

    def places(self, word: int) -> tuple[tuple[Place, tuple[str, ...]], ...]:
        """The places that a word of the tables stands for, and who copied the rule there."""
        known = self._placed.get(word)
        if known is None:
            try:
                listed = unpack(word, self._lists)
            except (IndexError, ValueError):
                raise damaged(Section.PLACE_LISTS) from None
            known = self._placed[word] = tuple(
                (self._place(place), tuple(f"by {_at(self._place(one))}" for one in via))
                for place, via in listed
            )
        return known

    def place(self, word: int) -> Place:
        """The first place that a word of the tables stands for."""
        found = self.places(word)
        return found[0][0] if found else _UNKNOWN

    def _place(self, word: int) -> Place:
        line, at = divmod(word, self._tables.head.columns)
        file = bisect_right(self._first_lines, line) - 1
        if word >= LISTED or not 0 <= file < len(self._tables.names.files):
            raise damaged(Section.FILE_LINES)
        return self._tables.names.files[file], line - self._first_lines[file] + 1, at

    def refs(
        self, profile: str, text: str, word: int, via: tuple[str, ...] = ()
    ) -> Iterator[RuleRef]:
        """A reference for each place of a rule."""
        for (file, line, at), callers in self.places(word):
            by = (*callers, *via) if callers else via
            yield RuleRef(profile, file, line, at, text, by)

    # --- rules -------------------------------------------------------------------------------

    def grants(
        self, state: State, source: int, target: int, cls: int, kind: int, mask: int
    ) -> tuple[RuleRef, ...]:
        """The rules of a kind that concern a pair of types and some of the permissions."""
        wanted = mask << MASK_BITS * kind
        found: list[RuleRef] = []
        for entry in state.entries(source, target, cls, wanted):
            if entry.kind == kind and entry.mask & mask:
                found += self.entry(entry, source, target)
        return tuple(found)

    def entry(self, entry: Entry, source: int, target: int) -> Iterator[RuleRef]:
        """References to the rules of an entry, as they concern a pair of types."""
        via = (*self.chain(source, entry.source), *self.chain(target, entry.target))
        if entry.truth is not None:
            via = (*via, self.condition(entry.truth))
        return self.refs(self._tables.names.types[source], self.entry_text(entry), entry.place, via)

    def entry_text(self, entry: Entry) -> str:
        """The rule of an entry as CIL."""
        key = entry[:5]
        known = self._texts.get(key)
        if known is None:
            names = self._tables.names
            permissions = self._names(entry.cls, entry.mask)
            known = self._texts[key] = (
                f"({GRANT_KINDS[entry.kind]} {self._tables.label_name(entry.source)}"
                f" {self._tables.label_name(entry.target)}"
                f" {permissions_text(names.classes[entry.cls], permissions)})"
            )
        return known

    def extended(self, rule: ExtendedRecord, source: int, target: int) -> Iterator[RuleRef]:
        """References to a rule about numbers."""
        names = self._tables.names
        numbers = " ".join(
            hex(first) if first == last else f"(range {first:#x} {last:#x})"
            for first, last in self._tables.numbers(rule)
        )
        text = (
            f"({EXTENDED_KINDS[rule.kind]} {self._tables.label_name(rule.source)}"
            f" {self._tables.label_name(rule.target)}"
            f" ({names.texts[rule.what]} {names.classes[rule.cls]} ({numbers})))"
        )
        via = (*self.chain(source, rule.source), *self.chain(target, rule.target))
        if rule.truth != NOTHING:
            via = (*via, self.condition(rule.truth))
        return self.refs(names.types[source], text, rule.place, via)

    def constraint(self, rule: ConstraintRecord, profile: str) -> Iterator[RuleRef]:
        """References to a constraint."""
        names = self._tables.names
        words = self._tables.constraint_words[rule.first : rule.end]
        keyword = ("mls" if rule.mls else "") + ("validatetrans" if rule.validates else "constrain")
        what = names.classes[rule.cls]
        if not rule.validates:
            what = permissions_text(what, self._names(rule.cls, rule.permissions))
        part = (rule.first, rule.end)
        if part not in self._expressions:
            self._expressions[part] = constraint_text(words, self._tables)
        text = f"({keyword} {what} {self._expressions[part]})"
        return self.refs(profile, text, rule.place)

    def bound(self, number: int) -> Iterator[RuleRef]:
        """References to the bounds of a type."""
        names, parent = self._tables.names.types, self._tables.bounds[number]
        word = self._tables.bound_places[number]
        return self.refs(names[number], f"(typebounds {names[parent]} {names[number]})", word)

    def _names(self, cls: int, mask: int) -> Iterable[str]:
        return self._tables.names.permission_names(cls, mask)

    # --- attributes and booleans -------------------------------------------------------------

    def chain(self, number: int, label: int) -> tuple[str, ...]:
        """How a type comes to a label of a rule, in words; nothing where the rule names it."""
        if label == number or label >= len(self._tables.names.labels):
            return ()
        known = self._chains.get((number, label))
        if known is None:
            steps = self._tables.memberships.chain(number, label)
            known = self._chains[number, label] = tuple(
                f"{self._tables.label_name(step.member)} is in"
                f" {self._tables.label_name(step.attribute)}: {_at(self.place(step.place))}"
                for step in steps
            )
        return known

    def condition(self, truth: int) -> str:
        """What the booleans are where a conditional rule holds."""
        text = condition_text(self._tables, truth >> 1)
        return f"{text} is {'false' if truth & 1 else 'true'}"


def _at(place: Place) -> str:
    return f"{place[0]}:{place[1]}"


def permissions_text(cls: str, permissions: Iterable[str]) -> str:
    """A class with permissions as CIL."""
    return f"({cls} ({' '.join(permissions)}))"


def condition_text(tables: Tables, number: int) -> str:
    """The expression of a condition as CIL."""
    stack: list[str] = []
    try:
        for word in tables.conditions[number]:
            if word >= conditions.BOOLEAN:
                stack.append(tables.names.booleans[word - conditions.BOOLEAN])
                continue
            operator = conditions.Operator(word)
            right = stack.pop()
            if operator is conditions.Operator.NOT:
                stack.append(f"(not {right})")
            else:
                stack.append(f"({_OPERATORS[operator]} {stack.pop()} {right})")
        (text,) = stack
    except (IndexError, ValueError):
        raise damaged(Section.CONDITIONS) from None
    return text
