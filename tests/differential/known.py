"""Differences from apparmor_parser 3.0.8 that are meant, each with its reason.

The language that decides is that of AppArmor 6.0 where the two compilers part ways, and the manual
where a release has a plain defect.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from itertools import permutations
from typing import TYPE_CHECKING, NamedTuple

from lsmc.automata.pattern import (
    ALL,
    NEVER,
    NOT_NUL,
    Concat,
    Literal,
    Pattern,
    Star,
    Union,
    concat,
    union,
)
from lsmc.ir.model import Effect, Rule
from lsmc.modules.apparmor.classes import FILE, UNIX
from lsmc.modules.apparmor.requests.socket_address import pack, unpack
from tests.differential.answers import Answer, Xindex, to_bytes
from tests.differential.masks import LOCAL_STAGES, STAGES
from tests.reference import matches

if TYPE_CHECKING:
    from tests.differential.answers import Question

Rules = Mapping[str, Sequence[Rule]]

#: What file, link and onexec questions give besides their object.
_PAIRS = {"link": "target", "onexec": "exec", "link test": "target"}
_NUL = Literal(b"\0")
#: The keys that rules for sockets are written for, with the permissions that each carries.
_FORMS = {stage: perms for stage, perms in STAGES.items() if stage} | {
    "peer": (*STAGES["peer"], "accept")
}
#: An address that the kernel chooses.
_CHOSEN = re.compile(rb"@[0-9a-f]{5}")
#: The rules of a path that are tried in all orders.
_ORDERED = 6


class Known(NamedTuple):
    """A difference that is meant: when it applies, and why our answer is right."""

    name: str
    reason: str
    applies: Callable[[Rules, Question, Answer, Answer], bool]


def _matching(rules: Rules, question: Question) -> list[Rule]:
    """The file rules that match the path of a question."""
    path = question.raw
    return [rule for rule in rules.get("file", ()) if matches(rule.fields[0], path)]


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


def _nul_in_address(rules: Rules, question: Question, ours: Answer, theirs: Answer) -> bool:
    """Whether a rule matches the joined key of a socket and not its fields, or the reverse."""
    if question.cls != "unix" or ours.mediated != theirs.mediated:
        return False
    differing = frozenset().union(
        *(one ^ other for one, other in zip(ours[:3], theirs[:3], strict=True))
    )
    fields = dict(question.fields)
    names = UNIX.fields if "peer_addr" in fields else UNIX.fields[:2]
    values = [pack(to_bytes(fields.get(name, ""))) for name in names]
    logged = ours.allow == theirs.allow
    for stage in (stage for stage, perms in STAGES.items() if differing.intersection(perms)):
        key = socket_key(stage, *values[1:])
        for rule in rules.get("unix", ()):
            apart = all(map(matches, rule.fields, values))
            given = differing.intersection(rule.cls.names(rule.owner))
            for form, perms in _FORMS.items():
                joined = matches(rule.fields[0], values[0]) and matches(_joined(rule, form), key)
                # 3.0.8 logs in each form by all permissions of a rule
                counts = given.intersection(perms) or (given and logged and rule.audit)
                if counts and joined != (apart and form == stage):
                    return True
    return False


def socket_key(stage: str, addr: bytes, peer_addr: bytes = b"", peer_label: bytes = b"") -> bytes:
    """What the kernel looks up for a socket behind its type."""
    local = _kernel_address(addr) + b"\0\0"
    if stage == "peer":
        return local + b"\1" + _kernel_address(peer_addr) + b"\0" + peer_label
    return local + LOCAL_STAGES.get(stage, b"")


def _kernel_address(packed: bytes) -> bytes:
    """An address as the kernel writes it into a key."""
    return {b"none": b"\1", b"auto": b""}.get(packed, b"\0" + unpack(packed)[1:])


def _joined(rule: Rule, stage: str) -> Pattern:
    """What the compilers make of a rule for sockets, its type left out."""
    _, addr, peer_addr, peer_label = rule.fields
    any_label = Star(NOT_NUL)
    local = concat((_kernel_pattern(addr), _NUL, any_label, _NUL))
    if stage == "peer":
        peer = _kernel_pattern(peer_addr)
        return concat((local, Literal(b"\1"), peer, _NUL, peer_label))
    return concat((local, Literal(LOCAL_STAGES.get(stage, b""))))


def _kernel_pattern(address: Pattern) -> Pattern:
    """The pattern of an address as the compilers write it: any is any bytes."""
    if address == Star(NOT_NUL):
        return Star(ALL)
    if address == NEVER:
        return NEVER
    if isinstance(address, Literal):
        return Literal(_kernel_address(address.text))
    assert isinstance(address, Concat)
    first, *rest = address.parts
    assert isinstance(first, Literal)
    return concat((Literal(_kernel_address(first.text)), *map(_unpacked, rest)))


def _unpacked(pattern: Pattern) -> Pattern:
    """The pattern of addresses whose packed form a pattern matches."""
    match pattern:
        case Literal(text):
            return Literal(unpack(text))
        case Star(mask):
            return Star(mask | (mask >> 0xFE & 1))
        case Concat(parts):
            return concat(map(_unpacked, parts))
        case Union(options):
            return union(map(_unpacked, options))
    return pattern


def _nul_in_class(rules: Rules, question: Question, ours: Answer, theirs: Answer) -> bool:
    """Whether a rule matches two joined names because a class of it matches the NUL between."""
    if question.cls not in _PAIRS or ours.mediated != theirs.mediated:
        return False
    fields = dict(question.fields)
    other = to_bytes(fields.get(_PAIRS[question.cls], ""))
    key = question.raw + b"\0" + other
    if question.cls == "onexec":
        key = other + b"\0" + question.raw
    names = key.split(b"\0")
    if any(
        matches(_in_a_row(rule.fields), key)
        and not (len(rule.fields) == len(names) and all(map(matches, rule.fields, names)))
        for cls in ("file", "link", "onexec", "change_profile")
        for rule in rules.get(cls, ())
    ):
        return True
    # the executable alone is a name of its own, too
    return any(matches(rule.fields[0], key) for rule in rules.get("onexec", ()))


def _in_a_row(fields: Sequence[Pattern]) -> Pattern:
    return concat((fields[0], *(part for one in fields[1:] for part in (_NUL, one))))


def _map_by_address(rules: Rules, question: Question, ours: Answer, theirs: Answer) -> bool:
    """Whether the rules of a path give the other answer for `m` when they are met in some order."""
    if question.cls != "file" or ours.extra != theirs.extra or ours.only("m") == theirs.only("m"):
        return False
    rest = tuple("rwakxl")
    if ours.only(*rest) != theirs.only(*rest):
        return False
    bits = FILE.mask(("x", "m"))
    found = [
        rule
        for rule in _matching(rules, question)
        if (rule.owner if question.owner else rule.other) & bits
    ]
    if len(found) > _ORDERED or not any(map(_inherits, found)):
        return False
    wanted = theirs.only("m")._replace(extra=None)
    return any(
        _map_in_order(order, question.owner, written) == wanted
        for order in permutations(found)
        for written in (False, True)
    )


def _inherits(rule: Rule) -> bool:
    return rule.transition is not None and rule.transition.inherit


def _map_in_order(rules: Sequence[Rule], owner: bool, written: bool) -> Answer:
    """What 4.1.0 makes of `m`: a rule with ix that is not beaten so far sets it, and clears it.

    `written` tells whether the rules with ix have `m` besides.
    """
    execute, mapped = FILE.mask("x"), FILE.mask("m")
    rank = {execute: -(1 << 20), mapped: -(1 << 20)}
    allow = audit = deny = quiet = False
    for rule in rules:
        mask = rule.owner if owner else rule.other
        denies = rule.effect is Effect.DENY
        for bit in (execute, mapped):
            implied = bit == execute and _inherits(rule)
            skipped = bit == mapped and _inherits(rule) and not written
            own = 3 if denies else 2 if rule.exact and bit == execute else 1
            here = rule.priority * 4 + own
            if not mask & bit or skipped or rank[bit] > here:
                continue
            if implied:
                rank[mapped] = max(rank[mapped], here)
            about = bit == mapped or implied
            if rank[bit] < here:
                rank[bit] = here
                if about:
                    allow = audit = deny = quiet = False
            if about and denies:
                allow = audit = False
                deny, quiet = True, quiet or not rule.audit
            elif about:
                allow, audit = True, audit or rule.audit
    allow = allow and not deny
    some: tuple[frozenset[str], frozenset[str]] = (frozenset(), frozenset("m"))
    return Answer(some[allow], some[audit and allow], some[quiet and not allow])


def _one_option(rules: Rules, question: Question, ours: Answer, theirs: Answer) -> bool:
    """Whether an option is dropped that is granted beside a rule which silences the other."""
    if question.cls != "unix" or ours.mediated != theirs.mediated:
        return False
    lost = ours.allow - theirs.allow
    differing = frozenset().union(
        *(one ^ other for one, other in zip(ours[:3], theirs[:3], strict=True))
    )
    if not lost or differing != lost or not lost <= theirs.quiet & {"getopt", "setopt"}:
        return False
    fields = dict(question.fields)
    values = [pack(to_bytes(fields.get(name, ""))) for name in UNIX.fields[:2]]
    found = [rule for rule in rules.get("unix", ()) if all(map(matches, rule.fields, values))]
    for bit in (UNIX.mask((name,)) for name in lost):
        about = [rule for rule in found if rule.owner & bit]
        silent = {rule.priority for rule in about if rule.weak and not rule.audit}
        if not silent & {rule.priority for rule in about if rule.effect is Effect.ALLOW}:
            return False
    return True


def _empty_address(rules: Rules, question: Question, ours: Answer, theirs: Answer) -> bool:
    if question.cls != "unix" or ours.mediated != theirs.mediated:
        return False
    differing = frozenset().union(
        *(one ^ other for one, other in zip(ours[:3], theirs[:3], strict=True))
    )
    return any(
        NEVER in rule.fields and differing <= set(rule.cls.names(rule.owner))
        for rule in rules.get("unix", ())
    )


def _chosen_address(rules: Rules, question: Question, ours: Answer, theirs: Answer) -> bool:
    if question.cls != "unix" or theirs.audit - ours.audit != {"bind"}:
        return False
    if ours._replace(audit=theirs.audit) != theirs:
        return False
    addr = to_bytes(dict(question.fields).get("addr", ""))
    return _CHOSEN.fullmatch(addr) is not None and any(
        rule.audit and rule.fields[1] == Literal(b"auto") for rule in rules.get("unix", ())
    )


def _beside_change(rules: Rules, question: Question, ours: Answer, theirs: Answer) -> bool:
    """Whether a file rule has the very pattern of a change_profile rule, and is lost."""
    if question.cls not in ("file", "link", "onexec") or ours.mediated != theirs.mediated:
        return False
    name = question.raw
    targets = [(rule.fields[0], rule.effect) for rule in rules.get("change_profile", ())]
    return any(
        (rule.fields[0], rule.effect) in targets and matches(rule.fields[0], name)
        for rule in rules.get("file", ())
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
        "map-by-address",
        "beside a rule with ix 4.1.0 keeps the m of other rules, its denial and its log, or drops "
        "them, with the order in which it visits the rules: that of their addresses in memory",
        _map_by_address,
    ),
    Known(
        "file-rule-beside-change",
        "a file rule with the very text of the target of a change_profile rule is lost",
        _beside_change,
    ),
    Known(
        "empty-address",
        "the compilers read behind an empty value that is an address: it is random bytes",
        _empty_address,
    ),
    Known(
        "chosen-address",
        "beside `audit unix bind addr=auto` 3.0.8 logs each bind to five hex digits",
        _chosen_address,
    ),
    Known(
        "one-option",
        "beside a silent denial of getopt 4.1.0 keeps setopt, or drops it, with the order in which "
        "it visits the rules of a priority: that of their addresses in memory; the reverse alike",
        _one_option,
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
