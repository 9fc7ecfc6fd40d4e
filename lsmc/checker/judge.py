"""Which rules of a tree may go, and why: the common ground of the checks on dead and double rules.

Worked out once a tree, when the first check asks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from enum import Enum
from itertools import combinations
from typing import Any

from lsmc.analysis.diff import absolute
from lsmc.automata.algebra import equivalent
from lsmc.automata.dfa import StateLimit
from lsmc.automata.pattern import Pattern, union
from lsmc.checker.model import LintedProfile, Tree
from lsmc.checker.overlaps import Overlaps
from lsmc.checker.removal import Need, Removal, removal
from lsmc.checker.scopes import Scope, Scopes, Written
from lsmc.ir.classes import FILE
from lsmc.ir.model import Effect, Rule
from lsmc.source import Span
from lsmc.tables.groups import key_pattern

_EXECUTE = FILE.mask("x")


class Fate(Enum):
    """Why a rule may go."""

    DEAD = "never decides anything: others are stronger wherever it matches"
    WITHOUT_EFFECT = "a deny that takes nothing away and quiets nothing"
    DUPLICATE = "says what an earlier rule says"
    FIRST = "only later duplicates say the same"
    ONE = "one other rule covers it"
    SEVERAL = "several other rules cover it"


@dataclass(frozen=True, slots=True)
class Judgement:
    """A rule that may go from a scope; `cover` are the rules that do its work, fewest first."""

    written: Written
    fate: Fate
    removal: Removal
    cover: tuple[Span, ...]
    profiles: tuple[LintedProfile, ...]

    @property
    def scope(self) -> Scope:
        """Where it was judged."""
        return self.written.scope


class Judge:
    """The judgements of one tree."""

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self.scopes = tree.shared(Scopes)
        self.found = [*self._bodies(), *self._included()]

    def _bodies(self) -> Iterator[Judgement]:
        for scope in self.scopes.bodies:
            for written in scope.own():
                judgement = self._judge(written)
                if judgement is not None:
                    yield judgement
            scope.forget()

    def _included(self) -> Iterator[Judgement]:
        """Rules of included files that may go wherever the file is included."""
        instances: dict[Span, list[Scope]] = {}
        for scope in self.scopes.included:
            for span, chain in scope.vias.items():
                if chain == scope.via:
                    instances.setdefault(span, []).append(scope)
        for span, scopes in instances.items():
            judgement = self._everywhere(span, scopes)
            if judgement is not None:
                yield judgement

    def _everywhere(self, span: Span, scopes: list[Scope]) -> Judgement | None:
        first: Judgement | None = None
        profiles: dict[str, LintedProfile] = {}
        doubtful = False
        for scope in scopes:
            written = scope.at(span)
            if written is None:
                continue  # a class that is not mediated there
            judgement = self._judge(written)
            if judgement is None:
                return None
            first = first or judgement
            doubtful = doubtful or not judgement.removal.stable or self._lone(judgement)
            profiles.update((profile.name, profile) for profile in scope.profiles)
        if first is None or (doubtful and not self._goes_from_all(span, profiles.values())):
            return None
        return replace(first, profiles=tuple(profiles.values()))

    def _lone(self, judgement: Judgement) -> bool:
        """Whether a judgement rests on rules that each profile has in a form of its own."""
        numbers = judgement.written.numbers.union(*(n.rules for n in judgement.removal.needs))
        return not self.scopes.lone.isdisjoint(numbers)

    def _goes_from_all(self, span: Span, profiles: Iterable[LintedProfile]) -> bool:
        """Whether a rule may go from each of some profiles, all of their rules considered."""
        for profile in profiles:
            scope = self.scopes.body_of[profile.name]
            written = scope.at(span)
            if written is None or _removal(written) is None:
                return False
            scope.forget()
        return True

    def _judge(self, written: Written) -> Judgement | None:
        proof = _removal(written)
        if proof is None or proof.empty:
            return None  # it matters, or matches nothing, which another check says
        profiles = (written.scope.profile,)
        effect = written.rules[0].effect
        if not proof.won:
            fate = Fate.WITHOUT_EFFECT if effect is Effect.DENY else Fate.DEAD
            return Judgement(written, fate, proof, (), profiles)
        if proof.unmet:
            return Judgement(written, Fate.WITHOUT_EFFECT, proof, (), profiles)
        if _hides_conflict(written):
            return None
        fate, cover = self._cover(written, proof)
        return Judgement(written, fate, proof, cover, profiles)

    def _cover(self, written: Written, proof: Removal) -> tuple[Fate, tuple[Span, ...]]:
        needs = list({self._spans(need) for need in proof.needs})
        alone = sorted(frozenset.intersection(*needs), key=lambda span: _order(written.scope, span))
        scope = written.scope
        others = ((span, scope.at(span)) for span in alone)
        same = [span for span, other in others if other is not None and _same(written, other)]
        mine = _order(written.scope, written.span)
        if same and _order(written.scope, same[0]) < mine:
            return Fate.DUPLICATE, (same[0],)
        covers = [span for span in alone if span not in same]
        if covers:
            return Fate.ONE, (covers[0],)
        if same:
            return Fate.FIRST, (same[0],)
        return Fate.SEVERAL, smallest_cover(needs, lambda span: _order(written.scope, span))

    def _spans(self, need: Need) -> frozenset[Span]:
        return frozenset(self.tree.rules[number].origin for number in need.rules)


def _removal(written: Written) -> Removal | None:
    try:
        return removal(written)
    except StateLimit:
        return None  # too large to prove


def _order(scope: Scope, span: Span) -> tuple[object, ...]:
    """Included rules come first, the deeper the earlier; then the order of writing."""
    return -len(scope.via_of(span)), span.source.path, span.start


def smallest_cover(
    needs: Iterable[frozenset[Span]], order: Callable[[Span], Any]
) -> tuple[Span, ...]:
    """A smallest set that has a member of each need; past a size, a small one."""
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


def _same(one: Written, other: Written) -> bool:
    """Whether two rules mean the same, however they are spelled."""
    record = one.scope.profile.record

    def facts(rule: Rule) -> tuple[object, ...]:
        return (
            rule.cls.code,
            rule.owner,
            rule.other,
            rule.effect,
            rule.audit,
            rule.priority,
            rule.exact if (rule.owner | rule.other) & rule.cls.specific_mask else False,
            repr(absolute(rule.transition, record)),
        )

    def grouped(written: Written) -> dict[tuple[object, ...], list[Pattern]]:
        found: dict[tuple[object, ...], list[Pattern]] = {}
        for rule in written.rules:
            found.setdefault(facts(rule), []).append(key_pattern(rule))
        return found

    mine, theirs = grouped(one), grouped(other)
    if mine.keys() != theirs.keys():
        return False
    try:
        return all(
            set(patterns) == set(theirs[key]) or equivalent(union(patterns), union(theirs[key]))
            for key, patterns in mine.items()
        )
    except StateLimit:
        return False


def _hides_conflict(written: Written) -> bool:
    """Whether a rule may keep the clash of two other exec modes from being refused."""
    mine = [m for m in written.members if _executes(written.scope.tree.rules[m])]
    if not mine:
        return False
    scope = written.scope
    meet = scope.tree.shared(Overlaps).meet
    others = [
        number
        for number in scope.by_class[FILE]
        if number not in written.numbers
        and _executes(scope.tree.rules[number])
        and any(meet(number, own) is not None for own in mine)
    ]
    rules = scope.tree.rules
    return any(
        rules[a].transition != rules[b].transition
        and (rules[a].priority, rules[a].exact) == (rules[b].priority, rules[b].exact)
        and meet(a, b) is not None
        for a, b in combinations(others, 2)
    )


def _executes(rule: Rule) -> bool:
    allows = rule.cls is FILE and rule.effect is Effect.ALLOW
    return allows and bool((rule.owner | rule.other) & _EXECUTE)


def judgements(tree: Tree) -> list[Judgement]:
    """The judgements of a tree, worked out when first asked for."""
    return tree.shared(Judge).found
