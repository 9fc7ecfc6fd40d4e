"""Signal and ptrace rules: what may be done to which other subject (apparmor.d(5))."""

from __future__ import annotations

from collections.abc import Iterator

from lsmc.ir.model import Rule
from lsmc.modules.apparmor.classes import PTRACE, SIGNAL
from lsmc.modules.apparmor.errors import did_you_mean
from lsmc.modules.apparmor.lower.context import (
    SEND_RECEIVE,
    SOME,
    Conditions,
    Lowering,
    RuleHead,
    one_of,
    words_to_mask,
)
from lsmc.modules.apparmor.names import SIGNAL_ALIASES, SIGNALS, signal_named
from lsmc.modules.apparmor.resolve.refused import refusal
from lsmc.modules.apparmor.syntax import ast

_PTRACE_SYNONYMS = {
    "write": ("trace",),
    "w": ("trace",),
    "r": ("read",),
    "rw": ("trace", "read"),
    "wr": ("trace", "read"),
}


def lower_signal(rule: ast.ClassRule, head: RuleHead, context: Lowering) -> Iterator[Rule]:
    """The IR of a signal rule; raises `Refused`."""
    conditions = Conditions(rule.conditions, ("set", "peer"), "a signal rule", repeatable=("set",))
    perms = rule.perms or ()
    mask = words_to_mask(SIGNAL, perms, SEND_RECEIVE, "signal") if perms else SIGNAL.all
    names = [signal_name(word) for word in conditions.words("set")]
    peer = conditions.single("peer")
    which = one_of(names) if names else SOME
    yield head.rule(SIGNAL, (which, context.label(peer) if peer else SOME), mask)


def signal_name(word: ast.Word) -> str:
    """The name of a signal as the tables know it; raises `Refused`."""
    name = signal_named(word.text)
    if name is not None:
        return name
    raise refusal(
        "unknown-signal",
        word.span,
        f"unknown signal `{word.text}`",
        did_you_mean(word.text.lower().removeprefix("sig"), [*SIGNALS, *SIGNAL_ALIASES])
        or "signals are written without SIG, in lower case: hup int term rtmin+0 …",
    )


def lower_ptrace(rule: ast.ClassRule, head: RuleHead, context: Lowering) -> Iterator[Rule]:
    """The IR of a ptrace rule; raises `Refused`."""
    conditions = Conditions(rule.conditions, ("peer",), "a ptrace rule")
    perms = rule.perms or ()
    mask = words_to_mask(PTRACE, perms, _PTRACE_SYNONYMS, "ptrace") if perms else PTRACE.all
    peer = conditions.single("peer")
    yield head.rule(PTRACE, (context.label(peer) if peer else SOME,), mask)
