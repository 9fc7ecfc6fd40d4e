"""What a policy says to the causes found in a log, and whether the log agrees with it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Literal, NamedTuple

from lsmc.engine.policy import Engine
from lsmc.engine.requests import RequestError
from lsmc.engine.verdict import UnknownName, Verdict, both
from lsmc.explain.causes import Cause
from lsmc.explain.explainer import Explanation, explain_request
from lsmc.logs.request import asked

Kind = Literal["exact", "general", "abstraction"]
Status = Literal["denied", "allowed", "complain", "unconfined", "no-profile", "no-question"]
#: Whether the log shows what this policy would do: it does, another policy ran (an older one, a
#: newer one, or one that logs what this one refuses silently), or another mode.
Agreement = Literal["agrees", "older", "newer", "enforced", "complained", "unlogged", ""]

_REFUSED = ("AA_RECORD_DENIED", "AA_RECORD_KILLED", "AA_RECORD_ERROR")


class Diagnosis(NamedTuple):
    """A cause and the policy's answers to it: one for each half of an old-style mask.

    `note` says why there is no answer.
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
    name = record.profile or ""
    if not question.requests:
        return Diagnosis(cause, name, "no-question", "", (), question.reason)
    known = [subject for subject in question.subjects if _knows(policy, subject)]
    if not known:
        return Diagnosis(cause, name, "no-profile", "", (), "this policy has no such profile")
    answers: list[Explanation] = []
    for request in question.put_to(lambda subject: subject in known):
        try:
            proven = {**request, "mediated": True}  # a class that is logged is mediated
            answers.append(explain_request(policy, proven, record.operation or ""))
        except (RequestError, UnknownName) as fault:
            return Diagnosis(cause, known[0], "no-question", "", (), str(fault))
    found = Diagnosis(cause, known[0], "denied", "", tuple(answers))
    verdict = found.verdict
    assert verdict is not None
    status: Status = "denied"
    if verdict.allowed:
        status = "allowed" if verdict.decision == "allow" else _named(verdict)
    return found._replace(status=status, agreement=_agreement(record.event_type, status, verdict))


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
