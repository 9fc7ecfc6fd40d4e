"""Why a request is allowed or denied, and what would change that: reasons as data.

A verdict names the rules that decided. An explanation adds, for each permission, the rules that
lost and to what; on a denial also the rules that nearly applied (`lsmc.explain.misses`) and the
smallest rule that would allow the request, with what that rule would open. Nothing here is worded
for people: that is the business of `lsmc.output`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from lsmc.decide import ALLOW, DENY, Decision, Facts, rank
from lsmc.engine.evaluator import MatchedRule, Node
from lsmc.engine.layered import NOT_ACTIVE, context_of, owns
from lsmc.engine.ops import Operation, find
from lsmc.engine.ops import names as operation_names
from lsmc.engine.policy import NO_FIELDS, Policy
from lsmc.engine.requests import Part, encode, key_fields
from lsmc.engine.sockets import parts_for
from lsmc.engine.subjects import mediates
from lsmc.engine.verdict import RuleRef, UnknownName, Verdict
from lsmc.explain.hazards import hazards
from lsmc.explain.misses import Look, Miss, misses
from lsmc.ir.classes import CAPABILITY, FILE, LINK
from lsmc.layers.chain import refuses, withheld
from lsmc.tables.groups import make_key

if TYPE_CHECKING:
    from lsmc.frontend.apparmor.suggest import Wish
    from lsmc.layers.context import Context
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
    policy: Policy,
    subject: str,
    op: str,
    object: str = "",
    *,
    owner: bool = True,
    context: Context | Mapping[str, Any] | None = None,
    **fields: str,
) -> Explanation:
    """The verdict of `Policy.query` with its reasons; raises as that does."""
    operation = find(op, dict(fields))
    if operation is None:
        raise UnknownName("operation", op, operation_names())
    return _explain(policy, subject, op, operation, object, owner, fields, False, context)


def explain_request(policy: Policy, request: Mapping[str, Any], op: str = "") -> Explanation:
    """The verdict of `Policy.answer` with its reasons; raises as that does.

    `op` is what the operation is called where the request gives a class.
    """
    operation = policy.operation(request)
    fields = {key: str(value) for key, value in request.items() if key not in NO_FIELDS}
    named = find(op, {**fields, "class": operation.cls}) if op else None
    if named is not None and named.cls == operation.cls and not operation.hook:
        operation = operation._replace(hook=named.hook)
    return _explain(
        policy,
        str(request.get("subject", "")),
        op or operation.name or operation.cls,
        operation,
        str(request.get("object", "")),
        bool(request.get("owner", True)),
        fields,
        request.get("mediated") is True,
        request.get("context"),
    )


def _explain(
    policy: Policy,
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
    verdict = policy.ask(subject, operation, object, owner, fields, mediated, known)
    profiles = policy.tables.components(subject)
    question = Question(
        subject,
        op,
        object,
        owner,
        dict(fields),
        operation.cls,
        operation.perms,
        operation.hook,
        tuple(_subject(policy, profile) for profile in profiles),
        known,
    )
    reasons: list[Reason] = []
    missed: list[Miss] = []
    suggestions: list[Suggestion] = []
    for profile in profiles:
        lacking: list[tuple[Look, Decision]] = []
        for part in _asks(profile, operation, object, fields, mediated, verdict):
            for look, decision in _looks(policy, profile, part, owner, mediated):
                reasons += _reasons(look, decision, part.wanted)
                refused = verdict.missing or part.cls is CAPABILITY
                if refused and (look.missing or _lacks_target(verdict, part)):
                    missed += misses(look, decision)
                    lacking.append((look, decision))
        suggestions += _suggestions(policy, profile, lacking)
    attaches = None
    if operation.cls == "file" and "x" in operation.perms:
        namespace = profiles[0].namespace if profiles else ""
        found, _ = policy.tables.attachments.find(encode(object), namespace=namespace)
        attaches = found.full_name if found else None
    return Explanation(
        verdict,
        question,
        tuple(reasons),
        tuple(dict.fromkeys(missed)),
        tuple({one[:5]: one for one in suggestions}.values()),
        attaches,
    )


def _asks(
    profile: ProfileRecord,
    operation: Operation,
    object: str,
    fields: Mapping[str, str],
    mediated: bool,
    verdict: Verdict,
) -> Iterator[Part]:
    """What is looked up: what the operation asks, and capabilities that layers did not get.

    Of several that a layer tries the first is enough, and it is the least.
    """
    if verdict.note != NOT_ACTIVE:
        yield from parts_for(profile, operation, object, fields, mediated)
    refusing = (layer for layer in verdict.chain if refuses(layer))
    for name in dict.fromkeys(name for layer in refusing for name in withheld(layer)[:1]):
        yield Part(CAPABILITY, name, CAPABILITY.all, {})


def _subject(policy: Policy, profile: ProfileRecord) -> Subject:
    place = policy.bundle.place(profile.place)
    abi = dict(profile.settings).get("abi", "")
    return Subject(profile.full_name, profile.mode, abi, place.file, place.line)


def _looks(
    policy: Policy, profile: ProfileRecord, part: Part, owner: bool, mediated: bool
) -> Iterator[tuple[Look, Decision]]:
    """What a profile's tables say to a look-up; a stack as peer is looked up by its components."""
    cls = part.cls
    if not mediates(profile, cls, mediated):
        return
    objects = [part.object]
    fields = dict(part.fields)
    if cls.name in ("signal", "ptrace"):
        peer = fields.pop("peer", part.object)
        objects = peer.split("//&")
    matcher = policy.tables.matcher(profile)
    for obj in objects:
        values = key_fields(cls, obj, fields, profile.full_name)
        node: Node = matcher.walk(make_key(cls.code, values))
        decision = matcher.decide(node, cls, owner)
        missing = part.wanted & ~decision.allow
        matched = tuple(matcher.matched(node))
        yield Look(policy, profile, matcher, cls, values, owner, missing, matched), decision


def _lacks_target(verdict: Verdict, part: Part) -> bool:
    """Whether a file may be executed, but the profile to run it under does not exist."""
    execute = part.cls is FILE and bool(part.wanted & FILE.mask("x"))
    return execute and verdict.transition is not None and verdict.transition.target is None


def _reasons(look: Look, decision: Decision, wanted: int) -> Iterator[Reason]:
    cls = look.cls
    for name in cls.names(wanted):
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
        by_id = {match.rule.facts.id: match for match in look.matched}
        rules = tuple(dict.fromkeys(look.ref(by_id[rule]) for rule in winners))
        losers = tuple(dict.fromkeys(_losers(look, by_id, winners, bit)))
        yield Reason(look.profile.full_name, cls.name, name, effect, rules, losers)


def _losers(
    look: Look, by_id: Mapping[int, MatchedRule], winners: list[int], bit: int
) -> Iterator[Loser]:
    """The rules with a permission that gave way, where that made a difference."""
    if not winners:
        return
    special = bool(look.cls.specific_mask & bit)
    best = by_id[winners[0]].rule.facts
    for match in look.matched:
        facts = match.rule.facts
        mask = facts.owner if look.owner else facts.other
        if facts.id in winners or not mask & bit:
            continue
        if facts.effect == best.effect and facts.transition == best.transition:
            continue
        if rank(facts, special) < rank(best, special):
            yield Loser(look.ref(match), _EFFECTS[facts.effect], _why(facts, best))


def _why(loser: Facts, winner: Facts) -> By:
    if winner.priority > loser.priority:
        return "priority"
    if winner.effect == DENY:
        return "deny"
    return "exact" if loser.effect == ALLOW else "allow"


def _suggestions(
    policy: Policy,
    profile: ProfileRecord,
    lacking: list[tuple[Look, Decision]],
) -> Iterator[Suggestion]:
    """The smallest rules for what a profile lacks; the rule for a link's pair covers its `l`."""
    from lsmc.frontend.apparmor.suggest import Wish, suggest

    classes = {look.cls for look, _ in lacking}
    place = policy.bundle.place(profile.place)
    for look, decision in lacking:
        if not look.missing or (look.cls is FILE and LINK in classes):
            continue
        if look.cls.name == "change_profile" and "onexec" in {cls.name for cls in classes}:
            continue
        fields = dict(zip(look.cls.fields, look.values, strict=True))
        names = look.cls.names(look.missing)
        denied = look.missing & (decision.deny | decision.prompt)
        priority = _above(look, denied) if denied else None
        wish = Wish(look.cls.name, fields, names, look.owner, _exec_mode(policy, look), priority)
        rule = suggest(wish)
        if rule is None:
            continue
        risks = hazards(look.cls.name, fields, names, look.cls.names(decision.allow))
        if look.missing & decision.deny:
            risks = ("overrides-deny", *risks)
        yield Suggestion(rule, profile.full_name, place.file, place.line, risks, wish)


def _above(look: Look, denied: int) -> int | None:
    """A priority that beats the rules which deny, None when the plain one does."""
    levels = [
        match.rule.facts.priority
        for match in look.matched
        if match.rule.facts.effect == DENY
        and (match.rule.facts.owner | match.rule.facts.other) & denied
    ]
    return max(levels) + 1 if levels else None


def _exec_mode(policy: Policy, look: Look) -> str:
    """`Px` for a file that has a profile of its own, else `ix`."""
    if look.cls is not FILE:
        return ""
    found, _ = policy.tables.attachments.find(look.values[0], namespace=look.profile.namespace)
    return "Px" if found is not None else "ix"
