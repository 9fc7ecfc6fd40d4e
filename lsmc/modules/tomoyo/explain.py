"""Explains answers: the line that grants, what the mode does, which lines come close."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from lsmc.explain.explanation import Explanation, Question, Reason, Suggestion
from lsmc.modules.tomoyo.engine import Domain, TomoyoEngine
from lsmc.modules.tomoyo.evaluate import Judged, judge
from lsmc.modules.tomoyo.near import misses
from lsmc.modules.tomoyo.operations import hook
from lsmc.modules.tomoyo.questions import Access, read_request
from lsmc.modules.tomoyo.vocabulary import TASK, function

#: What each mode does with an access that no line grants.
_MODES = {
    "disabled": "does not check it",
    "learning": "lets it through, and the kernel adds a line",
    "permissive": "lets it through",
    "enforcing": "refuses it",
}


def explain(engine: TomoyoEngine, request: Mapping[str, Any]) -> Explanation:
    """The verdict of a request with its reasons; raises as `answer` does."""
    found = judge(engine, read_request(request))
    verdict, access = found.verdict, found.access
    wanting = found.search.granted is None
    reasons = (
        Reason(found.domain.name, access.kind.name, access.permission, "allow", verdict.rules, ()),
    )
    return Explanation(
        verdict=verdict,
        request=_asked(found, request),
        reasons=() if wanting else reasons,
        misses=tuple(misses(engine, found.domain, access)) if wanting else (),
        suggestions=(suggestion(found.domain, access),) if wanting else (),
        attaches=None,
    )


def _asked(found: Judged, request: Mapping[str, Any]) -> Question:
    access = found.access
    socket = access.kind.socket
    words = " ".join(word for word in (access.socket, access.permission) if word and socket)
    return Question(
        subject=access.subject,
        op=f"{access.kind.head} {access.permission}" if not socket else access.kind.head,
        object=" ".join(filter(None, (words, access.object))),
        owner=True,
        fields={name: str(request[name]) for name in ("attributes",) if request.get(name)},
        cls=access.kind.name,
        permissions=(access.permission,),
        hook=hook(access.permission, socket=socket) if access.kind is not TASK else "self_domain",
        profiles=(),
        about=tuple(_about(found)),
    )


def _about(found: Judged) -> Iterator[str]:
    """Who is judged by what, a sentence a line."""
    domain, access = found.domain, found.access
    where = f" at {domain.record.file}:{domain.record.line}" if domain.record else ""
    yield f"domain `{domain.name}`{where}, profile {domain.profile}"
    if found.aggregator is not None:
        line = found.aggregator
        yield f"the program counts as `{access.object}`: `{line.text}` at {line.file}:{line.line}"
    for number, record in domain.groups:
        yield f"uses the lines of group {number}, at {record.file}:{record.line}"
    if found.mode is None:
        yield "a line is needed in every mode"
        return
    named = function(access.kind, access.permission, access.socket)
    assert named is not None
    log = found.mode.reject_log if found.search.granted is None else found.mode.grant_log
    yield (
        f"profile {domain.profile} is {found.mode.mode} for {'::'.join(named)}, and"
        f" {'logs' if log else 'does not log'} what it"
        f" {'refuses' if found.search.granted is None else 'grants'}"
    )
    if found.search.granted is None:
        others = (f"{mode} {does}" for mode, does in _MODES.items() if mode != found.mode.mode)
        yield f"other modes: {'; '.join(others)}"


def suggestion(domain: Domain, access: Access) -> Suggestion:
    """The smallest line that grants an access, and where to write it."""
    own = [rule.record for rule in domain.rules if rule.use is None]
    place = max(own, key=lambda one: one.line, default=domain.record)
    file, line = ("", 0) if place is None else (place.file, place.line)
    says = ""
    if domain.record is None:
        lines = f"`use_profile {domain.profile}` and `{access.line}`"
        says = f"a domain `{domain.name}` with the lines {lines}"
    return Suggestion(access.line, domain.name, file, line, (), says=says, wish=access)
