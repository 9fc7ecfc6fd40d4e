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
from tests.differential.answers import Xindex
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


#: A class that has NUL in it: a negated one, and one that `*` or `?` ends.
_CLASS_WITH_NUL = re.compile(r"\[[^\]]*[\^*?][^\]]*\]")


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
    # NUL ends a field, the bytes 1 to 4 begin what follows the local label
    return any(set(question.field(name)) & set(range(5)) for name in ("addr", "peer_addr"))


def _nul_in_class(rules: Rules, question: Question, ours: Answer, theirs: Answer) -> bool:
    if question.cls not in ("link", "link test", "onexec") or ours.mediated != theirs.mediated:
        return False
    return any(
        _CLASS_WITH_NUL.search(rule.origin.text)
        for cls in ("file", "link", "onexec")
        for rule in rules.get(cls, ())
    )


def _map_beside_exact(rules: Rules, question: Question, ours: Answer, theirs: Answer) -> bool:
    if question.cls != "file" or ours.allow - theirs.allow != {"m"} or theirs.allow - ours.allow:
        return False
    if ours.extra != theirs.extra:
        return False
    found = _matching(rules, question)
    inherits = [rule.transition is not None and rule.transition.inherit for rule in found]
    return any(inherits) and any(rule.transition is not None and rule.exact for rule in found)


def _quiet_options(rules: Rules, question: Question, ours: Answer, theirs: Answer) -> bool:
    if question.cls != "unix" or ours.mediated != theirs.mediated:
        return False
    options = {"getopt", "setopt"}
    if any(not one ^ other <= options for one, other in zip(ours[:3], theirs[:3], strict=True)):
        return False
    return any(
        (rule.effect is Effect.DENY or rule.audit)
        and len(options & set(rule.cls.names(rule.owner))) == 1
        for rule in rules.get("unix", ())
    )


def _denied_class(rules: Rules, question: Question, ours: Answer, theirs: Answer) -> bool:
    if question.cls not in ("mount", "umount", "pivot_root") or theirs.mediated or ours.allow:
        return False
    return any(rule.effect is Effect.DENY and rule.audit for rule in rules.get("umount", ()))


def _namespace_target(_: Rules, question: Question, ours: Answer, theirs: Answer) -> bool:
    mine, other = ours.extra, theirs.extra
    if question.cls != "file" or not isinstance(mine, Xindex) or not isinstance(other, Xindex):
        return False
    cut = mine.target.startswith(f"{other.target}:") and other.target.startswith(":")
    return cut and ours._replace(extra=other) == theirs


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
        "nul-in-class",
        "the compilers' class `[^a]` has NUL in it, so one path with `l` may stand for a pair of "
        "paths; the link's own name needs `l` as well",
        _nul_in_class,
    ),
    Known(
        "map-beside-exact",
        "beside an exact rule with another mode 4.1.0 keeps the m of a rule with ix or drops it, "
        "with the order in which it visits them",
        _map_beside_exact,
    ),
    Known(
        "quiet-options",
        "what 4.1.0 logs or keeps silent of getopt or setopt of unix sockets it does of both, and "
        "that takes from rules of lower priority",
        _quiet_options,
    ),
    Known(
        "denied-class",
        "`audit deny umount` takes from 3.0.8's automaton the bit that says that mount is mediated",
        _denied_class,
    ),
    Known(
        "namespace-target",
        "4.1.0 ends the name of a target at the NUL behind its namespace",
        _namespace_target,
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
