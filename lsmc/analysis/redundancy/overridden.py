"""Finds rules that stronger rules override in part, and denies that remove no permission."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from lsmc.analysis.linked_policy import LinkedPolicy, LinkedProfile
from lsmc.analysis.redundancy.overlaps import Loss, Overlaps, losses, takes_away
from lsmc.analysis.redundancy.redundant import Judgements, Redundancy
from lsmc.analysis.redundancy.removal import won_at
from lsmc.analysis.redundancy.scopes import Scope, SourceRule
from lsmc.automata.dfa import StateLimit
from lsmc.base.source import Span
from lsmc.ir.decision import Decision
from lsmc.ir.model import Effect, MediationClass

_WHOLLY = (Redundancy.DEAD, Redundancy.WITHOUT_EFFECT)


@dataclass(frozen=True, slots=True)
class PartialOverride:
    """A rule and its losses; `kept` is an example of what it still decides, if there is one."""

    written: SourceRule
    losses: tuple[Loss, ...]
    kept: tuple[MediationClass, bytes, bool, int] | None
    dead: bool


@dataclass(frozen=True, slots=True)
class QuietDeny:
    """A deny that removes no permission, with a key, the owner side and the bits that it quiets."""

    written: SourceRule
    profiles: tuple[LinkedProfile, ...]
    example: tuple[MediationClass, bytes, bool, int]


def partial_overrides(policy: LinkedPolicy) -> list[PartialOverride]:
    """The rules that are overridden in part; ask `LinkedPolicy.shared` for them."""
    judge, overlaps = policy.shared(Judgements), policy.shared(Overlaps)
    found: list[PartialOverride] = []
    seen: set[Span] = set()
    for scope in (*judge.scopes.bodies, *judge.scopes.included):
        strong = overlaps.strong_of(scope)
        for written in scope.own:
            if scope.via and written.span in seen:
                continue  # one form of an included rule is enough
            lost = tuple(losses(written, overlaps, strong))
            if not lost:
                continue
            seen.add(written.span)
            judgement = judge.of(written)
            wholly = judgement is not None and judgement.kind in _WHOLLY
            kept = None if wholly else _kept(written)
            found.append(PartialOverride(written, lost, kept, wholly))
        scope.forget()
    return found


def _kept(written: SourceRule) -> tuple[MediationClass, bytes, bool, int] | None:
    try:
        return won_at(written, lambda decision: decision.won_by(written.numbers))
    except StateLimit:
        return None


def quiet_denies(policy: LinkedPolicy) -> list[QuietDeny]:
    """The denies of enforced profiles that only silence the log."""
    judge, overlaps = policy.shared(Judgements), policy.shared(Overlaps)
    found: list[QuietDeny] = []
    denies = [one for scope in judge.scopes.bodies for one in scope.own if _is_deny(one)]
    in_bodies: dict[Span, list[SourceRule]] = {}
    for written in denies:
        in_bodies.setdefault(written.span, []).append(written)

    def settled(span: Span) -> bool:
        """Whether a deny is known to be useless."""
        here = any(judge.of(one) is not None for one in in_bodies.get(span, ()))
        return here or judge.included(span) is not None

    for written in denies:
        if not settled(written.span):
            quiet = _quiet([written.scope], written.span, overlaps)
            if quiet is not None:
                found.append(quiet)
    spans: dict[Span, None] = {}
    for scope in judge.scopes.included:
        for written in scope.own:
            if _is_deny(written) and not settled(written.span):
                spans[written.span] = None
    holders: dict[Span, list[Scope]] = {span: [] for span in spans}
    for scope in judge.scopes.bodies:
        for span in spans.keys() & scope.vias.keys():
            holders[span].append(scope)
    for span, scopes in holders.items():
        quiet = _quiet(scopes, span, overlaps)
        if quiet is not None:
            found.append(quiet)
    return found


def _is_deny(written: SourceRule) -> bool:
    return all(rule.effect is Effect.DENY for rule in written.rules)


def _quiet(scopes: list[Scope], span: Span, overlaps: Overlaps) -> QuietDeny | None:
    """The proof that a deny removes nothing in any of some profiles, but does quiet the log."""
    example: tuple[MediationClass, bytes, bool, int] | None = None
    first: SourceRule | None = None
    if any(scope.profile.ir.mode != "enforce" or scope.profile.ir.audit for scope in scopes):
        return None
    for scope in scopes:
        written = scope.at(span)
        if written is None:
            continue
        try:
            if takes_away(written, overlaps):
                return None
            if first is None:
                first = written
                example = won_at(written, partial(_quieted, written.numbers))
        except StateLimit:
            return None
        finally:
            scope.forget()
    if first is None or example is None:
        return None
    return QuietDeny(first, tuple(scope.profile for scope in scopes), example)


def _quieted(numbers: frozenset[int], decision: Decision) -> int:
    return decision.won_by(numbers) & decision.quiet
