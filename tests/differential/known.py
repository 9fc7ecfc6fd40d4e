"""Differences from apparmor_parser 3.0.8 that are meant, each with its reason.

The language that decides is that of AppArmor 6.0 where the two compilers part ways, and the manual
where a release has a plain defect.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from lsmc.automata.pattern import Chars, Concat, Pattern, Union
from lsmc.ir.model import Effect, Rule
from tests.reference import matches

if TYPE_CHECKING:
    from tests.differential.answers import Answer, Question

Rules = Mapping[str, Sequence[Rule]]

_OPTIONS = re.compile(r"\b(?:options?)\s*(?:=|in\b)\s*(\([^)]*\)|[^\s,]+)")
_KIND_WORDS = re.compile(
    r"\b(?:remount|r?bind|[BMR]|move|(?:make-)?r?(?:shared|slave|private|unbindable))\b"
)
#: A path with its permissions behind it, `l` among them, and a target.
_TRAILING = re.compile(r"[^\s,]\s+[rwakm]*l[rwakml]*\s+->")
#: A variable after a slash that begins a path, other variables before it or not.
_ROOTED_VARIABLE = re.compile(r"(?:^|[\s\"])(?:@\{\w+\})*/@\{")


class Known(NamedTuple):
    """A difference that is meant: when it applies, and why our answer is right."""

    name: str
    reason: str
    applies: Callable[[Rules, Question, Answer, Answer], bool]


def _matching(rules: Rules, question: Question) -> list[Rule]:
    """The file rules that match the path of a question."""
    path = question.raw
    return [rule for rule in rules.get("file", ()) if matches(rule.fields[0], path)]


def _has_class(pattern: Pattern) -> bool:
    match pattern:
        case Chars():
            return True
        case Concat(parts):
            return any(map(_has_class, parts))
        case Union(options):
            return any(map(_has_class, options))
    return False


def _class_is_exact(rules: Rules, question: Question, ours: Answer, theirs: Answer) -> bool:
    if question.cls != "file" or not {"x"} <= ours.allow & theirs.allow:
        return False
    return ours.extra != theirs.extra and any(
        rule.transition is not None and rule.exact and _has_class(rule.fields[0])
        for rule in _matching(rules, question)
    )


def _quiet_of_network(rules: Rules, question: Question, ours: Answer, theirs: Answer) -> bool:
    if question.cls != "unix" or (ours.allow, ours.audit) != (theirs.allow, theirs.audit):
        return False
    return any(
        rule.effect is Effect.DENY and rule.origin.text.split("network")[0] != rule.origin.text
        for rule in rules.get("unix", ())
    )


def _path_as_label(rules: Rules, question: Question, ours: Answer, theirs: Answer) -> bool:
    if question.cls != "change_profile" or theirs.allow - ours.allow != {"onexec"}:
        return False
    same = ours._replace(allow=ours.allow | {"onexec"}) == theirs
    return same and any(matches(rule.fields[0], question.raw) for rule in rules.get("onexec", ()))


def _long_attachment(_: Rules, question: Question, ours: Answer, theirs: Answer) -> bool:
    if question.cls != "attach" or ours.extra is None:
        return False
    return theirs.extra is None and len(question.raw) >= 32


def _nul_in_address(_: Rules, question: Question, ours: Answer, theirs: Answer) -> bool:
    if question.cls != "unix" or ours.mediated != theirs.mediated:
        return False
    return any(b"\0" in question.field(name) for name in ("addr", "peer_addr"))


KNOWN: tuple[Known, ...] = (
    Known(
        "class-is-exact",
        "a character class is a wildcard for 3.0.8, not for 6.0, when exec modes compete",
        _class_is_exact,
    ),
    Known(
        "path-as-label",
        "executables and profile names share an automaton, so a profile named like an executable "
        "passes the first question of change_onexec; the pair of both decides at the exec",
        _path_as_label,
    ),
    Known(
        "long-attachment",
        "the kernel gives up ranking an attachment where the numbers of its states fall 32 "
        "bytes into a path; the numbers are the compiler's, so no other tool can say when",
        _long_attachment,
    ),
    Known(
        "nul-in-address",
        "the kernel joins the fields of a socket's key by NUL, which may stand in an abstract "
        "address too, so an odd address passes for other fields; here each field is one",
        _nul_in_address,
    ),
    Known(
        "quiet-of-network",
        "for unix sockets 3.0.8 swaps the logging of `deny network` and `audit deny network`; the "
        "manual says that deny is silent and audit deny is not",
        _quiet_of_network,
    ),
)


def explain(rules: Rules, question: Question, ours: Answer, theirs: Answer) -> Known | None:
    """The known difference that a disagreement is an instance of."""
    for known in KNOWN:
        if known.applies(rules, question, ours, theirs):
            return known
    return None
