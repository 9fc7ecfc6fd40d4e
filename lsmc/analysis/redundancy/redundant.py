"""Finds rules that can be removed, and why: the basis of the checks on dead and duplicate rules.

Computed once per policy, when the first check asks.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from functools import cached_property
from itertools import combinations
from typing import Any

from lsmc.analysis.linked_policy import LinkedPolicy, LinkedProfile
from lsmc.analysis.redundancy.keys import KeyLanguage
from lsmc.analysis.redundancy.overlaps import Overlaps
from lsmc.analysis.redundancy.removal import Need, Removal, matters, removal
from lsmc.analysis.redundancy.scopes import Scope, Scopes, SourceRule
from lsmc.automata.dfa import StateLimit
from lsmc.base.source import Span
from lsmc.ir.model import Effect, Rule


class Redundancy(Enum):
    """Why a rule can be removed."""

    DEAD = "never decides anything: others are stronger wherever it matches"
    WITHOUT_EFFECT = "a deny that takes nothing away and quiets nothing"
    DUPLICATE = "says what an earlier rule says"
    FIRST = "only later duplicates say the same"
    ONE = "one other rule covers it"
    SEVERAL = "several other rules cover it"


@dataclass(frozen=True, slots=True)
class Judgement:
    """A rule that can be removed from a scope; `cover` are the fewest rules that replace it."""

    written: SourceRule
    kind: Redundancy
    removal: Removal
    cover: tuple[Span, ...]
    profiles: tuple[LinkedProfile, ...]

    @property
    def scope(self) -> Scope:
        """Where it was judged."""
        return self.written.scope


class Judgements:
    """The judgements of one policy, each made on first use."""

    def __init__(self, policy: LinkedPolicy) -> None:
        self.policy = policy
        self.scopes = policy.shared(Scopes)
        self._in_bodies: dict[tuple[Span, int], Judgement | None] = {}
        self._body: Scope | None = None
        self._firsts: dict[Hashable, Span] = {}
        self._included: dict[Span, Judgement | None] = {}

    @cached_property
    def found(self) -> list[Judgement]:
        """All of them."""
        return [*self._all_bodies(), *self._all_included()]

    def of(self, written: SourceRule) -> Judgement | None:
        """The judgement of a rule of a scope's own text in that scope."""
        if written.scope.via:
            judgement = self.included(written.span)
            return judgement if judgement and judgement.scope is written.scope else None
        key = (written.span, id(written.scope))
        if key not in self._in_bodies:
            first = self._first_of(written.scope).get(_meaning(written), written.span)
            if first == written.span:
                self._in_bodies[key] = self._judge(written)
            else:
                self._in_bodies[key] = self._judge_again(written, first)
        return self._in_bodies[key]

    def _first_of(self, scope: Scope) -> Mapping[Hashable, Span]:
        """The first rule of a body with each meaning."""
        if self._body is not scope:
            self._body = scope
            self._firsts = {}
            for written in scope.own:
                if not written.taken_along:
                    self._firsts.setdefault(_meaning(written), written.span)
        return self._firsts

    def _judge_again(self, written: SourceRule, first: Span) -> Judgement | None:
        """The judgement of a rule that repeats an earlier rule of the same body in all parts.

        What holds for the one holds for the other, so that many need not be judged each.
        """
        earlier = written.scope.at(first)
        judgement = self.of(earlier) if earlier is not None else None
        if judgement is None or judgement.kind in (Redundancy.DEAD, Redundancy.WITHOUT_EFFECT):
            return judgement and replace(judgement, written=written)
        cover = judgement.cover if judgement.kind is Redundancy.DUPLICATE else (first,)
        return replace(judgement, written=written, kind=Redundancy.DUPLICATE, cover=cover)

    def included(self, span: Span) -> Judgement | None:
        """The judgement of a rule of an included file that can be removed for every includer."""
        if span not in self._included:
            self._included |= self._judged([span])
        return self._included[span]

    def _all_bodies(self) -> Iterator[Judgement]:
        for scope in self.scopes.bodies:
            for written in scope.own:
                judgement = self.of(written)
                if judgement is not None:
                    yield judgement
            scope.forget()

    def _all_included(self) -> Iterator[Judgement]:
        self._included |= self._judged([s for s in self._instances if s not in self._included])
        for scope in self.scopes.included:
            scope.forget()
        for span in self._instances:
            judgement = self._included[span]
            if judgement is not None:
                yield judgement

    @cached_property
    def _instances(self) -> dict[Span, list[Scope]]:
        """For each rule of an included file, the scopes whose own text contains it."""
        found: dict[Span, list[Scope]] = {}
        for scope in self.scopes.included:
            for span, chain in scope.vias.items():
                if chain == scope.via:
                    found.setdefault(span, []).append(scope)
        return found

    def _judged(self, spans: Sequence[Span]) -> dict[Span, Judgement | None]:
        """The judgements of rules of included files."""
        found: dict[Span, Judgement | None] = {}
        doubtful: dict[Span, Judgement] = {}
        for span in spans:
            found[span], sure = self._everywhere(span, self._instances.get(span, ()))
            judgement = found[span]
            if judgement is not None and not sure:
                doubtful[span] = judgement
        for span in doubtful.keys() - self._go_from_all(doubtful):
            found[span] = None
        return found

    def _everywhere(self, span: Span, scopes: Iterable[Scope]) -> tuple[Judgement | None, bool]:
        """The judgement of a rule in all scopes, and whether it holds whatever rules are added."""
        everywhere = (scope.at(span) for scope in scopes)
        held = [one for one in everywhere if one is not None]  # else its class is not mediated
        if any(matters(written) for written in held):
            return None, True
        first: Judgement | None = None
        profiles: dict[str, LinkedProfile] = {}
        sure = True
        for written in held:
            judgement = self._judge(written)
            if judgement is None:
                return None, True
            first = first or judgement
            sure = sure and judgement.removal.stable and not self._lone(judgement)
            profiles.update((profile.name, profile) for profile in written.scope.profiles)
        return first and replace(first, profiles=tuple(profiles.values())), sure

    def _lone(self, judgement: Judgement) -> bool:
        """Whether a judgement relies on rules that each profile has in its own form."""
        numbers = judgement.written.numbers.union(*(n.rules for n in judgement.removal.needs))
        return not self.scopes.lone.isdisjoint(numbers)

    def _go_from_all(self, judged: Mapping[Span, Judgement]) -> set[Span]:
        """The rules that can be removed from each of their profiles, given all rules of these."""
        held: dict[str, list[Span]] = {}
        for span, judgement in judged.items():
            for profile in judgement.profiles:
                held.setdefault(profile.name, []).append(span)
        going = set(judged)
        for stays in (matters, _stays):  # the quick test of all before the proof of any
            for name, spans in held.items():
                scope = self.scopes.body_of[name]
                for span in spans:
                    if span in going:
                        written = scope.at(span)
                        if written is None or stays(written):
                            going.discard(span)
                scope.forget()
        return going

    def _judge(self, written: SourceRule) -> Judgement | None:
        proof = _removal(written)
        if proof is None or proof.empty:
            return None  # it matters, or matches nothing, which another check says
        cover: tuple[Span, ...] = ()
        if not proof.won and written.rules[0].effect is not Effect.DENY:
            kind = Redundancy.DEAD
        elif not proof.won or proof.unmet:
            kind = Redundancy.WITHOUT_EFFECT
        elif _hides_conflict(written):
            return None
        else:
            kind, cover = self._cover(written, proof)
        profiles = (written.scope.profile,)
        return Judgement(written=written, kind=kind, removal=proof, cover=cover, profiles=profiles)

    def _cover(self, written: SourceRule, proof: Removal) -> tuple[Redundancy, tuple[Span, ...]]:
        needs = list({self._spans(need) for need in proof.needs})
        alone = sorted(frozenset.intersection(*needs), key=lambda span: _order(written.scope, span))
        scope = written.scope
        others = ((span, scope.at(span)) for span in alone)
        same = [span for span, other in others if other is not None and _same(written, other)]
        mine = _order(written.scope, written.span)
        if same and _order(written.scope, same[0]) < mine:
            return Redundancy.DUPLICATE, (same[0],)
        covers = [span for span in alone if span not in same]
        if covers:
            return Redundancy.ONE, (covers[0],)
        if same:
            return Redundancy.FIRST, (same[0],)
        return Redundancy.SEVERAL, smallest_cover(needs, lambda span: _order(written.scope, span))

    def _spans(self, need: Need) -> frozenset[Span]:
        return frozenset(self.policy.rules[number].origin for number in need.rules)


def _meaning(written: SourceRule) -> Hashable:
    """Everything that a rule means, without its place."""
    return tuple(
        (
            rule.cls,
            rule.fields,
            rule.owner,
            rule.other,
            rule.effect,
            rule.audit,
            rule.priority,
            rule.exact,
            rule.transition,
            rule.adds_log,
            rule.weak,
        )
        for rule in written.rules
    )


def _stays(written: SourceRule) -> bool:
    return _removal(written) is None


def _removal(written: SourceRule) -> Removal | None:
    try:
        return removal(written)
    except StateLimit:
        return None  # too large to prove


def _order(scope: Scope, span: Span) -> tuple[object, ...]:
    """Sort key: included rules first, deeper ones earlier; then the order of writing."""
    return -len(scope.via_of(span)), span.source.path, span.start


def smallest_cover(
    needs: Iterable[frozenset[Span]], order: Callable[[Span], Any]
) -> tuple[Span, ...]:
    """A smallest set with a member of each need; for large input only a small one."""
    rest = [need for need in needs if need]
    rest = [need for need in rest if not any(other < need for other in rest)]
    candidates = sorted(set().union(*rest), key=order)
    if len(candidates) <= 24:
        for size in (1, 2, 3):
            for chosen in combinations(candidates, size):
                if all(not need.isdisjoint(chosen) for need in rest):
                    return chosen
    found: list[Span] = []
    while rest:
        best = max(candidates, key=lambda span: sum(span in need for need in rest))
        found.append(best)
        rest = [need for need in rest if best not in need]
    return tuple(sorted(found, key=order))


def _same(one: SourceRule, other: SourceRule) -> bool:
    """Whether two rules have the same meaning, however they are written."""
    destination, record = one.scope.policy.semantics.destination, one.scope.profile.record

    def facts(rule: Rule) -> tuple[object, ...]:
        return (
            rule.cls.code,
            rule.owner,
            rule.other,
            rule.effect,
            rule.audit,
            rule.priority,
            rule.weak,
            rule.exact if (rule.owner | rule.other) & rule.cls.specific_mask else False,
            repr(destination(rule.transition, record)),
        )

    def grouped(written: SourceRule) -> dict[tuple[object, ...], list[KeyLanguage]]:
        found: dict[tuple[object, ...], list[KeyLanguage]] = {}
        for member, rule in zip(written.members, written.rules, strict=True):
            found.setdefault(facts(rule), []).append(languages.of(member))
        return found

    languages = one.scope.scopes.languages
    mine, theirs = grouped(one), grouped(other)
    if mine.keys() != theirs.keys():
        return False
    try:
        return all(languages.alike(some, theirs[key]) for key, some in mine.items())
    except StateLimit:
        return False


def _hides_conflict(written: SourceRule) -> bool:
    """Whether a rule may prevent two other exec modes from being refused as a conflict."""
    scope = written.scope
    mine = [member for member in written.members if _allows_execution(scope, member)]
    if not mine:
        return False
    meet = scope.policy.shared(Overlaps).meet
    others = [
        number
        for number in scope.by_class[scope.policy.rules[mine[0]].cls]
        if number not in written.numbers
        and _allows_execution(scope, number)
        and any(meet(number, own) is not None for own in mine)
    ]
    rules = scope.policy.rules
    return any(
        rules[a].transition != rules[b].transition
        and (rules[a].priority, rules[a].exact) == (rules[b].priority, rules[b].exact)
        and meet(a, b) is not None
        for a, b in combinations(others, 2)
    )


def _allows_execution(scope: Scope, number: int) -> bool:
    rule = scope.policy.rules[number]
    return rule.effect is Effect.ALLOW and scope.policy.semantics.executes(rule)


def judgements(policy: LinkedPolicy) -> list[Judgement]:
    """The judgements of a policy, computed once."""
    return policy.shared(Judgements).found
