"""What a policy lacks for the accesses of a log: the wishes that rules are made of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from lsmc.base.text import encode
from lsmc.engine.verdict import RequestError, UnknownName
from lsmc.explain.explanation import Suggestion
from lsmc.modules.apparmor.decide.engine import Engine
from lsmc.modules.apparmor.learn.gather import LEARNING, RecordedAccess
from lsmc.modules.apparmor.learn.rules import Lack
from lsmc.modules.apparmor.learn.verify import DraftRequest
from lsmc.modules.apparmor.suggest.compilers import Version, takes_class
from lsmc.modules.apparmor.suggest.smallest import smallest
from lsmc.modules.apparmor.suggest.suggest import word

#: The fields of requests that name profiles.
_PEERS = ("peer", "label", "peer_label")


class Lacking(NamedTuple):
    """What a profile lacks, what it has to allow, and the accesses that no rule allows.

    `settings` are rules that limit resources.
    """

    lacks: list[Lack]
    asked: list[DraftRequest]
    settings: list[str]
    left: list[tuple[RecordedAccess, str]]


def lacking(
    engine: Engine,
    subject: str,
    accesses: Iterable[RecordedAccess],
    names: Mapping[str, str],
    compiler: Version | None,
) -> Lacking:
    """What a profile of a policy lacks for some accesses.

    `names` are the names that profiles of the log have in the draft.
    """
    found = Lacking([], [], [], [])
    for access in accesses:
        for request in access.requests:
            meant = renamed(request, names)
            reason = _one(engine, subject, access.folder, meant, compiler, found)
            if reason:
                found.left.append((access, reason))
                break
    return found


def renamed(request: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    """A request with the names that profiles have in the draft."""
    found = dict(request)
    fields = _PEERS if "class" in found else ()
    if found.get("class") in ("signal", "ptrace"):
        fields = (*fields, "object")
    for field in fields:
        if field in found:
            name = str(found[field])
            found[field] = names.get(name, name.partition(LEARNING)[0])
    return found


def _one(
    engine: Engine,
    subject: str,
    folder: str,
    request: Mapping[str, Any],
    compiler: Version | None,
    found: Lacking,
) -> str:
    """Add what one request lacks; gives the reason why no rule allows it."""
    cls = str(request.get("class", ""))
    if not takes_class(compiler, cls):
        return f"this compiler has no `{cls}` rules: they take AppArmor 4.0 (--target)"
    if request.get("op") == "change_hat":
        return ""  # the hat itself is what it needs
    if request.get("op") == "setrlimit":
        limit = f"set rlimit {request['object']} <= {request.get('value', 'infinity')},"
        if refuses(engine, subject, request):
            found.settings.append(limit)
            found.asked.append(DraftRequest(subject, request))
        return ""
    try:
        changes = _changes(engine, subject, request)
    except (RequestError, UnknownName) as fault:
        return str(fault)
    if changes is None:
        found.asked.append(DraftRequest(subject, request))
        return ""
    denied = next((one for one in changes if one.overrides), None)
    if denied is not None:
        rule = denied.overrides[0]
        return f"`{rule.text}` at {rule.file}:{rule.line} refuses it: narrow that rule if it should"
    wishes = [one.wish for one in changes if one.wish is not None and one.kind == "exact"]
    if not wishes:
        said = next((one.says for one in changes if one.says), "")
        return said or "no rule can allow it"
    one = DraftRequest(subject, request)
    found.lacks.extend(Lack(wish, one, folder) for wish in wishes)
    found.asked.append(one)
    return ""


def _changes(engine: Engine, subject: str, request: Mapping[str, Any]) -> list[Suggestion] | None:
    """The smallest changes that allow a request, None if it is allowed; raises as `Engine.ask`."""
    question = engine.question({**request, "subject": subject, "mediated": True})
    answer = engine.ask(*question)
    if answer.verdict.allowed:
        return None
    found: list[Suggestion] = []
    for profile in engine.tables.components(subject):
        looks = [
            look
            for look in answer.lookups
            if look.profile.number == profile.number and look.missing
        ]
        linking = question[1].cls == "link"
        found += smallest(engine, profile, looks, linking=linking, recorded=True)
    return found


def refuses(engine: Engine, subject: str, request: Mapping[str, Any]) -> bool:
    """Whether a policy does not allow a request."""
    try:
        asked = {**request, "subject": subject, "mediated": True}
        return not engine.answer(asked).verdict.allowed
    except (RequestError, UnknownName):
        return True


def quoted(name: str) -> str:
    """A name of a log in a message."""
    return word(encode(name))
