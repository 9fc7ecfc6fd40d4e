"""The objects that a kernel can ask AppArmor about: of each class the keys that a request can have.

An example in a finding or a difference should be one of them, and what no kernel asks decides
nothing.  The language of a rule holds much else, such as paths with `//` or `..` in them,
`capability a`, or mount flags that no mount has together.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any

from lsmc.analysis.keys import KeyAutomaton
from lsmc.automata.algebra import Automaton, Lazy
from lsmc.automata.alphabet import mask_of
from lsmc.automata.common import member
from lsmc.automata.paths import PATHS
from lsmc.automata.pattern import (
    NOT_NUL,
    Chars,
    Literal,
    Pattern,
    Star,
    concat,
    optional,
    union,
)
from lsmc.ir.mediation import MediationClass
from lsmc.kernels.walk import is_real_path
from lsmc.modules.apparmor.classes import (
    CAPABILITY,
    CHANGE_PROFILE,
    DBUS,
    FILE,
    LINK,
    MOUNT,
    MQUEUE,
    NETWORK,
    ONEXEC,
    PIVOT_ROOT,
    PTRACE,
    SIGNAL,
    UMOUNT,
    UNIX,
)
from lsmc.modules.apparmor.mount_flags import (
    BIND,
    BY_WORD,
    FLAGS,
    MOVE,
    PROPAGATION,
    REC,
    REMOUNT,
    flag_word,
)
from lsmc.modules.apparmor.names import (
    BUSES,
    CAPABILITIES,
    FAMILIES,
    QUEUE_TYPES,
    SIGNALS,
    SOCKET_TYPES,
)

#: The fields of a class that hold paths as the kernel builds them.
PATH_FIELDS: dict[MediationClass, tuple[int, ...]] = {
    FILE: (0,),
    LINK: (0, 1),
    MOUNT: (0,),
    UMOUNT: (0,),
    PIVOT_ROOT: (0, 1),
}

_SLASH, _AND = mask_of(b"/"), mask_of(b"&")


class _Addresses:
    """The addresses of unix sockets that rules are asked about, as they stand in keys.

    A socket with a path is a file to the kernel, and rules for files are asked.  A state is what
    was read of a word; `@` within an abstract name, which may hold any byte, packed.
    """

    start = b""
    _WORDS = (b"none", b"auto")
    _IN = b"@"
    _PAIR = b"@\xff"  # behind the byte that starts a packed pair

    def edges(self, state: bytes) -> list[tuple[int, bytes]]:
        """Disjoint sets of bytes, each with the state that it leads to."""
        if state == self._IN:
            return [(NOT_NUL & ~(1 << 0xFF), self._IN), (1 << 0xFF, self._PAIR)]
        if state == self._PAIR:
            return [(1 << 0xFE | 1 << 0xFF, self._IN)]
        words = [word for word in self._WORDS if word.startswith(state) and word != state]
        found = [(1 << word[len(state)], word[: len(state) + 1]) for word in words]
        return [*found, (mask_of(b"@"), self._IN)] if not state else found

    def accepts(self, state: bytes) -> tuple[int, ...]:
        """One pattern, the addresses."""
        return (0,) if state in self._WORDS or state == self._IN else ()


class _Labels:
    """The labels of tasks: names, or stacks `A//&B` of them; none is empty.

    A state is the length of the component, as far as it matters, and its slashes at the end.
    """

    start = (0, 0)

    def edges(self, state: tuple[int, int]) -> list[tuple[int, tuple[int, int]]]:
        """Disjoint sets of bytes, each with the state that it leads to."""
        size, slashes = state
        longer = min(size + 1, 3)
        found = [(_SLASH, (longer, min(slashes + 1, 2)))]
        if slashes < 2:
            return [*found, (NOT_NUL & ~_SLASH, (longer, 0))]
        if size > 2:
            found.append((_AND, (0, 0)))
        return [*found, (NOT_NUL & ~_SLASH & ~_AND, (longer, 0))]

    def accepts(self, state: tuple[int, int]) -> tuple[int, ...]:
        """One pattern, the labels."""
        return (0,) if state[0] else ()


_ANY = Star(NOT_NUL)
_NAME = concat((Chars(NOT_NUL), _ANY))


def _words(words: Iterable[str]) -> Pattern:
    return union(Literal(word.encode()) for word in words)


_TYPE = _words(SOCKET_TYPES)
_DIGITS = mask_of(b"0123456789")
_DIGIT = Chars(_DIGITS)
#: What fields hold that are neither paths nor free text, by class and field.
_FIELDS: dict[tuple[MediationClass, str], Pattern] = {
    (CAPABILITY, "capability"): _words(CAPABILITIES),
    (NETWORK, "family"): _words(FAMILIES),
    (NETWORK, "type"): _TYPE,
    (UNIX, "type"): _TYPE,
    (DBUS, "bus"): union((_words(BUSES), concat((_ANY, Chars(mask_of(b".:")), _ANY)))),
    (SIGNAL, "signal"): _words([*SIGNALS, *(f"rtmin+{number}" for number in range(33))]),
    (CHANGE_PROFILE, "target"): _NAME,
    (ONEXEC, "target"): _NAME,
}


def _field(cls: MediationClass, number: int) -> Automaton[Any]:
    name = cls.fields[number]
    if number in PATH_FIELDS.get(cls, ()):
        return PATHS
    if cls is UNIX and name in ("addr", "peer_addr"):
        return _Addresses()
    if cls in (SIGNAL, PTRACE) and name == "peer":
        return _Labels()
    return Lazy(_FIELDS.get((cls, name), _ANY))


class _Both:
    """The keys that two automata share."""

    def __init__(self, one: Automaton[Any], other: Automaton[Any]) -> None:
        self._one, self._other = one, other
        self.start = one.start, other.start

    def edges(self, state: tuple[Any, Any]) -> list[tuple[int, tuple[Any, Any]]]:
        """Disjoint sets of bytes, each with the state that it leads to."""
        others = self._other.edges(state[1])
        return [
            (mask & also, (one, other))
            for mask, one in self._one.edges(state[0])
            for also, other in others
            if mask & also
        ]

    def accepts(self, state: tuple[Any, Any]) -> tuple[int, ...]:
        """One pattern, the keys of both."""
        return (0,) if self._one.accepts(state[0]) and self._other.accepts(state[1]) else ()


def _flags(needed: int, allowed: int) -> Pattern:
    """The flags of a mount that has some, and may have others."""
    words = ((flag, Literal(flag_word(flag))) for flag in FLAGS if (needed | allowed) & flag)
    return concat([word if needed & flag else optional(word) for flag, word in words])


def _mounts(code: int | None) -> Automaton[Any]:
    """The keys of the kinds of mount, by what each kind passes on (apparmor_sb_mount in lsm.c).

    A remount and a change of propagation have neither source nor type, a bind mount and a move have
    no type; the kernel looks at one kind only, in this order.
    """
    change = union(
        _flags(flag, (PROPAGATION | REC | BY_WORD["silent"]) & ~flag)
        for flag in FLAGS
        if flag & PROPAGATION
    )
    nothing = Literal(b"")
    kinds = (
        (nothing, nothing, _flags(REMOUNT, sum(FLAGS) & ~REMOUNT)),
        (_NAME, nothing, _flags(BIND, REC)),
        (nothing, nothing, change),
        (_ANY, nothing, _flags(MOVE, 0)),
        (_ANY, _ANY, _flags(0, sum(FLAGS) & ~(REMOUNT | BIND | PROPAGATION | MOVE))),
    )
    nul = Literal(b"\0")
    head = Literal(bytes((code,))) if code is not None else nothing
    return Lazy(
        union(
            concat([head, _ANY, nul, source, nul, fstype, nul, options])
            for source, fstype, options in kinds
        )
    )


def _queues(code: int | None) -> Automaton[Any]:
    """The keys of message queues: those of POSIX have a path, those of System V a number."""
    names = (concat((Literal(b"/"), _ANY)), concat((_DIGIT, Star(_DIGITS))))
    nul = Literal(b"\0")
    head = Literal(bytes((code,))) if code is not None else Literal(b"")
    return Lazy(
        union(
            concat([head, Literal(word.encode()), nul, name, nul, _ANY])
            for word, name in zip(QUEUE_TYPES, names, strict=True)
        )
    )


#: Classes whose fields depend on each other: the keys of the fields that go together.
_TOGETHER = {MOUNT: _mounts, MQUEUE: _queues}


@cache
def requestable(cls: MediationClass, code: bool = False) -> Automaton[Any]:
    """The keys of a class that a kernel can ask about; with `code`, the class code before them."""
    if cls is FILE and not code:
        return PATHS
    before = cls.code if code else None
    keys = KeyAutomaton([_field(cls, n) for n in range(len(cls.fields))], before)
    together = _TOGETHER.get(cls)
    return keys if together is None else _Both(keys, together(before))


def is_requestable(cls: MediationClass, key: bytes) -> bool:
    """Whether a kernel can ask about a key (without the class code)."""
    return is_real_path(key) if cls is FILE else member(requestable(cls), key)
