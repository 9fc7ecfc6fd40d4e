"""What a policy says to the causes found in a log, and whether the log agrees with it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Literal, NamedTuple

from lsmc.engine.verdict import UNCONFINED, RequestError, UnknownName, Verdict, both
from lsmc.explain.explanation import Explanation
from lsmc.explain.log_groups import Cause
from lsmc.modules.apparmor.engine import Engine
from lsmc.modules.apparmor.explain import explain_request
from lsmc.modules.apparmor.log.infos import Decider
from lsmc.modules.apparmor.log.record import Record
from lsmc.modules.apparmor.log.request import asked, namespace
from lsmc.modules.apparmor.requests import encode

Kind = Literal["exact", "general", "abstraction"]
Status = Literal["denied", "allowed", "complain", "unconfined", "no-profile", "no-question"]
#: Whether the log shows what this policy would do: it does, another policy ran (an older one, a
#: newer one, one that lacked a profile or hat of this one, or one that logs what this one refuses
#: silently), or another mode.
Agreement = Literal[
    "agrees", "older", "newer", "unloaded", "enforced", "complained", "unlogged", ""
]

_REFUSED = ("AA_RECORD_DENIED", "AA_RECORD_KILLED", "AA_RECORD_ERROR")


class Diagnosis(NamedTuple):
    """A cause and the policy's answers to it: one for each half of an old-style mask.

    `note` says why there is no answer, or what the kernel adds to it.
    """

    cause: Cause
    subject: str
    status: Status
    agreement: Agreement
    answers: tuple[Explanation, ...] = ()
    note: str = ""

    @property
    def verdict(self) -> Verdict | None:
        """The answers as one: all must allow."""
        found: Verdict | None = None
        for answer in self.answers:
            found = answer.verdict if found is None else both(found, answer.verdict)
        return found


class Remedy(NamedTuple):
    """A rule or an include that would allow what was denied, and the profile it belongs into.

    `opens` are examples of what else it would newly allow, `more` says that there are others, and
    `rules` how many rules of an abstraction open something.
    """

    kind: Kind
    rule: str
    profile: str
    file: str
    line: int
    opens: tuple[str, ...] = ()
    more: bool = False
    rules: int = 0
    hazards: tuple[str, ...] = ()


def diagnose(policy: Engine, causes: Iterable[Cause]) -> Iterator[Diagnosis]:
    """The policy's answer to each cause, in order."""
    for cause in causes:
        yield _diagnose(policy, cause)


def _diagnose(policy: Engine, cause: Cause) -> Diagnosis:
    record = cause.record
    question = asked(record)
    name = question.subjects[0] if question.subjects else record.profile or ""
    known = [subject for subject in question.subjects if _knows(policy, subject)]
    bare = Diagnosis(cause, name, "no-question", "", note=question.reason)
    if not known:
        return _unknown(policy, bare, namespace(record), bool(question.requests))
    bare = bare._replace(subject=known[0])
    if not question.requests:
        return bare._replace(note=_sentences(question.reason, _in_files(policy, bare, question.by)))
    answers: list[Explanation] = []
    for request in question.put_to(lambda subject: subject in known):
        try:
            proven = {**request, "mediated": True}  # a class that is logged is mediated
            answers.append(explain_request(policy, proven, record.operation or ""))
        except (RequestError, UnknownName) as fault:
            return bare._replace(note=str(fault))
    found = bare._replace(answers=tuple(answers))
    verdict = found.verdict
    assert verdict is not None
    status: Status = "denied"
    if verdict.allowed:
        status = "allowed" if verdict.decision == "allow" else _named(verdict)
    agreement = _agreement(record.event_type, status, verdict)
    if question.by != "rules":
        # the rules had no part in what was logged, so that it says nothing about their age
        agreement = "agrees" if status == "denied" else "unloaded"
        if question.by == "name":
            agreement = ""
    return found._replace(status=status, agreement=agreement)


def _unknown(policy: Engine, bare: Diagnosis, space: str, asks: bool) -> Diagnosis:
    """The answer for a subject that this policy does not know."""
    if space:
        where = (
            f"the profile belongs to the policy namespace {space}, as that of a container: the"
            " policy of that namespace answers for it, not that of the host"
        )
        return bare._replace(status="no-profile", note=_sentences(where, bare.note))
    if bare.cause.record.profile == UNCONFINED:
        said = bare.note or "the task has no profile, so that no rule of a profile decides"
        note = _sentences(said, _clash(policy, bare.cause.record))
        return bare._replace(subject=UNCONFINED, status="unconfined", note=note)
    if not asks:
        return bare
    none = "this policy has no such profile"
    return bare._replace(status="no-profile", note=_sentences(none, bare.note))


def _in_files(policy: Engine, bare: Diagnosis, by: Decider) -> str:
    """What this policy has of that which was lacking when a record was written."""
    record = bare.cause.record
    if by == "loaded" and (target := (record.name2 or record.name or "").removeprefix("&")):
        if _knows(policy, target):
            return "these files have it: load them"
        return "these files do not have it either"
    if clash := _clash(policy, record):
        return clash
    flag = next((flag for word, flag in _FLAGS.items() if word in (record.info or "")), "")
    profile = policy.tables.find(bare.subject)
    if by != "name" or not flag or profile is None:
        return ""
    if flag in dict(profile.settings):
        return "these files give the profile that flag: another policy was running, load these"
    place = policy.bundle.place(profile.place)
    return f"the profile is at {place.file}:{place.line}"


def _clash(policy: Engine, record: Record) -> str:
    """The profiles of this policy that attach to what was executed, where the kernel took none."""
    if not (record.info or "").startswith("conflicting profile attachments") or not record.name:
        return ""
    path, find = encode(record.name), policy.tables.attachments.find
    clashing = find(path)[1] or find(path, parent=record.profile or "")[1]
    names = " and ".join(f"`{profile.full_name}`" for profile in clashing)
    return f"in these files {names} do" if names else ""


#: What the kernel says of a name that was not found, and the flag that helps.
_FLAGS = {"deleted entry": "mediate_deleted", "disconnected path": "attach_disconnected"}


def _sentences(*parts: str) -> str:
    return "; ".join(filter(None, parts))


def _named(verdict: Verdict) -> Status:
    return "complain" if verdict.decision == "complain" else "unconfined"


def _knows(policy: Engine, subject: str) -> bool:
    try:
        return bool(policy.tables.components(subject))
    except (UnknownName, RequestError):
        return False


def _agreement(kind: str, status: Status, verdict: Verdict) -> Agreement:
    """How what was logged compares to what this policy would do."""
    if kind in _REFUSED and status == "denied" and not verdict.audited:
        return "unlogged"
    if kind in _REFUSED:
        return {"denied": "agrees", "complain": "enforced"}.get(status, "older")  # type: ignore[return-value]
    if kind == "AA_RECORD_ALLOWED":
        return {"complain": "agrees", "denied": "complained"}.get(status, "older")  # type: ignore[return-value]
    if kind == "AA_RECORD_AUDIT":
        return "newer" if status == "denied" else "agrees"
    return ""
