"""Why a request is allowed or denied, and what would change that: reasons as data.

A verdict names the rules that decided. An explanation adds, for each permission, the rules that
lost and to what; on a denial also the rules that nearly applied (`lsmc.explain.near_misses`) and the
smallest rule that would allow the request, with what that rule would open. Nothing here is worded
for people: that is the business of `lsmc.output`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from lsmc.engine.engine import Engine
from lsmc.engine.matcher import MatchedRule
from lsmc.engine.verdict import Lookup, RuleRef, Verdict
from lsmc.explain.near_misses import Miss, misses
from lsmc.modules.apparmor.classes import CAPABILITY, FILE, LINK
from lsmc.modules.apparmor.hazards import hazards
from lsmc.modules.apparmor.operations import Operation, find
from lsmc.modules.apparmor.precedence import ALLOW, DENY, Facts, rank
from lsmc.modules.apparmor.questions import asked
from lsmc.modules.apparmor.requests import encode, fields_of
from lsmc.modules.apparmor.suggest.trial import grants
from lsmc.stack.verdict import context_of, layered, owns

if TYPE_CHECKING:
    from lsmc.modules.apparmor.suggest.suggest import Wish
    from lsmc.stack.context import Context
    from lsmc.tables.records import ProfileRecord

__all__ = [
    "Explanation",
    "Loser",
    "Miss",
    "Question",
    "Reason",
    "Subject",
    "Suggestion",
    "explain",
    "explain_request",
]

EffectName = Literal["allow", "deny", "prompt", "none"]
By = Literal["priority", "deny", "exact", "allow"]
_EFFECTS: tuple[EffectName, ...] = ("prompt", "allow", "deny")


class Subject(NamedTuple):
    """A profile that judged the request: its mode, its ABI, and where it is written."""

    name: str
    mode: str
    abi: str
    file: str
    line: int


class Question(NamedTuple):
    """The request as it was understood."""

    subject: str
    op: str
    object: str
    owner: bool
    fields: Mapping[str, str]
    cls: str
    permissions: tuple[str, ...]
    hook: str
    profiles: tuple[Subject, ...]
    context: Context | None = None


class Loser(NamedTuple):
    """A rule that matches and has the permission, but gives way to others, and to what."""

    rule: RuleRef
    effect: EffectName
    by: By


class Reason(NamedTuple):
    """What decided one permission in one profile."""

    profile: str
    cls: str
    permission: str
    effect: EffectName
    rules: tuple[RuleRef, ...]
    overridden: tuple[Loser, ...]


class Suggestion(NamedTuple):
    """A rule that would allow the request, the profile it belongs into, and what is at stake.

    `wish` is what the rule was made from.
    """

    rule: str
    profile: str
    file: str
    line: int
    hazards: tuple[str, ...]
    wish: Wish | None = None


class Explanation(NamedTuple):
    """A verdict with its reasons.

    `attaches` is the profile that an executed file would get by attachment, whatever the rules say.
    """

    verdict: Verdict
    request: Question
    reasons: tuple[Reason, ...]
    misses: tuple[Miss, ...]
    suggestions: tuple[Suggestion, ...]
    attaches: str | None


def explain(
    engine: Engine,
    subject: str,
    op: str,
    object: str = "",
    *,
    owner: bool = True,
    context: Context | Mapping[str, Any] | None = None,
    **fields: str | int,
) -> Explanation:
    """The verdict of `Policy.query` with its reasons; raises as that does."""
    _, operation, _, _, known, _ = asked(engine, subject, op, object, owner, fields)
    found = _explain(engine, subject, op, operation, object, owner, known, False, context)
    return found._replace(suggestions=tuple(filter(grants, found.suggestions)))


def explain_request(engine: Engine, request: Mapping[str, Any], op: str = "") -> Explanation:
    """The verdict of `Policy.answer` with its reasons; raises as that does.

    `op` is what the operation is called where the request gives a class.
    """
    subject, operation, obj, owner, fields, mediated = engine.question(request)
    named = find(op, {**fields, "class": operation.cls}) if op else None
    if named is not None and named.cls == operation.cls and not operation.hook:
        operation = operation._replace(hook=named.hook)
    name = op or operation.name or operation.cls
    context = request.get("context")
    return _explain(engine, subject, name, operation, obj, owner, fields, mediated, context)


def _explain(
    engine: Engine,
    subject: str,
    op: str,
    operation: Operation,
    object: str,
    owner: bool,
    fields: Mapping[str, str],
    mediated: bool,
    context: Context | Mapping[str, Any] | None,
) -> Explanation:
    known = context_of(context) if context is not None else None
    if known is not None:
        owner = owns(known, operation, owner)
        answer = layered(engine, subject, operation, object, owner, fields, mediated, known)
    else:
        answer = engine.ask(subject, operation, object, owner, fields, mediated)
    verdict = answer.verdict
    profiles = engine.tables.components(subject)
    question = Question(
        subject=subject,
        op=op,
        object=object,
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
        suggestions += _suggestions(engine, profile, lacking, linking=operation.cls == "link")
    attaches = None
    if operation.cls == "file" and "x" in operation.perms:
        namespace = profiles[0].namespace if profiles else ""
        found, _ = engine.tables.attachments.find(encode(object), namespace=namespace)
        attaches = found.full_name if found else None
    return Explanation(
        verdict=verdict,
        request=question,
        reasons=tuple(reasons),
        misses=tuple(dict.fromkeys(missed)),
        suggestions=tuple({one[:5]: one for one in suggestions}.values()),
        attaches=attaches,
    )


def _subject(engine: Engine, profile: ProfileRecord) -> Subject:
    place = engine.bundle.place(profile.place)
    abi = dict(profile.settings).get("abi", "")
    return Subject(profile.full_name, profile.mode, abi, place.file, place.line)


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
        if facts.id in winners or not mask & bit:
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


def _suggestions(
    engine: Engine, profile: ProfileRecord, lacking: list[Lookup], *, linking: bool
) -> Iterator[Suggestion]:
    """The smallest rules for what a profile lacks; the rule for a link's pair covers its `l`."""
    from lsmc.modules.apparmor.suggest.suggest import Wish, suggest

    classes = {look.cls for look in lacking}
    place = engine.bundle.place(profile.place)
    for look in lacking:
        decision = look.decision
        if not look.missing or (look.cls is FILE and LINK in classes):
            continue
        if linking and look.missing & FILE.mask("x"):
            continue  # a link's target lacks the way in which the new name executes
        if look.cls.name == "change_profile" and "onexec" in {cls.name for cls in classes}:
            continue
        fields = fields_of(look.cls, b"\0".join(look.values))
        names = look.cls.names(look.missing)
        denied = look.missing & (decision.deny | decision.prompt)
        wish = Wish(
            cls=look.cls.name,
            fields=fields,
            permissions=names,
            owner=look.owner,
            exec_mode=_exec_mode(engine, look),
            priority=_above(engine, look, denied) if denied else None,
        )
        rule = suggest(wish)
        if rule is None:
            continue
        risks = hazards(look.cls.name, fields, names, look.cls.names(decision.allow))
        if look.missing & decision.deny:
            risks = ("overrides-deny", *risks)
        yield Suggestion(
            rule=rule,
            profile=profile.full_name,
            file=place.file,
            line=place.line,
            hazards=risks,
            wish=wish,
        )


def _above(engine: Engine, look: Lookup, denied: int) -> int | None:
    """A priority that beats the rules which deny, None when the plain one does."""
    levels = [
        match.rule.facts.priority
        for match in engine.tables.matcher(look.profile).matched(look.node)
        if match.rule.facts.effect == DENY
        and (match.rule.facts.owner | match.rule.facts.other) & denied
    ]
    return max(levels) + 1 if levels else None


def _exec_mode(engine: Engine, look: Lookup) -> str:
    """`Px` for a file that has a profile of its own, else `ix`."""
    if look.cls is not FILE:
        return ""
    found, _ = engine.tables.attachments.find(look.values[0], namespace=look.profile.namespace)
    return "Px" if found is not None else "ix"
