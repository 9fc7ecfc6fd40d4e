"""All that the rules of a profile let it do, or have the user asked: each with what is left of it.

A rule that another overrides everywhere grants nothing and is not told.  What a rule grants is
decided at objects that a kernel can ask about, by exact search along the rule's own language, so
each grant has an example.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from operator import contains
from typing import Any, Literal, NamedTuple

from lsmc.analysis.rule_search import ClassView, RuleIndex, RuleQuestion, places, rule_at
from lsmc.analysis.semantics import Semantics
from lsmc.automata.algebra import search, walk
from lsmc.engine.matcher import Matcher, Node
from lsmc.engine.profiles import ProfileTables
from lsmc.engine.verdict import RuleRef
from lsmc.ir.decision import ALLOW, DENY, PROMPT, Decision, Facts
from lsmc.ir.mediation import MediationClass, Transition
from lsmc.tables.records import ProfileRecord

#: Objects that a rule and its denials share which are tried before the whole search.
_TRIED = 64


class Refusal(NamedTuple):
    """A rule that takes a part of a grant away, and the key of an object where it does."""

    rule: RuleRef
    key: bytes


class Grant(NamedTuple):
    """What one written rule grants.

    Attributes:
        cls: the class.
        rule: the rule as written.
        asks: whether the user is asked first; then what it grants is what may be granted so.
        permissions: names of permissions that it grants on some object.
        who: whether the owner of the object alone gets them, all but the owner, or everybody.
        key: an object, without the class code.
        transition: of a rule that lets something be executed, what follows.
        lost: names of permissions that the rule names and that it grants on no object.
        but: the first rule found that denies a part of it.
    """

    cls: MediationClass
    rule: RuleRef
    asks: bool
    permissions: tuple[str, ...]
    who: Literal["all", "owner", "other"]
    key: bytes
    transition: Transition | None = None
    lost: tuple[str, ...] = ()
    but: Refusal | None = None


def grants(
    semantics: Semantics, tables: ProfileTables, record: ProfileRecord, cls: MediationClass
) -> list[Grant]:
    """What the rules of a profile grant in a class, in the order of the rules.

    Raises `automata.dfa.StateLimit` when a search grows too large.
    """
    search_in = _Profile(semantics, tables, record, cls)
    found: dict[RuleRef, Grant] = {}
    for place in places(search_in.matcher, cls):
        grant = search_in.grant(place)
        if grant is None:
            continue
        known = found.get(grant.rule)
        found[grant.rule] = grant if known is None else _together(known, grant)
    return list(found.values())


def _given(decision: Decision, rule: Facts) -> int:
    """The permissions that a rule takes part in granting, or in asking the user for."""
    bits = decision.prompt if rule.effect == PROMPT else decision.allow
    return bits & decision.won_by((rule.id,))


def _together(one: Grant, other: Grant) -> Grant:
    """What two rules grant that come from the same text."""
    names = {*one.permissions, *other.permissions}
    return one._replace(
        permissions=one.cls.names(one.cls.mask(names)),
        lost=tuple(name for name in (*one.lost, *other.lost) if name not in names),
        who=one.who if one.who == other.who else "all",
        transition=one.transition or other.transition,
        but=one.but or other.but,
    )


class _Share(NamedTuple):
    """The bits that a rule grants the owners of objects, or others, and an object where it does."""

    bits: int
    key: bytes
    transition: Transition | None


class _Profile:
    """The rules of one class of a profile."""

    def __init__(
        self,
        semantics: Semantics,
        tables: ProfileTables,
        record: ProfileRecord,
        cls: MediationClass,
    ) -> None:
        self.cls = cls
        self.matcher: Matcher = tables.matcher(record)
        self._tables = tables
        self._record = record
        self._semantics = semantics
        execution = semantics.execution
        self._executes = execution[1] if execution and execution[0] is cls else 0
        self._asked = cls.all & ~semantics.limits.get(cls, 0)
        self._objects = semantics.requestable(cls, False)
        #: By group, the permissions and the accepting states of each rule that denies.
        self._denials: dict[int, list[tuple[int, frozenset[int]]]] = {}
        for place in places(self.matcher, cls):
            facts = rule_at(self.matcher, place).rule.facts
            if facts.effect == DENY:
                states = frozenset(self.matcher.reach(place.group).accepting(place.rule))
                denial = (facts.owner | facts.other, states)
                self._denials.setdefault(place.group, []).append(denial)

    def grant(self, place: RuleIndex) -> Grant | None:
        """What a rule grants, or None."""
        question = RuleQuestion(self.matcher, place)
        facts = question.rule.rule.facts
        if facts.effect not in (ALLOW, PROMPT):
            return None
        shares = {owner: self._share(question, owner) for owner in (True, False)}
        first = next((share for share in shares.values() if share.bits), None)
        if first is None:
            return None
        bits = shares[True].bits | shares[False].bits
        whose = [owner for owner, share in shares.items() if share.bits]
        return Grant(
            cls=self.cls,
            rule=self._tables.ref(self._record, question.rule.rule.place, question.rule.via),
            asks=facts.effect == PROMPT,
            permissions=self.cls.names(bits),
            who="all" if len(whose) > 1 else "owner" if whose[0] else "other",
            key=first.key,
            transition=first.transition if self._executes & bits else None,
            lost=self.cls.names((facts.owner | facts.other) & self._asked & ~bits),
            but=self._but(question, bits, whose),
        )

    def _share(self, question: RuleQuestion, owner: bool) -> _Share:
        """What a rule grants the owner of an object, or others."""
        facts = question.rule.rule.facts
        named = (facts.owner if owner else facts.other) & self._asked
        wanted = named | self._implied(named)
        share = _Share(0, b"", None)
        while wanted & ~share.bits:
            key = self._find(question, wanted & ~share.bits, owner)
            if key is None:
                break
            decision = self._decide(key, owner)
            bits = share.bits | _given(decision, facts) & wanted
            share = _Share(bits, share.key or key, share.transition or decision.transition)
        return share

    def _implied(self, named: int) -> int:
        """The permissions that come with others where these are granted in a certain way."""
        pair = self.cls.implied
        return self.cls.mask(pair) if pair is not None and named & self.cls.mask(pair[:1]) else 0

    def _decide(self, key: bytes, owner: bool) -> Decision:
        node = self.matcher.walk(bytes((self.cls.code,)) + key)
        return self.matcher.decide(node, self.cls, owner)

    def _find(self, question: RuleQuestion, wanted: int, owner: bool) -> bytes | None:
        """An object at which a rule takes part in granting some permissions."""
        facts = question.rule.rule.facts

        def granted(node: Node) -> bool:
            return bool(_given(self.matcher.decide(node, self.cls, owner), facts) & wanted)

        return self._along(question, granted)

    def _but(self, question: RuleQuestion, bits: int, whose: Sequence[bool]) -> Refusal | None:
        """A rule that denies, at some object, what a rule grants elsewhere."""

        def denied(node: Node) -> Decision | None:
            decisions = (self.matcher.decide(node, self.cls, owner) for owner in whose)
            return next((one for one in decisions if one.deny & bits), None)

        def is_denied(node: Node) -> bool:
            return denied(node) is not None

        met = list(islice(self._meetings(question, bits), _TRIED))
        key = next((key for key in met if is_denied(question.node(key))), None)
        if key is None and met:  # other rules may decide at these objects alone
            key = self._along(question, is_denied)
        if key is None:
            return None
        node = question.node(key)
        decision = denied(node)
        assert decision is not None
        refs = self._tables.refs(self._record, node, decision, decision.deny & bits)
        return Refusal(refs[0], key) if refs else None

    def _meetings(self, question: RuleQuestion, bits: int) -> Iterator[bytes]:
        """Objects that a rule and one that denies some permissions match, in many ways.

        Only the groups of these rules are walked.
        """
        groups = {
            group: frozenset().union(*(states for mask, states in denials if mask & bits))
            for group, denials in self._denials.items()
            if any(mask & bits for mask, _ in denials)
        }
        if not groups:
            return
        place = question.place
        reach = self.matcher.reach(place.group)
        own, useful = frozenset(reach.accepting(place.rule)), reach.useful(place.rule)
        objects = self._semantics.requestable(self.cls, True)
        walked = [reach.table, objects, *(self.matcher.reach(group).table for group in groups)]
        refusing = list(groups.values())

        def alive(states: Sequence[Any]) -> bool:
            return states[0] in useful and states[1] is not None

        def meets(states: Sequence[Any]) -> bool:
            return (
                states[0] in own
                and alive(states)
                and bool(objects.accepts(states[1]))
                and any(map(contains, refusing, states[2:]))
            )

        for key in walk(walked, meets, alive=alive):
            yield key[1:]

    def _along(self, question: RuleQuestion, goal: Callable[[Node], bool]) -> bytes | None:
        """A shortest object of a rule's language at which a goal is met."""
        for key in question.samples():
            if self._semantics.is_requestable(self.cls, key) and goal(question.node(key)):
                return key

        def alive(states: Sequence[Any]) -> bool:
            return states[1] is not None and question.alive(states[0])

        def reached(states: Sequence[Any]) -> bool:
            return (
                alive(states)
                and bool(self._objects.accepts(states[1]))
                and question.matches(states[0])
                and goal(states[0])
            )

        return search([ClassView(self.matcher, self.cls.code), self._objects], reached, alive=alive)
