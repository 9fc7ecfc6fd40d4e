"""What lsmc says of a case: its answers to the questions of the kernel.

All of it comes from `Policy.answer` and `Policy.permissions`.  The first refusal ends an act, and
each answer may leave a record in the audit log.
"""

from __future__ import annotations

import errno
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from lsmc.engine.ops import find
from lsmc.engine.policy import Policy
from lsmc.engine.verdict import Verdict
from tests.kernel.asks import Ask, asks
from tests.kernel.cases import UNCONFINED, Case

_MASKED = frozenset(("file", "link", "network", "signal", "ptrace"))


class Record(NamedTuple):
    """What an audit record says; what it does not say is empty."""

    kind: str
    operation: str
    profile: str
    about: str
    mask: frozenset[str] = frozenset()


class Answer(NamedTuple):
    """The verdict of one profile on a question, and the record that it leaves."""

    ask: Ask
    verdict: Verdict
    record: Record | None


class Expected(NamedTuple):
    """What a case comes to.

    `secure` is None where lsmc does not say; `open` are the tests of layers that the context does
    not tell enough of, or not whether they come to a capability.
    """

    errno: int
    label: str
    secure: bool | None
    answers: tuple[Answer, ...]
    open: tuple[str, ...] = ()

    @property
    def records(self) -> tuple[Record, ...]:
        """The records, in order; of the same capability the kernel logs the first."""
        found: list[Record] = []
        for answer in self.answers:
            one = answer.record
            if one is not None and not (one.operation == "capable" and one in found):
                found.append(one)
        return tuple(found)


class _Found(NamedTuple):
    """The answers to some questions, the error number of a refusal, and what was left open."""

    answers: tuple[Answer, ...]
    refusal: int
    open: tuple[str, ...] = ()


def expect(policy: Policy, case: Case) -> Expected:
    """What lsmc says of a case."""
    found = _asked(policy, list(asks(case)))
    if found.refusal:
        refusal = found.refusal
        if case.act[0] == "change_hat":
            refusal = _no_hat(policy, case.subject, case.act[1])
        label = shown(policy, case.subject)
        return Expected(refusal, label, False, found.answers, found.open)
    label, secure = _after(case, found.answers)
    return Expected(0, shown(policy, label), secure, found.answers, found.open)


def _asked(policy: Policy, questions: Sequence[Ask]) -> _Found:
    """The answers to questions in turn, up to the first refusal."""
    whole = _Found((), 0)
    for ask in questions:
        if whole.refusal and not ask.joined:
            break
        one = _one(policy, ask) if ask.context is None else _layered(policy, ask)
        whole = _Found(
            whole.answers + one.answers, whole.refusal or one.refusal, whole.open + one.open
        )
    return whole


def _one(policy: Policy, ask: Ask) -> _Found:
    found = tuple(_answers(policy, ask))
    return _Found(found, 0 if all(one.verdict.allowed for one in found) else ask.refusal)


def _layered(policy: Policy, ask: Ask) -> _Found:
    """The answers of all layers in their order: the profile's where it is reached."""
    verdict = _verdict(policy, ask)
    found = _Found((), 0)
    for layer in verdict.chain:
        if layer.verdict == "unknown":
            found = found._replace(open=(*found.open, layer.test))
        if layer.layer == "apparmor" and layer.verdict != "not-reached":
            parts = [part._replace(context=None) for part in ask.parts or (ask,)]
            own = _asked(policy, parts)
            found = found._replace(answers=found.answers + own.answers, refusal=own.refusal)
        for tried in layer.capabilities:
            use = Ask(ask.subject, "capable", tried.capability, "capable")
            if tried.logged:
                found = found._replace(answers=found.answers + _one(policy, use).answers)
            elif tried.held:  # perhaps it is not asked for
                found = found._replace(open=(*found.open, layer.test))
        if layer.verdict == "deny":
            return found._replace(refusal=int(getattr(errno, layer.errno)))
        if found.refusal:
            break
    return found


def _answers(policy: Policy, ask: Ask) -> Iterator[Answer]:
    """The answers of the components of the subject, which the kernel asks one by one."""
    for profile in policy.tables.components(ask.subject):
        one = ask._replace(subject=profile.full_name)
        verdict = _verdict(policy, one)
        yield Answer(one, verdict, record_of(policy, one, verdict))
    if ask.subject == UNCONFINED:
        yield Answer(ask, _verdict(policy, ask), None)


def _verdict(policy: Policy, ask: Ask) -> Verdict:
    asked: dict[str, object] = {"subject": ask.subject, "object": ask.object, "owner": ask.owner}
    asked |= {"class": ask.op, "perms": ask.perms} if ask.perms else {"op": ask.op}
    if ask.context is not None:
        asked["context"] = ask.context
    return policy.answer({**asked, **ask.fields})


# ---- records


def record_of(policy: Policy, ask: Ask, verdict: Verdict) -> Record | None:
    """The record that an answer leaves."""
    if not verdict.audited or verdict.decision == "unconfined":
        return None
    profile = policy.tables.find(ask.subject)
    assert profile is not None
    # in complain mode the record says so even of the few things that are refused
    kind = "ALLOWED" if profile.mode == "complain" else "DENIED"
    kind = "AUDIT" if verdict.decision == "allow" else kind
    return Record(kind, ask.operation, profile.full_name, _about(ask), _mask(policy, ask, verdict))


def _mask(policy: Policy, ask: Ask, verdict: Verdict) -> frozenset[str]:
    """The permissions that a record speaks of: those refused and not quiet, or those to audit."""
    operation = find(ask.op, dict(ask.fields))
    if operation is None or operation.cls not in _MASKED:
        return frozenset()
    if operation.name == "getattr":
        return frozenset("r")  # which is what the kernel calls it
    if operation.cls == "link":
        return frozenset(verdict.missing) - {"link"} or frozenset("l")
    if verdict.transition is not None:
        return frozenset("x")
    found = policy.permissions(
        ask.subject, operation.cls, ask.object, owner=ask.owner, **ask.fields
    )
    profile = policy.tables.find(ask.subject)
    everything = profile is not None and profile.audit
    if verdict.missing:
        return frozenset(verdict.missing) - (frozenset() if everything else found.quiet)
    granted = frozenset(verdict.granted)
    return granted if everything else granted & found.audit


def _about(ask: Ask) -> str:
    if ask.operation == "link":
        return f"{ask.object} -> {ask.fields['target']}"
    if ask.operation == "signal":
        return f"{ask.fields['signal']} {ask.object}"
    if ask.op == "onexec":
        return ask.fields["exec"]
    return ask.object


# ---- what follows


def _no_hat(policy: Policy, subject: str, hat: str) -> int:
    """The error number for a hat that cannot be entered (`change_hat` in domain.c)."""
    if f"{subject}//{hat}" in policy.profiles:
        return errno.EPERM
    inner = any(name.startswith(f"{subject}//") for name in policy.profiles)
    return errno.ENOENT if inner else errno.ECHILD


def _after(case: Case, answers: Sequence[Answer]) -> tuple[str, bool | None]:
    """The label of the process after an act that was allowed, and whether its mode is secure."""
    what, *rest = case.act
    if what in ("change_profile", "onexec"):
        return rest[0], None if what == "onexec" else False
    if what not in ("exec", "change_hat"):
        return case.subject, False
    (verdict,) = (answer.verdict for answer in answers if answer.ask.operation == what)
    step = verdict.transition
    if step is None:  # in complain mode: a profile that learns
        return f"{case.subject}//null-{rest[0]}" if verdict.missing else case.subject, False
    target = step.target or UNCONFINED
    inherits = step.mode in ("", "ix") or (step.fallback == "inherit" and target == case.subject)
    return target, not step.unsafe and not inherits


def shown(policy: Policy, label: str) -> str:
    """A label as the kernel shows it: its profiles in order, with their mode."""
    if label == UNCONFINED:
        return label
    modes = set()
    parts = sorted(label.split("//&"))
    for part in parts:
        profile = policy.tables.find(part.partition("//null-")[0])
        assert profile is not None, part
        modes.add("complain" if "//null-" in part else profile.mode)
    return f"{'//&'.join(parts)} ({modes.pop() if len(modes) == 1 else 'mixed'})"
