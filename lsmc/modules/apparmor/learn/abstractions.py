"""The abstractions that fit what a program lacks: of which the log needs a good part.

The measure is the share of the rules of an abstraction's own file that the log needs; what it
includes itself does not count.  One that opens a hazard beyond the wishes themselves, or that is
known to be risky, is never taken unasked, and one that is kept for old profiles not at all.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from lsmc.analysis.openings import Openings
from lsmc.engine.matcher import Matcher
from lsmc.explain.hazards import HAZARDS
from lsmc.modules.apparmor.analysis.hazards import hazards
from lsmc.modules.apparmor.analysis.semantics import SEMANTICS
from lsmc.modules.apparmor.classes import BY_NAME, FILE
from lsmc.modules.apparmor.lint.data import facts
from lsmc.modules.apparmor.requests.fields import fields_of
from lsmc.modules.apparmor.suggest.suggest import Wish
from lsmc.modules.apparmor.suggest.trial import allows, key_of

#: An abstraction is taken when the log needs this share of its rules, and so many.
_SHARE = 0.2
_LEAST = 3
#: Abstractions in whole that are searched for hazards.
_SEARCHED = 12
#: Includes that lead to a rule of an abstraction's own file.
_OWN = 1


class Fit(NamedTuple):
    """An abstraction: the rules of its own that the log needs, all its own rules, the wishes that
    it allows, and what is at stake with it, in words.
    """

    name: str
    used: int
    rules: int
    allows: frozenset[int]
    risks: tuple[str, ...]

    @property
    def share(self) -> float:
        """The part of the rules that is needed."""
        return self.used / max(self.rules, 1)


def fitting(known: Mapping[str, Matcher], wishes: Sequence[Wish], old: Matcher) -> list[Fit]:
    """The abstractions that fit, each for wishes that no better one allows, the best first."""
    found: list[Fit] = []
    left = set(range(len(wishes)))
    listed = facts("abstractions")
    risky = {f"abstractions/{name}": opens for name, opens in listed["risky"].items()}
    without = {f"abstractions/{name}" for name in listed["deprecated"]}
    candidates = [name for name in sorted(known) if name not in without]
    searched = 0
    while left and candidates and searched < _SEARCHED:
        fits = [fit for name in candidates if (fit := _fit(name, known[name], wishes, left))]
        best = max(fits, key=lambda fit: (fit.share * len(fit.allows), fit.name), default=None)
        if best is None:
            break
        searched += 1
        matcher = known[best.name]
        opened = _hazards(old, matcher, [wishes[number] for number in sorted(best.allows)])
        risks = tuple(HAZARDS[hazard] for hazard in opened)
        if best.name in risky:
            risks = (f"opens {risky[best.name]}", *risks)
        found.append(best._replace(risks=risks))
        candidates = [fit.name for fit in fits if fit.name != best.name]
        if not risks:
            left -= best.allows
    return found


def _fit(name: str, matcher: Matcher, wishes: Sequence[Wish], left: set[int]) -> Fit | None:
    allowed: set[int] = set()
    used: set[int] = set()
    for number in left:
        wish = wishes[number]
        if wish.priority is not None or not allows(matcher, wish):
            continue
        allowed.add(number)
        cls = BY_NAME[wish.cls]
        node = matcher.walk(key_of(cls, wish))
        own = {one.rule.facts.id for one in matcher.matched(node) if len(one.via) <= _OWN}
        mask = cls.mask(wish.permissions)
        decision = matcher.decide(node, cls, wish.owner)
        used.update(rule for bits, rule in decision.winners if bits & mask and rule in own)
    rules = sum(len(group.rules) for group, _, via in matcher.groups() if len(via) <= _OWN)
    fit = Fit(name, len(used), rules, frozenset(allowed), ())
    return fit if fit.used >= _LEAST and fit.share >= _SHARE else None


def _hazards(old: Matcher, new: Matcher, wishes: Sequence[Wish]) -> tuple[str, ...]:
    """What an abstraction opens that is a hazard, and that the wishes themselves are not."""
    first = wishes[0]
    cls = BY_NAME[first.cls]
    wanted = cls.mask(first.permissions)
    asked = {risk for wish in wishes for risk in hazards(wish.cls, wish.fields, wish.permissions)}
    if cls is FILE and wanted & FILE.mask("w"):
        wanted |= FILE.mask("a")
    found: dict[str, None] = {}
    openings = Openings(SEMANTICS, old, new, cls, [key_of(cls, first)[1:]], wanted)
    for one in openings.by_rule():
        risks = hazards(one.cls.name, fields_of(one.cls, one.key), one.cls.names(one.mask))
        found.update(dict.fromkeys(risk for risk in risks if risk not in asked))
    return tuple(found)
