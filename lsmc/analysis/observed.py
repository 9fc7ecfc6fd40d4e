"""What comes of asking for a permission: the part of decisions and answers that is compared."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

from lsmc.analysis.semantics import Semantics
from lsmc.engine.answer import Answer
from lsmc.engine.verdict import Verdict
from lsmc.ir.decision import Decision
from lsmc.ir.mediation import MediationClass, Transition
from lsmc.tables.records import ProfileRecord


class PermissionOutcome(NamedTuple):
    """What comes of asking for one permission; `how` is the transition of an allowed execution."""

    effect: Literal["allow", "prompt", "deny"]
    logged: bool
    how: Transition | None = None


#: From least to most.
_EFFECTS = ("deny", "prompt", "allow")


def step(semantics: Semantics, before: PermissionOutcome, after: PermissionOutcome) -> int:
    """Above 0 where the second outcome lets a subject do more, below 0 where less."""
    if before.effect != after.effect:
        return _EFFECTS.index(after.effect) - _EFFECTS.index(before.effect)
    if before.how is None or after.how is None or before.how == after.how:
        return 0
    return semantics.looser(before.how, after.how)


def outcome_at(
    semantics: Semantics, decision: Decision, profile: ProfileRecord, cls: MediationClass, bit: int
) -> PermissionOutcome:
    """What comes of a permission under a decision: a denial that is logged is as no rule."""
    if decision.allow & bit:
        how = None
        if semantics.execution == (cls, bit):
            how = semantics.destination(decision.transition, profile)
        return PermissionOutcome("allow", profile.audit or bool(decision.audit & bit), how)
    if decision.prompt & bit:
        return PermissionOutcome("prompt", logged=True)
    return PermissionOutcome("deny", profile.audit or not decision.quiet & bit)


def outcomes(
    semantics: Semantics, decision: Decision, profile: ProfileRecord, cls: MediationClass
) -> dict[str, PermissionOutcome]:
    """What comes of each permission of a class under a decision."""
    return {
        name: outcome_at(semantics, decision, profile, cls, 1 << number)
        for number, name in enumerate(cls.permissions)
    }


def outcome_of(answer: Answer) -> PermissionOutcome:
    """What comes of the one permission that a request asks for, by all that it looks up."""
    refused = [look for look in answer.lookups if look.missing]
    if not refused and not answer.verdict.missing:
        return PermissionOutcome("allow", answer.verdict.audited)
    denied = any(look.missing & look.decision.deny for look in refused)
    if not denied and any(look.missing & look.decision.prompt for look in refused):
        return PermissionOutcome("prompt", answer.verdict.audited)
    return PermissionOutcome("deny", answer.verdict.audited)


def said(verdict: Verdict) -> Verdict:
    """What of a verdict is an answer: not where the rules stand, nor which of them refuses."""
    decision = verdict.decision
    if decision == "deny-explicit":
        decision = "deny-implicit"
    return verdict._replace(rules=(), decision=decision)


def outcome(semantics: Semantics, decision: Decision, profile: ProfileRecord) -> tuple[Any, ...]:
    """What of a decision counts: an explicit deny that is audited is as no rule at all."""
    return (
        decision.allow,
        decision.audit,
        decision.quiet,
        decision.prompt,
        semantics.destination(decision.transition, profile),
    )
