"""Rules for user namespaces, io_uring and message queues (apparmor.d(5))."""

from __future__ import annotations

from collections.abc import Iterator

from lsmc.automata.pattern import EMPTY
from lsmc.base.source import to_display
from lsmc.ir.model import Rule
from lsmc.modules.apparmor.classes import IO_URING, MQUEUE, USERNS
from lsmc.modules.apparmor.errors import did_you_mean
from lsmc.modules.apparmor.lower.context import (
    ANY,
    Conditions,
    Lowering,
    RuleHead,
    one_of,
    words_to_mask,
)
from lsmc.modules.apparmor.names import QUEUE_TYPES, queue_type
from lsmc.modules.apparmor.releases import QUEUE_LABEL
from lsmc.modules.apparmor.resolve.refused import Refused, refusal
from lsmc.modules.apparmor.syntax import ast

_MQUEUE_SYNONYMS = {
    "r": ("read",),
    "w": ("write",),
    "rw": ("read", "write"),
    "wr": ("read", "write"),
}
_MQUEUE_WORDS = frozenset((*MQUEUE.permissions, *_MQUEUE_SYNONYMS))


def lower_userns(rule: ast.ClassRule, head: RuleHead, _: Lowering) -> Iterator[Rule]:
    """The IR of a userns rule; raises `Refused`."""
    for word in (*(rule.perms or ()), *rule.words):
        if word.text != "create":
            raise refusal(
                "bad-userns",
                word.span,
                f"`{word.text}` is not a permission of a userns rule",
                "the only one is `create`",
            )
    yield head.rule(USERNS, (), USERNS.all)


def lower_io_uring(rule: ast.ClassRule, head: RuleHead, context: Lowering) -> Iterator[Rule]:
    """The IR of an io_uring rule; raises `Refused`."""
    conditions = Conditions(rule.conditions, ("label",), "an io_uring rule")
    perms = rule.perms or ()
    if rule.perms_in_list:
        perms = tuple(word for word in perms if word.text in IO_URING.permissions)
        unknown = [w for w in rule.perms or () if w.text not in IO_URING.permissions]
        if unknown:
            left = " ".join(word.text for word in perms)
            becomes = f"means `{left}`" if left else "means every permission"
            context.alter(
                f"{becomes}: `{to_display(unknown[0].text)}` is passed over",
                f"known: {' '.join(IO_URING.permissions)}",
                unknown[0].span,
            )
    mask = words_to_mask(IO_URING, (*perms, *rule.words), {}, "io_uring") or IO_URING.all
    word = conditions.single("label")
    label = context.glob(word.text, word) if word is not None else ANY
    yield head.rule(IO_URING, (EMPTY,), mask)
    if mask & IO_URING.mask(("override_creds",)):
        yield head.rule(IO_URING, (label,), mask)


def lower_mqueue(rule: ast.ClassRule, head: RuleHead, context: Lowering) -> Iterator[Rule]:
    """The IR of an mqueue rule; raises `Refused`."""
    conditions = Conditions(rule.conditions, ("type", "label"), "an mqueue rule")
    words = list(rule.words)
    perms = rule.perms
    if perms is None and words and words[0].text in _MQUEUE_WORDS:
        perms = (words.pop(0),)
    mask = MQUEUE.all
    if perms:
        mask = words_to_mask(MQUEUE, perms, _MQUEUE_SYNONYMS, "mqueue")
    if len(words) > 1:
        raise _bad_name(words[1], f"a second queue name `{words[1].text}`")
    name_word = words[0] if words else None
    types = _types(conditions.single("type"), name_word)
    name = ANY
    if name_word is not None:
        name = context.label(name_word)
    kind = one_of(types)
    label_word = conditions.single("label")
    if label_word is None:
        yield head.rule(MQUEUE, (kind, name, ANY), mask)
        return
    if "type" not in conditions and "sysv" in types:
        context.alter(
            "matches the label twice over for sysv queues, and so never there",
            "write one rule with `type=posix` and one with `type=sysv`",
        )
    label = context.label(label_word)
    yield head.rule(MQUEUE, (kind, name, label), mask)
    if mask & MQUEUE.mask(("create",)) and not QUEUE_LABEL.older(context.release):
        # a queue has no label before it exists
        early = mask & MQUEUE.mask(("create", "read", "write"))
        yield head.rule(MQUEUE, (kind, name, ANY), early)


def _types(word: ast.Word | None, name: ast.Word | None) -> tuple[str, ...]:
    """The queue types that a rule speaks of; raises `Refused`."""
    if word is not None and word.text not in QUEUE_TYPES:
        raise refusal(
            "bad-mqueue",
            word.span,
            f"`{word.text}` is not a type of message queue",
            did_you_mean(word.text, QUEUE_TYPES) or "known: posix sysv",
        )
    if name is None:
        return (word.text,) if word is not None else QUEUE_TYPES
    implied = queue_type(name.text)
    if implied is None:
        raise _bad_name(name, f"`{name.text}` names no message queue")
    if word is not None and word.text != implied:
        raise _bad_name(name, f"`{name.text}` is the name of a {implied} queue")
    return (implied,)


def _bad_name(word: ast.Word, message: str) -> Refused:
    return refusal(
        "bad-mqueue", word.span, message, "posix queues start with `/`, sysv queues are numbers"
    )
