"""What lsmc says of a case: its answers to the questions of the kernel.

All of it comes from `Policy.answer` and `Policy.permissions`.  The first refusal ends an act, and
each answer may leave a record in the audit log.
"""

from __future__ import annotations

import errno
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from lsmc.engine.verdict import Verdict
from lsmc.modules.apparmor.operations import find
from lsmc.policy import Policy
from lsmc.stack.context import Context
from tests.kernel.ask import Ask
from tests.kernel.asks import asks
from tests.kernel.cases import UNCONFINED, Case

_MASKED = frozenset(("file", "link", "network", "unix", "signal", "ptrace"))


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

    `open` are the tests of layers that the context does not tell enough of, or not whether they
    come to a capability.
    """

    errno: int
    label: str
    secure: bool
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


def expect(policy: Policy, case: Case, by_peer: bool = False) -> Expected:
    """What lsmc says of a case; `by_peer` as in `asks`."""
    questions = list(asks(case, by_peer))
    found = _asked(policy, questions)
    if found.refusal:
        if case.act[0] == "change_hat":
            found = _no_hat(policy, questions[0])
        label = shown(policy, case.subject)
        return Expected(found.refusal, label, False, found.answers, found.open)
    label, secure = _after(policy, case, questions)
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
    if ask.parts:  # what we say as a whole, and the records of the parts
        own = _asked(policy, ask.parts)
        allowed = _verdict(policy, ask).allowed
        return own._replace(refusal=0 if allowed else own.refusal or ask.refusal)
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
    for one in _components(policy, ask):
        verdict = _verdict(policy, one)
        yield Answer(one, verdict, record_of(policy, one, verdict))
        if ask.op in _UNTIL_REFUSED and not verdict.allowed:
            break
    if ask.subject == UNCONFINED:
        yield Answer(ask, _verdict(policy, ask), None)


#: Operations that lead to a new label, of which the first refusal ends the asking.
_UNTIL_REFUSED = ("exec", "change_hat", "pivot_root")


def _components(policy: Policy, ask: Ask) -> list[Ask]:
    """The question to each component of the subject, in the order of labels."""
    names = sorted(profile.full_name for profile in policy.engine.tables.components(ask.subject))
    return [ask._replace(subject=name) for name in names]


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
    if ask.op == "onexec" and verdict.decision == "complain":
        # the execution asks for the pair alone
        asked = {"subject": ask.subject, "class": "onexec", "perms": ["onexec"]}
        answer = policy.engine.answer({**asked, "object": ask.object, **ask.fields})
        if not any(look.missing for look in answer.lookups if look.cls.name == "onexec"):
            return None
    profile = policy.engine.tables.find(ask.subject)
    assert profile is not None
    # in complain mode the record says so even of the few things that are refused
    kind = "ALLOWED" if profile.mode == "complain" else "DENIED"
    kind = "AUDIT" if verdict.decision == "allow" else kind
    return Record(kind, ask.operation, profile.full_name, _about(ask), _mask(policy, ask, verdict))


def _mask(policy: Policy, ask: Ask, verdict: Verdict) -> frozenset[str]:
    """The permissions that a record speaks of: those refused and not quiet, or those to audit."""
    operation = find(ask.op, dict(ask.fields))
    if ask.op == "unix":
        operation = find("connect", dict(ask.fields))  # some permissions of the same class
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
    profile = policy.engine.tables.find(ask.subject)
    everything = profile is not None and profile.audit
    if verdict.missing:
        missing = frozenset(verdict.missing)
        # of a stack as peer what the components say may be logged, though its own name is quiet
        return (missing if everything else missing - found.quiet) or missing
    granted = frozenset(verdict.granted)
    return granted if everything else granted & found.audit


def _about(ask: Ask) -> str:
    if ask.operation == "link":
        return f"{ask.object} -> {ask.fields['target']}"
    if ask.operation == "signal":
        return f"{ask.fields['signal']} {ask.object}"
    if ask.op == "onexec":
        return ask.fields["exec"]
    return ask.object.removeprefix("&") if ask.operation.startswith("stack") else ask.object


# ---- what follows


def _no_hat(policy: Policy, ask: Ask) -> _Found:
    """A hat that cannot be entered, which the profiles in complain mode log."""
    refusal = _verdict(policy, ask._replace(context=Context())).refusal
    assert refusal is not None, ask
    about = ask.object if refusal.errno == "EPERM" else ""
    answers = []
    for one in _components(policy, ask):
        record = Record("ALLOWED", "change_hat", one.subject, about)
        profile = policy.engine.tables.find(one.subject)
        complains = profile is not None and profile.mode == "complain"
        answers.append(Answer(one, _verdict(policy, one), record if complains else None))
    return _Found(tuple(answers), int(getattr(errno, refusal.errno)))


def _after(policy: Policy, case: Case, questions: Sequence[Ask]) -> tuple[str, bool]:
    """The label of the process after an act that was allowed, and whether its mode is secure."""
    what, *rest = case.act
    if what == "change_profile":
        return rest[0], False
    if what == "stack":
        return f"{case.subject}//&{rest[0]}", False
    ask = next((ask for ask in questions if ask.op in _STEPS), None)
    if ask is None:
        return case.subject, False
    whole = _verdict(policy, ask).transition
    if whole is not None:
        return whole.target or UNCONFINED, whole.scrubs
    # in complain mode: each component by itself, and what has no rule learns
    steps = [_verdict(policy, one) for one in _components(policy, ask)]
    if what in ("onexec", "stack_onexec"):
        label = rest[0] if what == "onexec" else f"{case.subject}//&{rest[0]}"
    else:
        names = [one.subject for one in _components(policy, ask)]
        label = "//&".join(
            f"{name}//null-{rest[0]}" if step.transition is None else step.transition.target or ""
            for name, step in zip(names, steps, strict=True)
        )
    return label, any(step.transition is not None and step.transition.scrubs for step in steps)


#: Operations that may lead to another profile.
_STEPS = ("exec", "onexec", "change_hat")


def shown(policy: Policy, label: str) -> str:
    """A label as the kernel shows it: its profiles in order, with their mode."""
    if label == UNCONFINED:
        return label
    modes = set()
    parts = sorted(set(label.split("//&")))
    for part in parts:
        if part == UNCONFINED:
            continue  # which does not count
        profile = policy.engine.tables.find(part.partition("//null-")[0])
        assert profile is not None, part
        modes.add("complain" if "//null-" in part else profile.mode)
    return f"{'//&'.join(parts)} ({modes.pop() if len(modes) == 1 else 'mixed'})"
