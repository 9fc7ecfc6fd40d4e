"""The answer to a request: the line that grants it, or what the domain's profile does without."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from lsmc.base.errors import did_you_mean
from lsmc.engine.verdict import Exec, RequestError, RuleRef, UnknownName, Verdict
from lsmc.modules.tomoyo.bundle import LineRecord
from lsmc.modules.tomoyo.engine import Domain, TomoyoEngine, line_ref, ref
from lsmc.modules.tomoyo.heirs import heir, made_domain
from lsmc.modules.tomoyo.matching import Match, Search, search
from lsmc.modules.tomoyo.model import Mode
from lsmc.modules.tomoyo.names import namespace_of
from lsmc.modules.tomoyo.questions import Access, read_request
from lsmc.modules.tomoyo.transitions import Next, aggregated, next_domain
from lsmc.modules.tomoyo.vocabulary import ENVIRON, PATH, TASK, function


class Judged(NamedTuple):
    """An answer with what it follows from.

    `access` is what the kernel asks, behind the aggregators; `aggregator` is the line that named
    the program.  `mode` is None where no profile is asked.
    """

    verdict: Verdict
    access: Access
    domain: Domain
    search: Search
    mode: Mode | None
    aggregator: LineRecord | None
    next: Next | None


def answer(engine: TomoyoEngine, request: Mapping[str, Any]) -> Verdict:
    """The verdict of a request; raises `UnknownName`, `RequestError`, TypeError."""
    return judge(engine, read_request(request)).verdict


def judge(engine: TomoyoEngine, access: Access) -> Judged:
    """The answer to an access; raises `UnknownName`, `RequestError`."""
    domain = domain_named(engine, access.subject)
    space = namespace_of(domain.name)
    executes = access.kind is PATH and access.permission == "execute"
    aggregator: LineRecord | None = None
    if executes and not access.aggregated:
        name, aggregator = aggregated(engine, space, str(access.arguments[0]))
        access = access._replace(arguments=(name,))
    found = search(engine, domain, access)
    mode = mode_of(engine, domain, access)
    verdict = _verdict(engine, access, domain, found, mode)
    after: Next | None = None
    if executes and verdict.allowed:
        word = str(access.arguments[0]) if found.word is None else found.word
        transit = found.granted.rule.acl.condition.transit if found.granted else ""
        after = next_domain(engine, domain, word, transit)
        verdict = _with_next(verdict, after, mode)
        refused = _refused_variable(engine, access, domain, after) if after.ready else None
        if refused is not None and verdict.transition is not None:
            failing = verdict._replace(transition=verdict.transition._replace(target=None))
            note = f"the execution fails (EPERM): `misc env {refused}` is refused in `{after.name}`"
            verdict = _noted(failing, note)
    if access.kind is TASK and verdict.allowed:
        verdict = _changed(engine, verdict, domain, str(access.arguments[0]))
    if domain.heir:
        verdict = _noted(
            verdict, f"the kernel makes this domain, with the profile of `{domain.heir}`"
        )
    if engine.assumed:
        verdict = _noted(verdict, "no file of profiles is given: those of a new system are assumed")
    return Judged(verdict, access, domain, found, mode, aggregator, after)


def domain_named(engine: TomoyoEngine, name: str) -> Domain:
    """A domain of the policy, or one that the kernel makes of it; raises `UnknownName`."""
    found = engine.find(name) or made_domain(engine, name)
    if found is None:
        note = did_you_mean(name, engine.subjects) or "no program comes to it under this policy"
        raise UnknownName("domain", name, engine.subjects, note)
    return found


def mode_of(engine: TomoyoEngine, domain: Domain, access: Access) -> Mode | None:
    """What the profile of a domain does with an access; None where no profile is asked."""
    named = function(access.kind, access.permission, access.socket)
    if named is None:
        return None
    profile = engine.profile(namespace_of(domain.name), domain.profile)
    mode = Mode() if profile is None else profile.mode(*named)
    return mode._replace(mode="enforcing") if engine.enforce or access.enforce else mode


def _verdict(
    engine: TomoyoEngine, access: Access, domain: Domain, found: Search, mode: Mode | None
) -> Verdict:
    """The verdict of the lines and the mode."""
    permissions = (access.permission,)
    if mode is not None and mode.mode == "disabled":
        allowed = Verdict.allow(permissions, rules=_rules(domain, found.granted))
        note = f"profile {domain.profile} does not check {access.kind.head} {access.permission}"
        return allowed._replace(decision="disabled", note=note)
    if found.granted is not None:
        said = found.granted.rule.acl.condition.grant_log
        audited = mode is not None and (mode.grant_log if said is None else said)
        rules = _rules(domain, found.granted)
        return Verdict.allow(permissions, audited=audited, rules=rules)
    audited = mode is not None and mode.reject_log
    denied = Verdict.deny(permissions, explicit=False, audited=audited)
    if mode is None or mode.mode == "enforcing":
        return denied
    if mode.mode == "permissive":
        note = f"profile {domain.profile} is permissive: no line grants it, and it is let through"
        return denied._replace(allowed=True, decision="permissive", note=note)
    return denied._replace(
        allowed=True, decision="learning", note=_learning(engine, domain, access)
    )


def _learning(engine: TomoyoEngine, domain: Domain, access: Access) -> str:
    """What a learning profile does with an access that no line grants."""
    profile = engine.profile(namespace_of(domain.name), domain.profile)
    most = profile.preferences["max_learning_entry"] if profile is not None else 0
    known = _learned(domain)
    if "quota_exceeded" in domain.flags or known >= most:
        return (
            f"profile {domain.profile} learns no more: the domain has {known} permissions, and"
            f" max_learning_entry is {most}; it is let through"
        )
    return f"profile {domain.profile} learns: the kernel adds `{access.learned}`"


def _learned(domain: Domain) -> int:
    """The permissions of a domain's own lines, as the kernel counts them."""
    own = (rule.acl for rule in domain.rules if rule.use is None)
    return len({(acl.key, one) for acl in own for one in acl.permissions})


def _rules(domain: Domain, match: Match | None) -> tuple[RuleRef, ...]:
    return () if match is None else (ref(domain.name, match.rule, *match.members),)


def _with_next(verdict: Verdict, after: Next, mode: Mode | None) -> Verdict:
    """The verdict of an execution, with where the program runs."""
    rules = verdict.rules
    if after.line is not None:
        rules = (*rules, line_ref(verdict.rules[0].profile if rules else "", after.line))
    if after.ready:
        target: str | None = after.name
        note = ""
    elif after.strict or (mode is not None and mode.mode == "enforcing"):
        target = None
        note = f"the execution fails (ENOMEM): the domain `{after.name}` is not ready"
    else:
        target = verdict.rules[0].profile if rules else None
        note = f"the domain `{after.name}` is not ready: the program stays where it is"
    step = Exec(after.how, target, unsafe=True, fallback=None)
    return _noted(verdict._replace(transition=step, rules=rules), note)


def _refused_variable(
    engine: TomoyoEngine, access: Access, domain: Domain, after: Next
) -> str | None:
    """The first variable of a new program that its domain refuses, of those that are said."""
    new = domain if after.name == domain.name else engine.find(after.name)
    new = new or heir(domain, after.name)
    for variable in access.attributes.envp or ():
        name = variable.partition("=")[0]
        asked = access._replace(kind=ENVIRON, permission="env", arguments=(name,))
        mode = mode_of(engine, new, asked)
        if not name or mode is None or mode.mode != "enforcing":
            continue
        try:
            if search(engine, new, asked).granted is None:
                return name
        except RequestError:  # a condition needs what is not said
            continue
    return None


def _changed(engine: TomoyoEngine, verdict: Verdict, domain: Domain, name: str) -> Verdict:
    """The verdict of a task that changes its domain by itself."""
    after = next_domain(engine, domain, "", name)
    target = name if after.ready else None
    note = "" if after.ready else f"it fails (ENOENT): the domain `{name}` is not ready"
    return _noted(verdict._replace(transition=Exec("jump", target, True, None)), note)


def _noted(verdict: Verdict, note: str) -> Verdict:
    """A verdict with a note more; a denial that has none says first why it is one."""
    first = verdict.note
    if note and not first and not verdict.allowed:
        first = f"no line grants {' '.join(verdict.missing)}"
    return verdict._replace(note="; ".join(filter(None, (first, note))))
