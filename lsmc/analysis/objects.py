"""The objects that a kernel can ask about: of a class those keys, of paths those that it builds.

An example in a finding or a difference should be one of them, and what no kernel asks decides
nothing.  The language of a rule holds much else, such as paths with `//` or `..` in them,
`capability a`, or mount flags that no mount has together.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any, TypeAlias

from lsmc.automata.algebra import Automaton, Lazy
from lsmc.automata.alphabet import best_byte, mask_of
from lsmc.automata.common import member, shortest_common
from lsmc.automata.dfa import StateLimit
from lsmc.automata.members import some
from lsmc.automata.pattern import (
    NOT_NUL,
    Chars,
    Concat,
    Literal,
    Pattern,
    Star,
    Union,
    concat,
    example,
    union,
)
from lsmc.ir.mediation import MediationClass
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
from lsmc.modules.apparmor.names import (
    BUSES,
    CAPABILITIES,
    FAMILIES,
    QUEUE_TYPES,
    SIGNALS,
    SOCKET_TYPES,
)
from lsmc.modules.apparmor.paths import is_real_path

#: The fields of a class that hold paths as the kernel builds them.
PATH_FIELDS: dict[MediationClass, tuple[int, ...]] = {
    FILE: (0,),
    LINK: (0, 1),
    MOUNT: (0,),
    UMOUNT: (0,),
    PIVOT_ROOT: (0, 1),
}
#: States of a search before it is given up.
LIMIT = 3_000

_SLASH, _DOT = mask_of(b"/"), mask_of(b".")
_OTHER = NOT_NUL & ~_SLASH & ~_DOT
_NUL = 1


class Files:
    """The paths of what is no directory: absolute, no empty component, no `.` and no `..`.

    The states: before the path, behind a slash, behind a first dot, behind two dots, in a name.
    """

    start = 0
    _edges = (
        ((_SLASH, 1),),
        ((_DOT, 2), (_OTHER, 4)),
        ((_DOT, 3), (_OTHER, 4)),
        ((_DOT | _OTHER, 4),),
        ((_SLASH, 1), (_DOT | _OTHER, 4)),
    )
    _ends = frozenset((4,))

    def edges(self, state: int) -> tuple[tuple[int, int], ...]:
        """Disjoint sets of bytes, each with the state that it leads to."""
        return self._edges[state]

    def accepts(self, state: int) -> tuple[int, ...]:
        """One pattern, the paths."""
        return (0,) if state in self._ends else ()


class Paths(Files):
    """As `Files`, with directories, which end in a slash."""

    _ends = frozenset((1, 4))


FILES = Files()
PATHS = Paths()


def is_real_file(path: bytes) -> bool:
    """Whether a path is one of what is no directory, as of a program."""
    return is_real_path(path) and not path.endswith(b"/")


def some_files(paths: Automaton[Any], count: int) -> tuple[bytes, ...]:
    """A few members that are paths of files, the first ones; none if there are none."""
    found = tuple(path for path in some(paths, count) if is_real_file(path))
    if found:
        return found
    first = shortest_common([paths, FILES])
    return () if first is None else (first,)


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
    (SIGNAL, "peer"): _NAME,
    (PTRACE, "peer"): _NAME,
    (CHANGE_PROFILE, "target"): _NAME,
    (ONEXEC, "target"): _NAME,
    (MQUEUE, "type"): _words(QUEUE_TYPES),
    (MQUEUE, "name"): union((concat((Literal(b"/"), _ANY)), concat((_DIGIT, Star(_DIGITS))))),
}

#: The number of a field and a state of its automaton; before the class code, no field.
_State: TypeAlias = tuple[int, Any]


class _Keys:
    """The keys of a class that a kernel can ask about, with or without the class code."""

    def __init__(self, cls: MediationClass, *, code: bool) -> None:
        self._code = 1 << cls.code
        self._fields: tuple[Automaton[Any], ...] = tuple(
            _field(cls, number) for number in range(len(cls.fields))
        ) or (Lazy(Literal(b"")),)
        self.start: _State = (-1, None) if code else (0, self._fields[0].start)

    def edges(self, state: _State) -> list[tuple[int, _State]]:
        """Disjoint sets of bytes, each with the state that it leads to."""
        number, inner = state
        if number < 0:
            return [(self._code, (0, self._fields[0].start))]
        here = self._fields[number]
        found: list[tuple[int, _State]] = [(m, (number, to)) for m, to in here.edges(inner)]
        if number + 1 < len(self._fields) and here.accepts(inner):
            found.append((_NUL, (number + 1, self._fields[number + 1].start)))
        return found

    def accepts(self, state: _State) -> tuple[int, ...]:
        """A key ends with its last field."""
        number, inner = state
        return (0,) if number + 1 == len(self._fields) and self._fields[-1].accepts(inner) else ()


def _field(cls: MediationClass, number: int) -> Automaton[Any]:
    name = cls.fields[number]
    if number in PATH_FIELDS.get(cls, ()):
        return PATHS
    if cls is UNIX and name in ("addr", "peer_addr"):
        return _Addresses()
    return Lazy(_FIELDS.get((cls, name), _ANY))


@cache
def requestable(cls: MediationClass, *, code: bool = False) -> Automaton[Any]:
    """The keys of a class that a kernel can ask about; with `code`, the class code before them."""
    return PATHS if cls is FILE and not code else _Keys(cls, code=code)


def is_real(cls: MediationClass, key: bytes) -> bool:
    """Whether a kernel can ask about a key (without the class code)."""
    return is_real_path(key) if cls is FILE else member(requestable(cls), key)


def real_member(cls: MediationClass, languages: Sequence[Lazy]) -> bytes | None:
    """A shortest common key of some patterns about which a kernel can ask, without the class code.

    None if there is none, or if the search grows too large.
    """
    try:
        found = shortest_common([*languages, requestable(cls, code=True)], LIMIT)
    except StateLimit:
        return None
    return None if found is None else found[1:]


# --- members of a rule's language that are unlike each other

#: What stands for the wildcards in each member; the later ones hardly meet another rule by chance.
_FILLS = (b"", b"a", b"zQ7", b"x/yQ")


def sample_keys(cls: MediationClass, pattern: Pattern) -> tuple[bytes, ...]:
    """A few members of the keys of a rule, without the class code; none of an empty language.

    A kernel can ask about one of them, if about any member.
    """
    found = tuple(key[1:] for key in _samples(pattern))
    if not found or any(is_real(cls, key) for key in found):
        return found
    real = real_member(cls, (Lazy(pattern),))
    return found if real is None else (real, *found)


def _samples(pattern: Pattern) -> tuple[bytes, ...]:
    first = example(pattern)
    if first is None:
        return ()
    found = {first: None}
    for turn in range(1, len(_FILLS)):
        one = _member(pattern, turn)
        if one is not None:
            found[one] = None
    return tuple(found)


def _member(pattern: Pattern, turn: int) -> bytes | None:
    match pattern:
        case Literal(text):
            return text
        case Chars(mask):
            rare = mask & 1 << b"aQ7~"[turn]
            return bytes((best_byte(rare or mask),)) if mask else None
        case Star(mask):
            return bytes(byte for byte in _FILLS[turn] if mask >> byte & 1)
        case Concat(parts):
            pieces = [_member(part, turn) for part in parts]
            known = [piece for piece in pieces if piece is not None]
            return b"".join(known) if len(known) == len(pieces) else None
        case Union(options):
            for at in range(len(options)):
                one = _member(options[(turn + at) % len(options)], turn)
                if one is not None:
                    return one
    return None
