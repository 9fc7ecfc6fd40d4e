"""A verdict for people, in a few lines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from lsmc.output.styled import Line, Piece, line, safe

if TYPE_CHECKING:
    from lsmc.engine.verdict import Exec, RuleRef, Verdict

#: Subject, operation, object and fields.
QuestionWords = tuple[str, str, str, Mapping[str, Any]]

#: Places of one rule that are told to people.
_PLACES = 3
#: Permissions of classes that have but one.
ONLY = frozenset(("use", "link", "mount", "umount", "pivot_root", "change_profile"))
_WORDS: Mapping[str, tuple[str, str, str]] = {
    "allow": ("allowed", "good", ""),
    "deny-explicit": ("denied", "bad", "a deny rule refuses"),
    "deny-implicit": ("denied", "bad", "no rule allows"),
    "invalid-context": ("denied", "bad", "no such context can be"),
    "unconfined": ("allowed", "good", "the subject is not confined"),
    "disabled": ("allowed", "good", "the mode asks no rule"),
    "complain": ("allowed", "warn", "but only by complain mode"),
    "permissive": ("allowed", "warn", "but only by permissive mode"),
    "learning": ("allowed", "warn", "and learned: no rule allows it yet"),
}


def names(permissions: Sequence[str]) -> str:
    """Permissions in a sentence; `it` where the class has no other."""
    return " ".join(name for name in permissions if name not in ONLY) or "it"


def head_line(verdict: Verdict, asked: QuestionWords) -> Line:
    """The answer itself, with the request."""
    word, role, _ = _WORDS["deny-implicit" if verdict.refusal else verdict.decision]
    subject, op, obj, fields = asked
    pairs = (f"{key}={_written(value)}" for key, value in fields.items())
    words = " ".join(safe(word) for word in (subject, op, obj, *pairs) if word)
    return line((word, role), f": {words}")


def _written(value: object) -> str:
    """The value of a field, as a command line takes it."""
    if isinstance(value, dict | list):
        from lsmc.output.json import dumps

        return dumps(value)
    return str(value)


def why(verdict: Verdict) -> str:
    """The reason in a few words; empty when the rules say all."""
    words = _WORDS[verdict.decision][2]
    if verdict.refusal is not None:
        from lsmc.output.layers import refusal_words

        return refusal_words(verdict.refusal)
    if verdict.note:
        return safe(verdict.note)
    if verdict.missing and verdict.decision.startswith("deny"):
        return f"{words} {names(verdict.missing)}"
    return words


def verdict_lines(verdict: Verdict, asked: QuestionWords) -> Iterator[Line]:
    """A verdict, why, what each layer says, and the rules behind the profile's answer."""
    yield head_line(verdict, asked)
    reason = why(verdict)
    if reason:
        yield line(f"  {reason}")
    if verdict.chain:
        from lsmc.output.layers import layer_lines

        yield from layer_lines(verdict.chain)
    yield from _rules(verdict.rules)
    if verdict.transition is not None:
        yield line(f"  {transition_words(verdict.transition)}")


def _rules(rules: Sequence[RuleRef]) -> Iterator[Line]:
    """Rules in order; of one that is written in many places, only the first places."""
    places = Counter(ref.text for ref in rules)
    shown: Counter[str] = Counter()
    for ref in rules:
        shown[ref.text] += 1
        if shown[ref.text] <= _PLACES:
            yield from rule_lines(ref, "  ")
        elif shown[ref.text] == places[ref.text]:
            more = places[ref.text] - _PLACES
            words = f"and in {more} more place{'s' * (more != 1)}: {safe(ref.text)}"
            yield line((f"  {words}", "dim"))


def rule_lines(ref: RuleRef, indent: str, *after: Piece) -> Iterator[Line]:
    """A rule: its place and text, then the includes that brought it in."""
    place = f"{safe(ref.file)}:{ref.line}:{ref.column}: "
    yield line(indent, (place, "where"), (safe(ref.text), "code"), *after)
    for via in reversed(ref.via):
        yield line((f"{indent}  {safe(via_words(via))}", "dim"))


def via_words(via: str) -> str:
    """How a rule came to concern a subject: by an include at a place, or as a module says it."""
    return via if " " in via else f"included at {via}"


def transition_words(exec_: Exec) -> str:
    """Where an execution leads, in words."""
    mode = f" ({exec_.mode})" if exec_.mode else ""
    if exec_.target is None:
        return f"the rule's transition{mode} finds no profile"
    environment = "environment scrubbed" if exec_.scrubs else "environment kept"
    return f"runs as {safe(exec_.target)}{mode}, {environment}"
