"""What lsmc says of a question, held against what the kernel said."""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterator
from typing import NamedTuple

from lsmc.base.errors import Error
from lsmc.policy import Policy
from tests.selinux_kernel.cases import Answer, Block, Classes, Question

#: The flag of a permissive domain in the kernel's answer.
_PERMISSIVE = 1


class Difference(NamedTuple):
    """Something that the kernel and lsmc say otherwise."""

    what: str
    kernel: object
    lsmc: object

    def __str__(self) -> str:
        return f"{self.what}: the kernel says {self.kernel}, lsmc {self.lsmc}"


def differences(
    policy: Policy, block: Block, question: Question, classes: Classes, answer: Answer
) -> list[Difference]:
    """Where the kernel and lsmc differ about a question; none where they agree."""
    pairs = _SAY[question.kind](policy, block, question, classes, answer)
    return [Difference(*one) for one in pairs if one[1] != one[2]]


#: What is compared, the kernel's word, lsmc's.
_Pair = tuple[str, object, object]


def _access(
    policy: Policy, block: Block, question: Question, classes: Classes, answer: Answer
) -> Iterator[_Pair]:
    """The three vectors, and the verdict about some permissions."""
    subject, target = question.contexts
    op = f"{question.cls}:{','.join(question.extra)}"
    strict = policy.enforced.query(subject, op, target, booleans=block.booleans)
    yield "valid", answer.errno != errno.EINVAL, strict.decision != "invalid-context"
    if answer.errno or strict.decision == "invalid-context":
        yield "errno", answer.errno, errno.EINVAL
        return
    allowed, _, audit, quiet, _, flags = answer.text.split()
    masks = (int(allowed, 16), int(audit, 16), ~int(quiet, 16))
    granted, audited, silent = (classes.names(question.cls, mask) for mask in masks)
    found = policy.permissions(subject, question.cls, target, booleans=block.booleans)
    yield "allowed", sorted(granted), sorted(found.allow)
    yield "auditallow", sorted(audited), sorted(found.audit)
    yield "dontaudit", sorted(silent), sorted(found.quiet)
    asked = frozenset(question.extra)
    missing = asked - granted
    logged = bool(missing - silent) if missing else bool(asked & audited)
    yield "query", not missing, strict.allowed
    yield "missing", missing, frozenset(strict.missing)
    yield "logged", logged, strict.audited
    lax = policy.query(subject, op, target, booleans=block.booleans)
    permissive = bool(int(flags) & _PERMISSIVE and missing)
    yield "permissive", permissive, lax.decision == "permissive"


def _label(
    policy: Policy, block: Block, question: Question, classes: Classes, answer: Answer
) -> Iterator[_Pair]:
    """The label of a new object, and whether it is one that objects may have."""
    del classes
    name = question.extra[0] if question.extra else None
    subject, target = question.contexts
    kernel = (answer.text, answer.valid) if not answer.errno else answer.errno
    try:
        label = policy.label(
            question.kind, subject, target, question.cls, name, booleans=block.booleans
        )
    except Error:
        yield "label", kernel, errno.EINVAL
        return
    yield "label", kernel, (str(label), label is not None and label.valid)


def _context(
    policy: Policy, block: Block, question: Question, classes: Classes, answer: Answer
) -> Iterator[_Pair]:
    """How a context is written."""
    del block, classes
    kernel = answer.errno or answer.text
    try:
        yield "context", kernel, str(policy.label("context", object=question.contexts[0]))
    except Error:
        yield "context", kernel, errno.EINVAL


def _change(
    policy: Policy, block: Block, question: Question, classes: Classes, answer: Answer
) -> Iterator[_Pair]:
    """Whether a task may relabel."""
    del block, classes
    old, new, task = question.contexts
    verdict = policy.validate_transition(old, new, task, question.cls)
    refused = errno.EINVAL if verdict.decision == "invalid-context" else errno.EPERM
    yield "validatetrans", answer.errno, 0 if verdict.allowed else refused


_SAY: dict[str, Callable[[Policy, Block, Question, Classes, Answer], Iterator[_Pair]]] = {
    "access": _access,
    "transition": _label,
    "member": _label,
    "change": _label,
    "context": _context,
    "validatetrans": _change,
}
