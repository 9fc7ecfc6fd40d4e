"""Compares a log to a policy: the policy's answer to each cause in the log."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Literal, NamedTuple

from lsmc.engine.verdict import (
    LET_THROUGH,
    UNCONFINED,
    RequestError,
    RuleRef,
    UnknownName,
    Verdict,
    both,
)
from lsmc.explain.explanation import Explanation, Suggestion
from lsmc.explain.log_groups import Cause
from lsmc.logs.record import Outcome

Request = Mapping[str, Any]
#: Who decided what was logged: the rules; what was loaded of the policy, as what the rules lead to
#: was not; the search for the name of the object, before any rule; or the kernel for reasons of its
#: own.
Decider = Literal["rules", "loaded", "name", "kernel"]


class Asked(NamedTuple):
    """The requests that a record makes, and the names that its subject may have in a policy.

    The names are in order of preference; each request uses the first, and `put_to` gives the
    requests for another.  Without requests `reason` says why; with them it says what the kernel
    adds, if anything.  `by` is who decided.
    """

    subjects: tuple[str, ...]
    requests: tuple[Request, ...]
    reason: str = ""
    by: Decider = "rules"

    def put_to(self, known: Callable[[str], bool]) -> tuple[Request, ...]:
        """The requests for the first name that a policy knows, or unchanged."""
        for subject in self.subjects:
            if known(subject):
                return tuple({**request, "subject": subject} for request in self.requests)
        return self.requests


class Questions(NamedTuple):
    """How the records of a module become questions to its policy, which `Any` opens.

    Attributes:
        asked: (policy, record) what a record asks.
        knows: (policy, subject) whether the policy knows a subject.
        explain: (policy, request, the record's operation) the answer with its reasons; raises
            `UnknownName`, `RequestError`.
        elsewhere: why another policy than this one answers for a record; empty if this one does.
        origin: where a subject that the policy lacks comes from, and what to do, as a sentence.
        lacking: (policy, record, subject, who decided) what this policy has of that which was
            lacking when the record was written, as a sentence; empty for nothing.
    """

    asked: Callable[[Any, Any], Asked]
    knows: Callable[[Any, str], bool]
    explain: Callable[[Any, Request, str], Explanation]
    elsewhere: Callable[[Any], str]
    origin: Callable[[str], str]
    lacking: Callable[[Any, Any, str, Decider], str]


Kind = Literal["exact", "general", "abstraction", "mend", "deny", "flag", "file", "advice"]
Status = Literal["denied", "allowed", "complain", "unconfined", "no-profile", "no-question"]
#: Whether the log shows what this policy would do: it does, another policy ran (an older one, a
#: newer one, one that lacked a profile or hat of this one, or one that logs what this one refuses
#: silently), or another mode.
Agreement = Literal[
    "agrees", "older", "newer", "unloaded", "enforced", "complained", "unlogged", ""
]


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
        """The answers combined: all must allow."""
        found: Verdict | None = None
        for answer in self.answers:
            found = answer.verdict if found is None else both(found, answer.verdict)
        return found


class Remedy(NamedTuple):
    """What would allow what was denied, and where to write it.

    Attributes:
        kind: what is written.  `exact` (the smallest rule), `general` (a rule for objects of the
            kind) and `abstraction` (an include) are added to the profile at `file` and `line`.
            `deny` and `mend`: `rule` takes the place of the rule `replaces`, at `file` and `line`,
            which refuses it or fails to say what it means; an empty one takes it away.  `flag`: the
            profile at `file` and `line` gets the flag `rule`.  `file`: `file` is a new file of
            policy with the text `rule`.  `advice`: nothing is written.
        rule: the text that is written.
        profile: the profile that changes.
        opens: examples of other accesses that it would newly allow; `more`: there are others.
        rules: how many rules of an abstraction open something.
        hazards: words of `lsmc.explain.hazards`.
        says: the remedy in one line, where `rule` does not say it.
        overrides: the rules that refuse it now and no longer would.
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
    says: str = ""
    overrides: tuple[RuleRef, ...] = ()
    replaces: RuleRef | None = None

    @property
    def brief(self) -> str:
        """The remedy in one line."""
        return self.says or self.rule

    @property
    def bold(self) -> bool:
        """Whether to take it is a decision for a person: something is at stake with it."""
        return bool(self.hazards or self.overrides)


def plain_remedy(one: Suggestion) -> Remedy:
    """A suggestion as a remedy, with nothing known of what it opens."""
    return Remedy(
        kind=one.kind,
        rule=one.rule,
        profile=one.profile,
        file=one.file,
        line=one.line,
        hazards=one.hazards,
        says=one.says,
        overrides=one.overrides,
        replaces=one.replaces,
    )


class Explained(NamedTuple):
    """A cause with its diagnosis and the remedies for it."""

    diagnosis: Diagnosis
    remedies: tuple[Remedy, ...]


def diagnose(
    questions: Questions, policy: Any, causes: Iterable[Cause], *, enforce: bool = False
) -> Iterator[Diagnosis]:
    """The policy's answer to each cause, in order.

    With `enforce` the policy judges as if it were enforced, which says nothing of the modes that
    were running.
    """
    for cause in causes:
        found = _diagnose(questions, policy, cause)
        if enforce and found.agreement == "complained":
            found = found._replace(agreement="agrees")
        yield found


def _diagnose(questions: Questions, policy: Any, cause: Cause) -> Diagnosis:
    record = cause.record
    question = questions.asked(policy, record)
    name = question.subjects[0] if question.subjects else record.subject or ""
    known = [subject for subject in question.subjects if questions.knows(policy, subject)]
    bare = Diagnosis(cause, name, "no-question", "", note=question.reason)
    if not known:
        return _unknown(questions, policy, bare, bool(question.requests))
    bare = bare._replace(subject=known[0])
    if not question.requests:
        lacking = questions.lacking(policy, record, known[0], question.by)
        return bare._replace(note=_sentences(question.reason, lacking))
    answers: list[Explanation] = []
    for request in question.put_to(lambda subject: subject in known):
        try:
            proven = {**request, "mediated": True}  # a class that is logged is mediated
            answers.append(questions.explain(policy, proven, record.operation or ""))
        except (RequestError, UnknownName) as fault:
            return bare._replace(note=str(fault))
    found = bare._replace(answers=tuple(answers))
    verdict = found.verdict
    assert verdict is not None
    status: Status = "denied"
    if verdict.allowed:
        status = "allowed" if verdict.decision == "allow" else _named(verdict)
    agreement = _agreement(record.outcome, status, verdict)
    if question.by != "rules":
        # the rules had no part in what was logged, so that it says nothing about their age
        agreement = "agrees" if status == "denied" else "unloaded"
        if question.by == "name":
            agreement = ""
    return found._replace(status=status, agreement=agreement)


def _unknown(questions: Questions, policy: Any, bare: Diagnosis, asks: bool) -> Diagnosis:
    """The diagnosis for a subject that the policy does not have."""
    record = bare.cause.record
    if where := questions.elsewhere(record):
        return bare._replace(status="no-profile", note=_sentences(where, bare.note))
    if record.subject == UNCONFINED:
        said = bare.note or "the task has no profile, so that no rule of a profile decides"
        note = _sentences(said, questions.lacking(policy, record, UNCONFINED, "kernel"))
        return bare._replace(subject=UNCONFINED, status="unconfined", note=note)
    if not asks:
        return bare
    none = f"this policy has no such profile: {questions.origin(bare.subject)}"
    return bare._replace(status="no-profile", note=_sentences(none, bare.note))


def _sentences(*parts: str) -> str:
    return "; ".join(filter(None, parts))


def _named(verdict: Verdict) -> Status:
    return "complain" if verdict.decision in LET_THROUGH else "unconfined"


def _agreement(logged: Outcome, status: Status, verdict: Verdict) -> Agreement:
    """A comparison of the logged outcome to what the policy would do."""
    if logged == "refused" and status == "denied" and not verdict.audited:
        return "unlogged"
    if logged == "refused":
        return {"denied": "agrees", "complain": "enforced"}.get(status, "older")  # type: ignore[return-value]
    if logged == "complained":
        return {"complain": "agrees", "denied": "complained"}.get(status, "older")  # type: ignore[return-value]
    if logged == "allowed":
        return "newer" if status == "denied" else "agrees"
    return ""
