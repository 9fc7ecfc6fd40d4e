"""Labels of new objects, as the kernel computes them (`security_compute_sid`)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, NamedTuple

from lsmc.modules.selinux.context.context import OBJECT_ROLE, Context, fault_of
from lsmc.modules.selinux.context.levels import Range, overlap
from lsmc.modules.selinux.decide.states import State
from lsmc.modules.selinux.kernel_classes import SOCKETS
from lsmc.modules.selinux.tables.layout import (
    NOTHING,
    TYPE_RULE_KINDS,
    NamedTransitionRecord,
    TypeRuleRecord,
)
from lsmc.modules.selinux.tables.rows import NOTSELF, SELF
from lsmc.modules.selinux.tables.tables import Tables

Kind = Literal["transition", "member", "change"]
KINDS: tuple[Kind, ...] = ("transition", "member", "change")
_STATEMENTS = dict(zip(KINDS, TYPE_RULE_KINDS, strict=True))


class Reason(NamedTuple):
    """A rule that a part of a label follows from, in words, and its place."""

    text: str
    place: int


class NewLabel(NamedTuple):
    """The label of a new object.

    Attributes:
        context: the label, None where there can be none.
        fault: why no object can have it; None for a label that the policy knows.
        reasons: the rules that it follows from.
    """

    context: Context | None
    fault: str | None
    reasons: tuple[Reason, ...]


class NewLabels:
    """Computes the labels of new objects."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables
        self._types: dict[tuple[str, int, int, int], list[TypeRuleRecord]] = {}
        for rule in tables.type_rules:
            kind = TYPE_RULE_KINDS[rule.kind]
            key = (kind, rule.source, rule.target, rule.cls)
            self._types.setdefault(key, []).append(rule)
        self._named: dict[tuple[int, int, int, str], NamedTransitionRecord] = {}
        for named in tables.named_transitions:
            text = tables.names.texts[named.name]
            self._named.setdefault((named.source, named.target, named.cls, text), named)
        self._ranges = {
            (rule.source, rule.target, rule.cls): rule for rule in tables.range_transitions
        }
        self._roles = {
            (rule.source, rule.target, rule.cls): rule for rule in tables.role_transitions
        }

    def compute(
        self,
        state: State,
        kind: Kind,
        source: Context,
        target: Context,
        cls: int,
        name: str | None = None,
    ) -> NewLabel:
        """The label of an object of a class that a subject makes in, or of, another object."""
        reasons: list[Reason] = []
        name_of_class = self._tables.names.classes[cls]
        tasklike = cls == self._tables.head.process_class or name_of_class in SOCKETS
        user = self._user(kind, source, target, cls, reasons)
        role = self._role(kind, source, target, cls, tasklike, reasons)
        number = self._type(state, kind, source, target, cls, tasklike, name, reasons)
        if role == NOTHING:
            fault = f"the policy has no role `{OBJECT_ROLE}`"
            return NewLabel(None, fault, tuple(reasons))
        span = self._range(kind, source, target, cls, tasklike, reasons)
        if span is None:
            return NewLabel(None, "the ranges of subject and object do not meet", tuple(reasons))
        context = Context(user, role, number, *span)
        return NewLabel(context, fault_of(context, self._tables.grammar), tuple(reasons))

    def _default(self, part: str, cls: int, reasons: list[Reason]) -> str | None:
        found = self._tables.default_parts.get((cls, part))
        if found is None:
            return None
        value, place = found
        text = f"(default{part} {self._tables.names.classes[cls]} {value})"
        reasons.append(Reason(text, place))
        return value

    def _user(
        self, kind: Kind, source: Context, target: Context, cls: int, reasons: list[Reason]
    ) -> int:
        if kind == "member":
            return target.user
        return target.user if self._default("user", cls, reasons) == "target" else source.user

    def _role(
        self,
        kind: Kind,
        source: Context,
        target: Context,
        cls: int,
        tasklike: bool,
        reasons: list[Reason],
    ) -> int:
        if kind == "transition":
            for label in self._targets(source.type, target.type):
                rule = self._roles.get((source.role, label, cls))
                if rule is not None:
                    names = self._tables.names
                    text = (
                        f"(roletransition {names.roles[rule.source]} {self._label(rule.target)}"
                        f" {names.classes[cls]} {names.roles[rule.result]})"
                    )
                    reasons.append(Reason(text, rule.place))
                    return rule.result
        value = self._default("role", cls, reasons)
        if value is not None:
            return source.role if value == "source" else target.role
        return source.role if tasklike else self._tables.head.object_role

    def _type(
        self,
        state: State,
        kind: Kind,
        source: Context,
        target: Context,
        cls: int,
        tasklike: bool,
        name: str | None,
        reasons: list[Reason],
    ) -> int:
        if kind == "transition" and name is not None:
            for pair in self._pairs(source.type, target.type):
                named = self._named.get((*pair, cls, name))
                if named is not None:
                    reasons.append(Reason(self._rule_text(named, f' "{name}"'), named.place))
                    return named.result
        found = self.type_rule(state, kind, source.type, target.type, cls)
        if found is not None:
            reasons.append(Reason(self._rule_text(found), found.place))
            return found.result
        value = self._default("type", cls, reasons)
        if value is not None:
            return source.type if value == "source" else target.type
        return source.type if tasklike else target.type

    def type_rule(
        self, state: State, kind: Kind, source: int, target: int, cls: int
    ) -> TypeRuleRecord | None:
        """The rule without a name that gives the type; rules that hold together agree."""
        keyword = _STATEMENTS[kind]
        for pair in self._pairs(source, target):
            for rule in self._types.get((keyword, *pair, cls), ()):
                if state.holds(rule.truth):
                    return rule
        return None

    def _range(
        self,
        kind: Kind,
        source: Context,
        target: Context,
        cls: int,
        tasklike: bool,
        reasons: list[Reason],
    ) -> Range | None:
        if kind == "member":
            return Range(source.low, source.low)
        if kind == "transition":
            for pair in self._pairs(source.type, target.type):
                rule = self._ranges.get((*pair, cls))
                if rule is not None:
                    names = (*map(self._label, pair), self._tables.names.classes[cls])
                    text = f"(rangetransition {' '.join(names)})"
                    reasons.append(Reason(text, rule.place))
                    return self._tables.range(rule.low, rule.high)
            value = self._default("range", cls, reasons)
            if value == "glblub":
                return overlap(source.range, target.range)
            if value is not None:
                return _part(source if value.startswith("source") else target, value)
        return source.range if tasklike else Range(source.low, source.low)

    def _pairs(self, source: int, target: int) -> Iterator[tuple[int, int]]:
        """What rules may say to mean a pair of types."""
        targets = self._targets(source, target)
        return (
            (one, other) for one in self._tables.memberships.labels_of(source) for other in targets
        )

    def _targets(self, source: int, target: int) -> tuple[int, ...]:
        special = SELF if source == target else NOTSELF
        labels = self._tables.memberships.labels_of(target)
        return (*labels, len(self._tables.names.labels) + special)

    def _label(self, label: int) -> str:
        return self._tables.label_name(label)

    def _rule_text(self, rule: TypeRuleRecord | NamedTransitionRecord, name: str = "") -> str:
        names = self._tables.names
        kind = (
            TYPE_RULE_KINDS[rule.kind] if isinstance(rule, TypeRuleRecord) else TYPE_RULE_KINDS[0]
        )
        return (
            f"({kind} {self._label(rule.source)} {self._label(rule.target)}"
            f" {names.classes[rule.cls]}{name} {names.types[rule.result]})"
        )


def _part(context: Context, value: str) -> Range:
    """The part of a context's range that a default names."""
    if value.endswith(" low"):
        return Range(context.low, context.low)
    if value.endswith(" high"):
        return Range(context.high, context.high)
    return context.range
