"""The exact difference of two policies.

Two rules with the same pattern and the same effect decide alike, so decisions can differ only at
keys that some rule matches which the other policy does not have.  For each such rule the product of
both policies is walked along that rule's own language, breadth first, to the first key at which the
decisions part: that key is the witness.  No such key for any rule means that the policies agree
everywhere.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Literal, NamedTuple

from lsmc.analysis.rule_search import ClassView, Question, RulePlace, places, rule_at
from lsmc.analysis.semantics import Semantics
from lsmc.automata.algebra import search
from lsmc.engine.matcher import Matcher, Node
from lsmc.engine.profiles import ProfileTables
from lsmc.engine.verdict import RuleRef
from lsmc.ir.decision import Decision
from lsmc.ir.model import MediationClass, Transition
from lsmc.tables.records import ProfileRecord

Kind = Literal["added", "removed", "setting", "attachment", "mediation", "decision"]


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


#: What differs between the heads of two profiles of a name: whatever is no rule.
Heads = Callable[[ProfileRecord, ProfileRecord], Iterable[Change]]


def diff(
    semantics: Semantics,
    old: ProfileTables,
    new: ProfileTables,
    heads: Heads | None = None,
) -> list[Change]:
    """What changed from one policy to another; empty if and only if they decide alike.

    Compared are every decision for owner and other, audit and quiet flags, and transitions; `heads`
    tells what else differs between two profiles of a name.  Raises `StateLimit` when the policies
    are too complex to compare.
    """
    changes: list[Change] = []
    before, after = set(old.subjects), set(new.subjects)
    for name in sorted(before | after):
        one, other = old.find(name), new.find(name)
        if other is None:
            changes.append(Change(name, "removed"))
        elif one is None:
            changes.append(Change(name, "added"))
        else:
            changes += heads(one, other) if heads is not None else ()
            changes += _Pair(semantics, (old, new), (one, other)).changes()
    return changes


class _Pair:
    """One profile in two policies."""

    def __init__(
        self,
        semantics: Semantics,
        policies: tuple[ProfileTables, ProfileTables],
        records: tuple[ProfileRecord, ProfileRecord],
    ) -> None:
        self.semantics = semantics
        self.policies = policies
        self.records = records
        self.matchers = (policies[0].matcher(records[0]), policies[1].matcher(records[1]))
        self.empty = (
            self.matchers[0].node(()),
            self.matchers[1].node(()),
        )

    def changes(self) -> Iterator[Change]:
        for cls in self.semantics.classes.values():
            sides = [self.semantics.mediates(record, cls, False) for record in self.records]
            if sides[0] == sides[1]:
                if sides[0]:
                    yield from self._class(cls)
                continue
            free = 0 if sides[1] else 1
            key = self._search(cls, None, free)
            if key is not None:
                yield self._change(cls, key, None, free)

    def _class(self, cls: MediationClass) -> Iterator[Change]:
        known = [by_meaning(self.semantics, matcher, cls) for matcher in self.matchers]
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
        return outcome(self.semantics, decision, self.records[side])

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
            rule = self.policies[side].ref(self.records[side], found.rule.place, found.via)
        return Change(
            self.records[0].full_name,
            "decision" if free is None else "mediation",
            cls.name,
            before=sides[0],
            after=sides[1],
            rule=rule,
            witness=self.semantics.request_of(
                self.records[0].full_name, cls, key, owner, cls.permissions
            ),
        )

    def _side(
        self, side: int, node: Node, cls: MediationClass, owner: bool, free: int | None
    ) -> Side:
        if side == free:
            return Side(cls.permissions)
        matcher, record = self.matchers[side], self.records[side]
        decision = matcher.decide(node, cls, owner)
        rules = self.policies[side].refs(record, node, decision, cls.all)
        return Side(
            cls.names(decision.allow),
            cls.names(decision.audit),
            cls.names(decision.quiet),
            cls.names(decision.prompt),
            self._execution(cls, decision.transition),
            rules,
        )

    def _execution(self, cls: MediationClass, transition: Transition | None) -> str:
        executed = self.semantics.execution
        if transition is None or executed is None or cls is not executed[0]:
            return ""
        return self.semantics.transition_text(transition)


def by_meaning(
    semantics: Semantics, matcher: Matcher, cls: MediationClass
) -> dict[tuple[Any, ...], list[RulePlace]]:
    """A profile's rules of a class by what they say; rules that say the same are one entry."""
    found: dict[tuple[Any, ...], list[RulePlace]] = {}
    for place in places(matcher, cls):
        record = rule_at(matcher, place).rule
        transition = semantics.destination(record.facts.transition, matcher.profile)
        meaning = (record.pattern, *record.facts[1:7], record.facts.adds_log, transition)
        found.setdefault(meaning, []).append(place)
    return found


def outcome(semantics: Semantics, decision: Decision, profile: ProfileRecord) -> tuple[Any, ...]:
    """What of a decision can be observed: an explicit deny that is audited is as no rule at all."""
    return (
        decision.allow,
        decision.audit,
        decision.quiet,
        decision.prompt,
        semantics.destination(decision.transition, profile),
    )
