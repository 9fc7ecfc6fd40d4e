"""Rules as patterns over the strings that a kernel matches.

The automaton of files holds paths, pairs of a link and its target, and names of profiles; that of
everything else strings whose first byte is the kernel's class (include/apparmor.h, AA_CLASS_*).
Where lsmc's keys have words and decimal numbers, a kernel's have bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache

from lsmc.automata.algebra import Lazy
from lsmc.automata.common import member
from lsmc.automata.pattern import (
    EMPTY,
    NOT_NUL,
    Chars,
    Concat,
    Literal,
    Pattern,
    Star,
    Union,
    concat,
    literals,
    union,
)
from lsmc.ir.model import Rule
from lsmc.modules.apparmor.classes import (
    CHANGE_PROFILE,
    DBUS,
    FILE,
    IO_URING,
    LINK,
    MOUNT,
    MQUEUE,
    ONEXEC,
    PIVOT_ROOT,
    PTRACE,
    SIGNAL,
    UMOUNT,
    USERNS,
)
from lsmc.modules.apparmor.lower.context import ANY, SOME
from lsmc.modules.apparmor.mount_flags import BY_WORD
from lsmc.modules.apparmor.names import SIGNALS

#: The first bytes of strings, by the kernel's names for its classes.
CLASS_FILE, CLASS_MOUNT, CLASS_PTRACE, CLASS_SIGNAL = 2, 7, 9, 10
CLASS_LABEL, CLASS_POSIX_MQUEUE, CLASS_SYSV_MQUEUE = 16, 17, 18
CLASS_NS, CLASS_IO_URING, CLASS_DBUS = 21, 22, 32

_NUL = Literal(b"\0")
_ANY = ANY.pattern
#: AppArmor's own numbers of signals, which do not depend on the machine (sig_names.h).
_SIGNAL_NUMBERS: Mapping[str, int] = {
    **{name: number for number, name in enumerate(SIGNALS[:-1], 1)},
    "exists": 35,
}
_REALTIME = 128
#: More words than a field lists.
_MOST_WORDS = 1 << 16
_NO_FLAGS = union((Literal(b"\xfe"), EMPTY))


def file_pattern(rule: Rule) -> Pattern | None:
    """The pattern of a rule in the automaton of files; None if it has none there."""
    if rule.cls is FILE or rule.cls is CHANGE_PROFILE:
        return rule.fields[0]
    if rule.cls is LINK or rule.cls is ONEXEC:
        return concat((rule.fields[0], _NUL, rule.fields[1]))
    return None


def other_patterns(rule: Rule) -> Iterator[Pattern]:
    """The patterns of a rule in the automaton of all else."""
    make = _MAKERS.get(rule.cls.name)
    if make is not None:
        yield from make(rule)


def _prefixed(code: int, *parts: Pattern) -> Pattern:
    return concat((Literal(bytes((code,))), *parts))


def _joined(code: int, *fields: Pattern) -> Pattern:
    parts: list[Pattern] = []
    for number, field in enumerate(fields):
        parts += [_NUL, field] if number else [field]
    return _prefixed(code, *parts)


def _signal(rule: Rule) -> Iterator[Pattern]:
    which, peer = rule.fields
    if which == SOME.pattern:
        yield _prefixed(CLASS_SIGNAL, Chars(NOT_NUL | 1), peer)
        yield _prefixed(CLASS_LABEL, Literal(bytes((CLASS_SIGNAL,))), peer)
        return
    numbers = [signal_number(text.decode()) for text in literals(which, _MOST_WORDS) or ()]
    mask = sum({1 << number for number in numbers})
    yield _prefixed(CLASS_SIGNAL, Chars(mask), peer)


def signal_number(name: str) -> int:
    """The number that a kernel knows a signal by in policy."""
    known = _SIGNAL_NUMBERS.get(name)
    return known if known is not None else _REALTIME + int(name.partition("+")[2])


def _ptrace(rule: Rule) -> Iterator[Pattern]:
    (peer,) = rule.fields
    yield _prefixed(CLASS_PTRACE, peer)
    yield _prefixed(CLASS_LABEL, Literal(bytes((CLASS_PTRACE,))), peer)


@lru_cache(maxsize=1 << 12)
def _matches(pattern: Pattern, text: bytes) -> bool:
    return member(Lazy(pattern), text)


def _mount(rule: Rule) -> Iterator[Pattern]:
    mountpoint, source, fstype, options = rule.fields
    yield _joined(CLASS_MOUNT, mountpoint, source, fstype, _flags(options))


@lru_cache(maxsize=1 << 12)
def _flags(options: Pattern) -> Pattern:
    """The flags of a mount: for each that is set its number from 1 on, ascending."""
    found = _flag_bytes(options)
    return _NO_FLAGS if found == EMPTY else found


def _flag_bytes(options: Pattern) -> Pattern:
    match options:
        case Literal(text):
            words = text.decode().split(",")[:-1]
            return Literal(bytes(BY_WORD[word].bit_length() for word in words))
        case Concat(parts):
            return concat(map(_flag_bytes, parts))
        case Union(choices):
            return union(map(_flag_bytes, choices))
    return Star(NOT_NUL)


def _umount(rule: Rule) -> Iterator[Pattern]:
    yield _joined(CLASS_MOUNT, rule.fields[0])


def _pivot_root(rule: Rule) -> Iterator[Pattern]:
    yield _joined(CLASS_MOUNT, *rule.fields)


def _dbus(rule: Rule) -> Iterator[Pattern]:
    message = DBUS.mask(("send", "receive"))
    if rule.other & message:
        yield _joined(CLASS_DBUS, *rule.fields)
    elif rule.other & DBUS.mask(("bind",)):
        yield _joined(CLASS_DBUS, *rule.fields[:2])
    else:
        yield _joined(CLASS_DBUS, rule.fields[0])


def _userns(rule: Rule) -> Iterator[Pattern]:
    del rule
    yield _prefixed(CLASS_NS)


def _io_uring(rule: Rule) -> Iterator[Pattern]:
    yield _prefixed(CLASS_IO_URING, rule.fields[0])


def _mqueue(rule: Rule) -> Iterator[Pattern]:
    kind, name, label = rule.fields
    rest = () if label == _ANY else (_NUL, label)
    if _matches(kind, b"posix"):
        yield _prefixed(CLASS_POSIX_MQUEUE, name, *rest)
    if _matches(kind, b"sysv"):
        listed = literals(name, _MOST_WORDS)
        keys: Pattern = concat([Chars(NOT_NUL | 1)] * 4)
        if listed is not None:
            keys = union(Literal(int(text).to_bytes(4, "big")) for text in listed)
        yield _prefixed(CLASS_SYSV_MQUEUE, keys, *rest)


_MAKERS: Mapping[str, Callable[[Rule], Iterator[Pattern]]] = {
    DBUS.name: _dbus,
    SIGNAL.name: _signal,
    PTRACE.name: _ptrace,
    MOUNT.name: _mount,
    UMOUNT.name: _umount,
    PIVOT_ROOT.name: _pivot_root,
    USERNS.name: _userns,
    IO_URING.name: _io_uring,
    MQUEUE.name: _mqueue,
}
