"""The decision of Smack on one access: a pure function of labels, rows and what a task brings.

It follows the kernel's security/smack/smack_access.c: `smk_access` for labels and rules,
`smk_tskacc` for the rules of a task itself and for CAP_MAC_OVERRIDE.  Rules of a task only take
away.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, NamedTuple

from lsmc.modules.smack.labels import (
    BRINGUP,
    EXEC,
    FLOOR,
    HAT,
    LOCK,
    READ,
    STAR,
    WEB,
    WRITE,
)

#: What decided an access: a built-in rule of a label, the row of the pair, that there is no row,
#: the task's own rules, CAP_MAC_OVERRIDE, or that it would only be reported.
By = Literal[
    "star-subject",
    "web",
    "star-object",
    "same",
    "floor-object",
    "hat-subject",
    "row",
    "no-row",
    "own-rules",
    "override",
    "reported",
]
#: Those that no row and no rule of the policy can change.
BUILT_IN: frozenset[By] = frozenset(
    ("star-subject", "web", "star-object", "same", "floor-object", "hat-subject")
)
#: What a rule that has no access gives: no rule is another thing (`smk_access_entry`).
Rule = Callable[[str, str], int | None]


class Decision(NamedTuple):
    """The decision on an access.

    Attributes:
        allowed: whether it succeeds.
        by: what decided.
        missing: the bits that were refused; 0 also of a refused request that asks for none.
        bringup: whether the success is reported, as the rule has `b`.
        unconfined: the label for whose sake a refusal was only reported, empty for none.
    """

    allowed: bool
    by: By
    missing: int = 0
    bringup: bool = False
    unconfined: str = ""


class Task(NamedTuple):
    """What a task brings beside its label: its own rules, and whether it may override.

    `own` is as the rules of the policy; None for a task that has none.
    """

    own: Rule | None = None
    override: bool = False


_NOBODY = Task()


def decide(
    subject: str,
    obj: str,
    request: int,
    rule: Rule,
    *,
    unconfined: str = "",
    task: Task = _NOBODY,
) -> Decision:
    """The decision on an access of a subject to an object, both labels.

    Args:
        subject: who asks.
        obj: what is asked for.
        request: the wanted access, as bits; 0 is a request as well.
        rule: the access that the policy's rule for a pair gives; None without such a rule.
        unconfined: the label whose refusals are only reported; empty for none.
        task: what the task brings; a check between sockets knows no task.
    """
    found = _by_labels(subject, obj, request) or _by_rule(subject, obj, request, rule)
    if not found.allowed and unconfined and unconfined in (subject, obj):
        found = found._replace(allowed=True, unconfined=unconfined)
    if found.allowed and task.own is not None:
        own = task.own(subject, obj)
        if own is not None and request & ~granted_by(own):
            found = Decision(False, "own-rules", request & ~granted_by(own))
    if task.override:
        if not found.allowed or found.unconfined:
            return Decision(True, "override")
        return found._replace(bringup=False)  # who may override is not reported
    return found


def _by_labels(subject: str, obj: str, request: int) -> Decision | None:
    """What the labels decide by themselves, in the kernel's order."""
    if subject == STAR:
        return Decision(False, "star-subject", request)
    if WEB in (subject, obj):
        return Decision(True, "web")
    if obj == STAR:
        return Decision(True, "star-object")
    if subject == obj:
        return Decision(True, "same")
    if not request & ~(READ | EXEC) or request == LOCK:
        if obj == FLOOR:
            return Decision(True, "floor-object")
        if subject == HAT:
            return Decision(True, "hat-subject")
    return None


def _by_rule(subject: str, obj: str, request: int, rule: Rule) -> Decision:
    access = rule(subject, obj)
    if access is None:
        return Decision(False, "no-row", request)
    given = granted_by(access)
    if not access or request & ~given:
        return Decision(False, "row", request & ~given)
    return Decision(True, "row", bringup=bool(access & BRINGUP))


def unreported(decision: Decision, request: int) -> Decision:
    """The decision where a success that is reported is none.

    A check for ptrace takes the number that says so for an error (`smk_ptrace_rule_check`).
    """
    if decision.bringup or decision.unconfined:
        return Decision(False, "reported", request)
    return decision


def granted_by(access: int) -> int:
    """The access that a rule gives: who may write may lock."""
    return access | LOCK if access & WRITE else access
