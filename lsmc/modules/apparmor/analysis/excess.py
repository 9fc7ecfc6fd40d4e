"""What one profile grants on the objects of a system and another does not: exactly.

The one grants more at an object only if an allow rule of its own matches there that the other does
not have, or if a rule of the other that the one does not have takes something away there.  That is
a deny or a prompt, an execution under another profile (with which mapping is not implied), and a
link that asks for a subset.  So the product of both is walked along the languages of such rules.

Compared are accesses to objects.  Left out are executions and changes of profile, which lead on to
other profiles, with what a profile is granted for them unasked, and what is done with other
subjects (signals, tracing, sockets and messages with a peer), where nearly every profile speaks of
itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from lsmc.analysis.differing import by_meaning
from lsmc.analysis.openings import Opening
from lsmc.analysis.rule_search import ClassView, RuleIndex, RuleQuestion, rule_at
from lsmc.automata.algebra import Automaton, search
from lsmc.automata.common import member
from lsmc.engine.matcher import Matcher, Node
from lsmc.ir.decision import ALLOW, Decision, Facts
from lsmc.ir.mediation import MediationClass
from lsmc.modules.apparmor.analysis.semantics import SEMANTICS
from lsmc.modules.apparmor.classes import (
    CAPABILITY,
    FILE,
    IO_URING,
    LINK,
    MOUNT,
    MQUEUE,
    NETWORK,
    PIVOT_ROOT,
    UMOUNT,
    USERNS,
)
from lsmc.modules.apparmor.decide.precedence import decide
from lsmc.modules.apparmor.decide.subjects import mediates

#: The classes that are compared.
COMPARED = (
    FILE,
    LINK,
    CAPABILITY,
    NETWORK,
    MOUNT,
    UMOUNT,
    PIVOT_ROOT,
    USERNS,
    IO_URING,
    MQUEUE,
)
_EXECUTE = FILE.mask("x")
_LINK, _SUBSET = LINK.mask(("link",)), LINK.mask(("subset",))
#: Tuples of states that the search for one access may visit.
_STATES = 20_000


def compared(cls: MediationClass, decision: Decision) -> int:
    """The permissions of a decision that are compared; a link without a subset test counts more."""
    if cls is FILE:
        return decision.allow & ~_EXECUTE
    if cls is LINK:
        tested = decision.allow & _SUBSET
        return decision.allow & _LINK | (0 if tested or not decision.allow & _LINK else _SUBSET)
    return decision.allow


def excess(
    one: Matcher, other: Matcher, real: Callable[[MediationClass], Automaton[Any]]
) -> Opening | None:
    """An access that one profile grants and another does not; None proves that there is none.

    `real` are the objects of a class that count, keys without the class code.  Raises
    `automata.dfa.StateLimit`.
    """
    classes = (cls for cls in COMPARED if mediates(other.profile, cls))
    found = (_Excess(one, other, cls, real(cls)).find() for cls in classes)
    return next((access for access in found if access is not None), None)


class _Excess:
    """What one profile grants more than another, in a class that the other mediates."""

    def __init__(
        self, one: Matcher, other: Matcher, cls: MediationClass, real: Automaton[Any]
    ) -> None:
        self._sides = (one, other)
        self._empty = (one.node(()), other.node(()))
        self._cls = cls
        self._real = real
        self._free = not mediates(one.profile, cls)

    def find(self) -> Opening | None:
        if self._free:
            return self._search(None)
        along = [RuleQuestion(self._sides[side], place) for side, place in self._places()]
        for question in along:  # one key settles most rules
            for key in question.samples():
                if member(self._real, key):
                    access = self._at(key)
                    if access is not None:
                        return access
        found = map(self._search, along)
        return next((access for access in found if access is not None), None)

    def _places(self) -> Iterator[tuple[int, RuleIndex]]:
        """The rules along which the one may grant more, each with the profile that has it."""
        known = [self._by_meaning(matcher) for matcher in self._sides]
        for side, matcher in enumerate(self._sides):
            for meaning, places in known[side].items():
                if meaning not in known[1 - side]:
                    facts = rule_at(matcher, places[0]).rule.facts
                    if self._may_take(facts) if side else facts.effect == ALLOW:
                        yield side, places[0]

    def _may_take(self, facts: Facts) -> bool:
        """Whether a rule may take away what is compared."""
        if facts.effect != ALLOW or self._cls is LINK:
            return True
        return facts.transition is not None and facts.transition.kind != "inherit"

    def _by_meaning(self, matcher: Matcher) -> dict[Any, list[RuleIndex]]:
        """The rules of a profile that are written, by what they say."""
        own = matcher.profile.place
        found: dict[Any, list[RuleIndex]] = {}
        known = by_meaning(SEMANTICS, matcher, self._cls).get(self._cls.code, {})
        for meaning, places in known.items():
            written = [place for place in places if rule_at(matcher, place).rule.place != own]
            if written:
                found[meaning] = written
        return found

    def _at(self, key: bytes) -> Opening | None:
        whole = bytes((self._cls.code,)) + key
        gained = self._gained([matcher.walk(whole) for matcher in self._sides])
        return Opening(self._cls, key, *gained) if gained is not None else None

    def _gained(self, nodes: Sequence[Any]) -> tuple[int, bool] | None:
        """The permissions that only the one grants at some nodes, to the owner, else to others."""
        for owner in (True, False):
            mine, theirs = (
                compared(self._cls, self._decide(matcher, node or empty, owner))
                for matcher, node, empty in zip(self._sides, nodes, self._empty, strict=True)
            )
            gained = (self._cls.all if self._free else mine) & ~theirs
            if gained:
                return gained, owner
        return None

    def _decide(self, matcher: Matcher, node: Node, owner: bool) -> Decision:
        """What the rules that are written grant."""
        own = matcher.profile.place  # where the rules that nobody wrote are said to be
        matched = [match.rule for match in matcher.matched(node)]
        if all(rule.place != own for rule in matched):
            return matcher.decide(node, self._cls, owner)
        return decide([r.facts for r in matched if r.place != own], self._cls, owner)

    def _search(self, along: RuleQuestion | None) -> Opening | None:
        """A shortest such access at an object that exists, along the language of a rule."""
        views: list[Automaton[Any]] = [ClassView(m, self._cls.code) for m in self._sides]
        side = 0 if along is None or along.matcher is self._sides[0] else 1

        def alive(states: Sequence[Any]) -> bool:
            return states[2] is not None and (along is None or along.alive(states[side]))

        def goal(states: Sequence[Any]) -> bool:
            if not alive(states) or not self._real.accepts(states[2]):
                return False
            return self._gained(states[:2]) is not None

        key = search([*views, self._real], goal, alive=alive, limit=_STATES)
        return self._at(key) if key is not None else None
