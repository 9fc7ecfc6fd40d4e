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


def _implied_map(rules: Rules, question: Question, ours: Answer, theirs: Answer) -> bool:
    if question.cls != "file" or theirs.allow - ours.allow != {"m"}:
        return False
    same = ours._replace(allow=ours.allow | {"m"}, quiet=ours.quiet - {"m"}) == theirs
    return same and any(
        rule.transition is not None and rule.transition.inherit
        for rule in _matching(rules, question)
    )


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


def _mount_kinds(rules: Rules, question: Question, ours: Answer, theirs: Answer) -> bool:
    """Whether a rule that the compilers read differently speaks of the mountpoint."""
    if question.cls != "mount" or ours.mediated != theirs.mediated:
        return False
    for rule in rules.get("mount", ()):
        text = rule.origin.text
        if not matches(rule.fields[0], question.raw) and "->" in text:
            continue
        options = " ".join(_OPTIONS.findall(text))
        lone_source = "->" not in text and bool(ours.allow)
        any_flags = not options and bool(theirs.allow)
        several_kinds = bool(_KIND_WORDS.search(options)) and bool(theirs.allow)
        if lone_source or any_flags or several_kinds:
            return True
    return False


def _quiet_of_network(rules: Rules, question: Question, ours: Answer, theirs: Answer) -> bool:
    if question.cls != "unix" or (ours.allow, ours.audit) != (theirs.allow, theirs.audit):
        return False
    return any(
        rule.effect is Effect.DENY and rule.origin.text.split("network")[0] != rule.origin.text
        for rule in rules.get("unix", ())
    )


def _trailing_target(rules: Rules, question: Question, ours: Answer, theirs: Answer) -> bool:
    if question.cls not in {"link", "link test"} or ours.mediated != theirs.mediated:
        return False
    return any(
        matches(rule.fields[0], question.raw) and _TRAILING.search(rule.origin.text)
        for rule in rules.get("link", ())
    )


def _path_as_label(rules: Rules, question: Question, ours: Answer, theirs: Answer) -> bool:
    if question.cls != "change_profile" or theirs.allow - ours.allow != {"onexec"}:
        return False
    same = ours._replace(allow=ours.allow | {"onexec"}) == theirs
    return same and any(matches(rule.fields[0], question.raw) for rule in rules.get("onexec", ()))


def _no_userns(_: Rules, question: Question, ours: Answer, theirs: Answer) -> bool:
    return question.cls == "userns" and ours.mediated and not theirs.mediated


def _slash_of_variable(rules: Rules, question: Question, ours: Answer, theirs: Answer) -> bool:
    if ours.mediated != theirs.mediated or question.cls not in {
        *("file", "exec", "link", "link test", "onexec", "mount", "umount", "pivot_root"),
    }:
        return False
    names = {question.raw.lstrip(b"/")}
    names.update(question.field(name).lstrip(b"/") for name in ("target", "exec"))
    forms = [slashes + name for name in names for slashes in (b"/", b"//")]
    return any(
        _ROOTED_VARIABLE.search(rule.origin.text)
        and any(matches(pattern, form) for pattern in rule.fields for form in forms)
        for some in rules.values()
        for rule in some
    )


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
        "implied-map",
        "3.0.8 keeps the m that ix implies where another rule wins the x; 6.0 gives m with x only",
        _implied_map,
    ),
    Known(
        "class-is-exact",
        "a character class is a wildcard for 3.0.8, not for 6.0, when exec modes compete",
        _class_is_exact,
    ),
    Known(
        "trailing-target",
        "3.0.8 ignores the target of `PATH l -> TARGET` and lets the link be made to any file",
        _trailing_target,
    ),
    Known(
        "path-as-label",
        "executables and profile names share an automaton, so a profile named like an executable "
        "passes the first question of change_onexec; the pair of both decides at the exec",
        _path_as_label,
    ),
    Known(
        "slash-of-variable",
        "3.0.8 strips the leading slash of a value after any slash, 6.0 not after one that begins "
        "the path: `/@{V}` with the value /a is /a there and //a here",
        _slash_of_variable,
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
    Known("no-userns", "3.0.8 does not know user namespaces", _no_userns),
    Known(
        "mount-kinds",
        "3.0.8 adds a new mount to options that name another kind, takes any flags where none are "
        "written, and does not take a lone source as mountpoint; 6.0 does as we do",
        _mount_kinds,
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
