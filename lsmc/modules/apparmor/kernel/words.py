"""Decisions as the words of a kernel's tables.

Two words belong to a state: what is allowed, and what of it is logged and what of the rest is not
(policy_compat.c; immunix.h of the compiler has the same bits).  For files a word holds two sets of
permissions, for the owner of the file and for others.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from lsmc.ir.decision import Decision, Facts
from lsmc.ir.mediation import MediationClass, Transition
from lsmc.modules.apparmor.classes import CHANGE_PROFILE, FILE, LINK, ONEXEC
from lsmc.modules.apparmor.decide.precedence import decide

#: Bits of a permission set of files, by lsmc's permissions.
_FILE = {"x": 0x01, "w": 0x02, "r": 0x04, "a": 0x08, "l": 0x10, "k": 0x20, "m": 0x40}
_EXEC, _LINK, _SUBSET = 0x01, 0x10, 0x20
_UNCONFINED_FALLBACK, _UNSAFE, _INHERIT, _INDEX = 0x80, 0x100, 0x200, 10
#: The index of an execution whose target has no name.
_BY_KIND = {"inherit": 0, "unconfined": 1, "attach": 2, "attach-child": 3}
#: The index of the first named target.
FIRST_TARGET = 4
_OTHER = 14  # bits from the set of the owner to that of others
_ON_EXEC, _CHANGE = 1 << 30, 1 << 31
_LOGGED = 0x1FC07F
#: Bits of other classes by the names of permissions; those from bit 14 on are a second set.
_SOCKET = {
    "send": 0x02,
    "receive": 0x04,
    "create": 0x10,
    "shutdown": 0x20,
    "connect": 0x40,
    "setattr": 1 << 14,
    "getattr": 1 << 15,
    "accept": 1 << 16,
    "bind": 1 << 17,
    "listen": 1 << 18,
    "setopt": 1 << 19,
    "getopt": 1 << 20,
}
_BITS: Mapping[str, Mapping[str, int]] = {
    "network": _SOCKET,
    "unix": _SOCKET,
    "dbus": {"send": 0x02, "receive": 0x04, "eavesdrop": 0x20, "bind": 0x40},
    "signal": {"send": 0x02, "receive": 0x04},
    "ptrace": {"trace": 0x02, "read": 0x04, "tracedby": 0x08, "readby": 0x10},
    "mount": {"mount": 0x02},
    "umount": {"umount": 0x04},
    "pivot_root": {"pivot_root": 0x01},
    "userns": {"create": 0x08},
    "io_uring": {"override_creds": 0x08, "sqpoll": 0x10},
    "mqueue": {
        "write": 0x02,
        "read": 0x04,
        "create": 0x10,
        "delete": 0x20,
        "open": 0x40,
        "setattr": 1 << 14,
        "getattr": 1 << 15,
    },
}
#: What a stub grants: that the class is mediated is all that a kernel reads off it.
STUB = 0x04
#: What the automaton of an attachment grants.
ATTACHED = 0x01
#: That a kernel that finds too little here is to read on.
READ_ON = 1 << 28


class Access(NamedTuple):
    """What a rule says at the end of one of its strings: its class and its facts, without a name.

    Without a class it says `word`, which no rule can take away: that a class is mediated, that a
    path is attached to, or that strings go on.
    """

    cls: MediationClass | None
    facts: Facts
    word: int = 0


class Words(NamedTuple):
    """The two words of a state, and the named targets of an execution by owner and by others.

    `prompt` is what is asked of someone first, laid out as what is allowed; only tables of
    permissions have it.
    """

    allow: int = 0
    logs: int = 0
    owner_target: Transition | None = None
    other_target: Transition | None = None
    prompt: int = 0


NOTHING = Words()


def words(matched: Iterable[Access]) -> Words:
    """The words for what matches at a state, of one automaton."""
    by_class: dict[str, tuple[MediationClass, list[Facts]]] = {}
    allow = 0
    for access in matched:
        allow |= access.word
        if access.cls is not None:
            by_class.setdefault(access.cls.name, (access.cls, []))[1].append(access.facts)
    found = Words(allow)
    for cls, facts in by_class.values():
        if cls in (FILE, LINK):
            continue
        if cls in (CHANGE_PROFILE, ONEXEC):
            found = _with_change(found, cls, facts)
        else:
            found = _with_other(found, cls, decide(facts, cls, False))
    if by_class.keys() & {FILE.name, LINK.name}:
        found = _with_files(found, *(by_class.get(cls.name, (cls, []))[1] for cls in (FILE, LINK)))
    return found


def _with_other(found: Words, cls: MediationClass, decision: Decision) -> Words:
    bits = _BITS[cls.name]
    allow, audit, quiet, prompt = (
        sum({bits[name] for name in cls.names(mask)})
        for mask in (decision.allow, decision.audit, decision.quiet, decision.prompt)
    )
    return found._replace(
        allow=found.allow | allow,
        logs=found.logs | _logs(audit, quiet),
        prompt=found.prompt | prompt,
    )


def _with_change(found: Words, cls: MediationClass, facts: Sequence[Facts]) -> Words:
    """Changes of profile, by oneself and at an execution."""
    allow = 0
    decision = decide([one._replace(id=number) for number, one in enumerate(facts)], cls, False)
    if decision.allow & cls.mask(("onexec",)):
        allow |= _ON_EXEC
        for _, number in decision.winners:
            transition = facts[number].transition
            if transition is not None:  # the rule names an executable
                execution = _EXEC | (_UNSAFE if transition.unsafe else 0)
                allow |= execution | execution << _OTHER
    if cls is CHANGE_PROFILE and decision.allow & cls.mask(("change_profile",)):
        allow |= _CHANGE
    prompt = _ON_EXEC if decision.prompt & cls.mask(("onexec",)) else 0
    if cls is CHANGE_PROFILE and decision.prompt & cls.mask(("change_profile",)):
        prompt |= _CHANGE
    return found._replace(allow=found.allow | allow, prompt=found.prompt | prompt)


def _with_files(found: Words, files: Sequence[Facts], links: Sequence[Facts]) -> Words:
    allow = audit = quiet = prompt = 0
    targets: list[Transition | None] = []
    for shift, owner in ((0, True), (_OTHER, False)):
        file, link = decide(files, FILE, owner), decide(links, LINK, owner)
        allow |= (_file_bits(file.allow) | _link_bits(link.allow)) << shift
        audit |= (_file_bits(file.audit) | _link_bits(link.audit) & _LINK) << shift
        prompt |= (_file_bits(file.prompt) | _link_bits(link.prompt)) << shift
        quiet |= (_file_bits(file.quiet) | _link_bits(link.quiet) & _LINK) << shift
        target = None
        if file.allow & FILE.mask(("x",)) and file.transition is not None:
            bits, named = _execution(file.transition)
            allow |= bits << shift
            target = file.transition if named else None
        targets.append(target)
    logs = found.logs | _logs(audit, quiet)
    return Words(found.allow | allow, logs, targets[0], targets[1], found.prompt | prompt)


def _file_bits(mask: int) -> int:
    return sum(_FILE[name] for name in FILE.names(mask))


def _link_bits(mask: int) -> int:
    names = LINK.names(mask)
    return (_LINK if "link" in names else 0) | (_SUBSET if "subset" in names else 0)


def _execution(transition: Transition) -> tuple[int, bool]:
    """The bits of an execution without the index of a named target, and whether it has one."""
    index = _BY_KIND.get(transition.kind)
    bits = (index or 0) << _INDEX
    if transition.inherit:
        bits |= _INHERIT
    if transition.unconfined:
        bits |= _UNCONFINED_FALLBACK
    if transition.unsafe and transition.kind != "inherit":
        bits |= _UNSAFE
    return bits, index is None


def _logs(audit: int, quiet: int) -> int:
    return audit & _LOGGED | (quiet & _LOGGED) << 7


def with_target(words_: Words, owner: int, other: int) -> int:
    """The word of permissions with the indices of named targets, 0 for none."""
    return words_.allow | owner << _INDEX | other << _INDEX + _OTHER
