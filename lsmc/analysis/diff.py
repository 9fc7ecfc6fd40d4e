"""The exact difference of two policies.

Two rules with the same pattern and the same effect decide alike, so decisions can differ only at
keys that some rule matches which the other policy does not have.  For each such rule the product of
both policies is walked along that rule's own language, breadth first, to the first key at which the
decisions part: that key is the witness.  No such key for any rule means that the policies agree
everywhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Literal, NamedTuple

from lsmc.analysis.rule_search import ClassView, Question, RulePlace, places, rule_at
from lsmc.automata.algebra import Table, search
from lsmc.automata.dfa import Dfa
from lsmc.engine.matcher import Matcher, Node
from lsmc.engine.verdict import RuleRef
from lsmc.ir.decision import Decision
from lsmc.ir.model import MediationClass, Transition
from lsmc.modules.apparmor.classes import BY_CODE, FILE
from lsmc.modules.apparmor.engine import Engine
from lsmc.modules.apparmor.exec_transition import exec_mode
from lsmc.modules.apparmor.requests import decode, request_of
from lsmc.modules.apparmor.subjects import mediates
from lsmc.tables.records import ProfileRecord

Kind = Literal["added", "removed", "setting", "attachment", "mediation", "decision"]
_ALL_RULES = 1_000_000


class Side(NamedTuple):
    """What one policy decides at the witness; permission names, and the rules behind them."""

    allow: tuple[str, ...] = ()
    audit: tuple[str, ...] = ()
    quiet: tuple[str, ...] = ()
    prompt: tuple[str, ...] = ()
    exec: str = ""
    rules: tuple[RuleRef, ...] = ()


class Change(NamedTuple):
    """One difference of a profile.

    `witness` is a request of `Policy.query_many` on which the policies differ (for kind
    `decision`); `rule` is the rule that only one of them has and whose objects are concerned.
    """

    profile: str
    kind: Kind
    cls: str = ""
    what: str = ""
    before: Any = None
    after: Any = None
    rule: RuleRef | None = None
    witness: Mapping[str, Any] | None = None


def diff(old: Engine, new: Engine) -> list[Change]:
    """What changed from one policy to another; empty if and only if they decide alike.

    Compared are every decision for owner and other, audit and quiet flags, exec transitions, and
    what decides which profile a program gets.  Raises `StateLimit` when the policies are too
    complex to compare.
    """
    changes: list[Change] = []
    before, after = set(old.subjects), set(new.subjects)
    for name in sorted(before | after):
        if name not in after:
            changes.append(Change(name, "removed"))
        elif name not in before:
            changes.append(Change(name, "added"))
        else:
            changes += _profile(old, new, name)
    return changes


def _profile(old: Engine, new: Engine, name: str) -> Iterator[Change]:
    one, other = old.tables.find(name), new.tables.find(name)
    assert one is not None
    assert other is not None
    yield from _settings(one, other)
    yield from _attachment(old, new, one, other)
    pair = _Pair(old, new, one, other)
    yield from pair.changes()


def _settings(one: ProfileRecord, other: ProfileRecord) -> Iterator[Change]:
    name = one.full_name
    # the two free modes are the same to the kernel
    modes = [r.mode.replace("default_allow", "unconfined") for r in (one, other)]
    if modes[0] != modes[1]:
        yield Change(name, "setting", what="mode", before=one.mode, after=other.mode)
    if one.is_hat != other.is_hat:
        yield Change(name, "setting", what="hat", before=one.is_hat, after=other.is_hat)
    if one.audit != other.audit:
        yield Change(name, "setting", what="audit", before=one.audit, after=other.audit)
    for what, first, second in (
        ("", _without_basis(one.settings), _without_basis(other.settings)),
        ("rlimit ", dict(one.rlimits), dict(other.rlimits)),
    ):
        for key in sorted(first.keys() | second.keys()):
            if first.get(key) != second.get(key):
                yield Change(
                    name,
                    "setting",
                    what=what + key,
                    before=first.get(key),
                    after=second.get(key),
                )


def _without_basis(settings: Iterable[tuple[str, str]]) -> dict[str, str]:
    """The settings without what the profile was compiled for, which decides nothing by itself."""
    return {name: value for name, value in settings if name not in ("abi", "target")}


def _attachment(
    old: Engine, new: Engine, one: ProfileRecord, other: ProfileRecord
) -> Iterator[Change]:
    first, second = old.tables.attachments.of(one), new.tables.attachments.of(other)
    if first is None or second is None:
        if first is not second:
            yield Change(
                one.full_name, "attachment", before=first is not None, after=second is not None
            )
        return
    names = [tuple(name for name, _ in c.xattrs) for c in (first, second)]
    pairs = [(first.dfa, second.dfa)]
    if names[0] == names[1]:
        pairs += [(a, b) for (_, a), (_, b) in zip(first.xattrs, second.xattrs, strict=True)]
    else:
        yield Change(one.full_name, "attachment", what="xattrs", before=names[0], after=names[1])
    for a, b in pairs:
        path = _difference(a, b)
        if path is not None:
            yield Change(
                one.full_name,
                "attachment",
                before=bool(a.match(path)),
                after=bool(b.match(path)),
                witness={"object": decode(path)},
            )


def _difference(a: Dfa, b: Dfa) -> bytes | None:
    def goal(states: Sequence[Any]) -> bool:
        sides = (
            bool(dfa.accept_ids_of(s)) if s is not None else False
            for dfa, s in zip((a, b), states, strict=True)
        )
        return len(set(sides)) == 2

    return search([Table(a), Table(b)], goal)


class _Pair:
    """One profile in two policies."""

    def __init__(self, old: Engine, new: Engine, one: ProfileRecord, other: ProfileRecord) -> None:
        self.policies = (old, new)
        self.records = (one, other)
        self.matchers = (old.tables.matcher(one), new.tables.matcher(other))
        self.empty = (
            self.matchers[0].node(()),
            self.matchers[1].node(()),
        )

    def changes(self) -> Iterator[Change]:
        for cls in BY_CODE.values():
            sides = [mediates(record, cls) for record in self.records]
            if sides[0] == sides[1]:
                if sides[0]:
                    yield from self._class(cls)
                continue
            free = 0 if sides[1] else 1
            key = self._search(cls, None, free)
            if key is not None:
                yield self._change(cls, key, None, free)

    def _class(self, cls: MediationClass) -> Iterator[Change]:
        known = [by_meaning(matcher, cls) for matcher in self.matchers]
        found: set[bytes] = set()
        for side in (1, 0):
            for meaning, found_at in known[side].items():
                if meaning in known[1 - side]:
                    continue
                key = self._search(cls, (side, found_at[0]), None)
                if key is None or key in found:
                    continue
                found.add(key)
                yield self._change(cls, key, (side, found_at[0]), None)

    def _search(
        self, cls: MediationClass, along: tuple[int, RulePlace] | None, free: int | None
    ) -> bytes | None:
        """A shortest key at which the sides differ, within the language of one rule."""
        views = [ClassView(matcher, cls.code) for matcher in self.matchers]

        def goal(states: Sequence[Any]) -> bool:
            nodes = self._nodes(states)
            return any(
                self._outcome(0, nodes[0], cls, owner, free)
                != self._outcome(1, nodes[1], cls, owner, free)
                for owner in (True, False)
            )

        if along is None:
            return search(views, goal)
        side, place = along
        question = Question(self.matchers[side], place)

        def alive(states: Sequence[Any]) -> bool:
            return question.alive(states[side])

        def reached(states: Sequence[Any]) -> bool:
            node = states[side]
            return node is not None and question.matches(node) and goal(states)

        return search(views, reached, alive=alive)

    def _nodes(self, states: Sequence[Any]) -> tuple[Node, Node]:
        return (
            states[0] if states[0] is not None else self.empty[0],
            states[1] if states[1] is not None else self.empty[1],
        )

    def _outcome(
        self, side: int, node: Node, cls: MediationClass, owner: bool, free: int | None
    ) -> tuple[Any, ...]:
        if side == free:
            return (cls.all, 0, 0, 0, None)
        decision = self.matchers[side].decide(node, cls, owner)
        return outcome(decision, self.records[side])

    def _change(
        self,
        cls: MediationClass,
        key: bytes,
        along: tuple[int, RulePlace] | None,
        free: int | None,
    ) -> Change:
        nodes = (
            self.matchers[0].walk(bytes((cls.code,)) + key),
            self.matchers[1].walk(bytes((cls.code,)) + key),
        )
        owner = self._outcome(0, nodes[0], cls, True, free) != self._outcome(
            1, nodes[1], cls, True, free
        )
        sides = [self._side(i, nodes[i], cls, owner, free) for i in (0, 1)]
        rule = None
        if along is not None:
            side, place = along
            found = rule_at(self.matchers[side], place)
            rule = self.policies[side].tables.ref(self.records[side], found.rule.place, found.via)
        return Change(
            self.records[0].full_name,
            "decision" if free is None else "mediation",
            cls.name,
            before=sides[0],
            after=sides[1],
            rule=rule,
            witness=request_of(self.records[0].full_name, cls, key, owner, cls.permissions),
        )

    def _side(
        self, side: int, node: Node, cls: MediationClass, owner: bool, free: int | None
    ) -> Side:
        if side == free:
            return Side(cls.permissions)
        matcher, record = self.matchers[side], self.records[side]
        decision = matcher.decide(node, cls, owner)
        rules = self.policies[side].tables.refs(record, node, decision, cls.all)
        transition = decision.transition
        return Side(
            cls.names(decision.allow),
            cls.names(decision.audit),
            cls.names(decision.quiet),
            cls.names(decision.prompt),
            describe(transition) if transition is not None and cls is FILE else "",
            rules,
        )


def by_meaning(matcher: Matcher, cls: MediationClass) -> dict[tuple[Any, ...], list[RulePlace]]:
    """A profile's rules of a class by what they say; rules that say the same are one entry."""
    found: dict[tuple[Any, ...], list[RulePlace]] = {}
    for place in places(matcher, cls):
        record = rule_at(matcher, place).rule
        transition = absolute(record.facts.transition, matcher.profile)
        meaning = (record.pattern, *record.facts[1:7], record.facts.visit, transition)
        found.setdefault(meaning, []).append(place)
    return found


def absolute(transition: Transition | None, profile: ProfileRecord) -> Transition | None:
    """A transition to a named child as one to its full name, which the kernel cannot tell apart."""
    if transition is not None and transition.kind == "child":
        return Transition(
            "profile",
            profile.child(transition.name),
            transition.inherit,
            transition.unconfined,
            transition.unsafe,
        )
    return transition


def outcome(decision: Decision, profile: ProfileRecord) -> tuple[Any, ...]:
    """What of a decision can be observed: an explicit deny that is audited is as no rule at all."""
    return (
        decision.allow,
        decision.audit,
        decision.quiet,
        decision.prompt,
        absolute(decision.transition, profile),
    )


def describe(transition: Transition) -> str:
    """A transition as it is written in a rule."""
    mode = exec_mode(transition)
    return f"{mode} -> {transition.name}" if transition.name else mode
