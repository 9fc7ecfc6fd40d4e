"""The reasons for AppArmor's verdicts: rules that decided, that lost, that nearly applied.

On a denial the smallest rule that would allow the request is suggested, with what it would open.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from lsmc.base.text import encode
from lsmc.engine.answer import Lookup
from lsmc.engine.matcher import MatchedRule
from lsmc.engine.verdict import Verdict
from lsmc.explain.explanation import (
    By,
    EffectName,
    Explanation,
    Loser,
    Miss,
    Question,
    Reason,
    Subject,
    Suggestion,
)
from lsmc.ir.decision import ALLOW, DENY, Facts
from lsmc.modules.apparmor.classes import CAPABILITY, FILE
from lsmc.modules.apparmor.decide.engine import Engine
from lsmc.modules.apparmor.decide.layered import context_of, layered, owns
from lsmc.modules.apparmor.decide.precedence import rank
from lsmc.modules.apparmor.decide.questions import CheckedQuestion, asked_by
from lsmc.modules.apparmor.explain.near_misses import misses
from lsmc.modules.apparmor.operations import find
from lsmc.modules.apparmor.suggest.smallest import smallest
from lsmc.modules.apparmor.suggest.trial import grants

if TYPE_CHECKING:
    from lsmc.stack.context import Context
    from lsmc.tables.records import ProfileRecord

_EFFECTS: tuple[EffectName, ...] = ("prompt", "allow", "deny")


def explain(engine: Engine, request: Mapping[str, Any]) -> Explanation:
    """The verdict of a request that a person put, with its reasons; raises as `Policy.query`."""
    question = asked_by(engine, request)
    op = str(request.get("op", "")) or question.operation.cls
    found = _explain(engine, op, question, request.get("context"))
    return found._replace(suggestions=tuple(filter(grants, found.suggestions)))


def explain_request(engine: Engine, request: Mapping[str, Any], op: str = "") -> Explanation:
    """The verdict of a request that lsmc made, with its reasons; raises as `Engine.ask` does.

    `op` is what the operation is called where the request gives a class.
    """
    question = CheckedQuestion(*engine.question(request))
    operation, fields = question.operation, question.fields
    named = find(op, {**fields, "class": operation.cls}) if op else None
    if named is not None and named.cls == operation.cls and not operation.hook:
        question = question._replace(operation=operation._replace(hook=named.hook))
    name = op or operation.name or operation.cls
    return _explain(engine, name, question, request.get("context"))


def _explain(
    engine: Engine,
    op: str,
    asked: CheckedQuestion,
    context: Context | Mapping[str, Any] | None,
) -> Explanation:
    subject, operation, obj, owner, fields, mediated = asked
    known = context_of(context) if context is not None else None
    if known is not None:
        owner = owns(known, operation, owner)
        answer = layered(engine, subject, operation, obj, owner, fields, mediated, known)
    else:
        answer = engine.ask(subject, operation, obj, owner, fields, mediated)
    verdict = answer.verdict
    profiles = engine.tables.components(subject)
    question = Question(
        subject=subject,
        op=op,
        object=obj,
        owner=owner,
        fields=dict(fields),
        cls=operation.cls,
        permissions=operation.perms,
        hook=operation.hook,
        profiles=tuple(_subject(engine, profile) for profile in profiles),
        context=known,
    )
    reasons: list[Reason] = []
    missed: list[Miss] = []
    suggestions: list[Suggestion] = []
    for profile in profiles:
        lacking: list[Lookup] = []
        for look in answer.lookups:
            if look.profile is not profile and look.profile.number != profile.number:
                continue
            reasons += _reasons(engine, look)
            refused = verdict.missing or look.cls is CAPABILITY
            if refused and (look.missing or _lacks_target(verdict, look)):
                missed += misses(engine.tables, look)
                lacking.append(look)
        linking = operation.cls == "link"
        suggestions += smallest(engine, profile, lacking, linking=linking, recorded=mediated)
    attaches = None
    if operation.cls == "file" and "x" in operation.perms:
        namespace = profiles[0].namespace if profiles else ""
        found, _ = engine.tables.attachments.find(encode(obj), namespace=namespace)
        attaches = found.full_name if found else None
    return Explanation(
        verdict=verdict,
        request=question,
        reasons=tuple(reasons),
        misses=tuple(dict.fromkeys(missed)),
        suggestions=tuple({one[:6]: one for one in suggestions}.values()),
        attaches=attaches,
    )


def _subject(engine: Engine, profile: ProfileRecord) -> Subject:
    place = engine.bundle.place(profile.place)
    abi = dict(profile.settings).get("abi", "")
    return Subject(
        name=profile.full_name, mode=profile.mode, abi=abi, file=place.file, line=place.line
    )


def _lacks_target(verdict: Verdict, look: Lookup) -> bool:
    """Whether a file may be executed, but the profile to run it under does not exist."""
    execute = look.cls is FILE and bool(look.part.wanted & FILE.mask("x"))
    return execute and verdict.transition is not None and verdict.transition.target is None


def _reasons(engine: Engine, look: Lookup) -> Iterator[Reason]:
    cls, decision, profile = look.cls, look.decision, look.profile
    matched = engine.tables.matcher(profile).matched(look.node)
    by_id = {match.rule.facts.id: match for match in matched}
    for name in cls.names(look.part.wanted):
        bit = cls.mask((name,))
        effect: EffectName = "none"
        for bits, found in (
            (decision.allow, "allow"),
            (decision.deny, "deny"),
            (decision.prompt, "prompt"),
        ):
            if bits & bit:
                effect = found  # type: ignore[assignment]
        winners = [rule for bits, rule in decision.winners if bits & bit]
        losers = (
            Loser(engine.tables.ref(profile, match.rule.place, match.via), lost, by)
            for match, lost, by in _losers(look, by_id, winners, bit)
        )
        yield Reason(
            profile=profile.full_name,
            cls=cls.name,
            permission=name,
            effect=effect,
            rules=engine.tables.refs(profile, look.node, decision, bit),
            overridden=tuple(dict.fromkeys(losers)),
        )


def _losers(
    look: Lookup, by_id: Mapping[int, MatchedRule], winners: list[int], bit: int
) -> Iterator[tuple[MatchedRule, EffectName, By]]:
    """The rules with a permission that gave way, where that made a difference."""
    if not winners:
        return
    special = bool(look.cls.specific_mask & bit)
    best = by_id[winners[0]].rule.facts
    for match in by_id.values():
        facts = match.rule.facts
        mask = facts.owner if look.owner else facts.other
        if facts.id in winners or facts.weak or not mask & bit:
            continue
        if facts.effect == best.effect and facts.transition == best.transition:
            continue
        if rank(facts, special) < rank(best, special):
            yield match, _EFFECTS[facts.effect], _why(facts, best)


def _why(loser: Facts, winner: Facts) -> By:
    if winner.priority > loser.priority:
        return "priority"
    if winner.effect == DENY:
        return "deny"
    return "exact" if loser.effect == ALLOW else "allow"
