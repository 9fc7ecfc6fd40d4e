"""Rules for unix sockets as patterns over the strings that a kernel with `af_unix` matches.

A string is the class, family, type and protocol; for all but making a socket its address and label
follow, each with an end; then a command: a peer with its address and label, or a number for
listening and for options (the compiler's af_unix.cc).
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from lsmc.automata.pattern import (
    NEVER,
    NOT_NUL,
    Chars,
    Concat,
    Literal,
    Pattern,
    Star,
    Union,
    concat,
    union,
)
from lsmc.ir.mediation import Effect
from lsmc.ir.model import Rule
from lsmc.modules.apparmor.classes import UNIX
from lsmc.modules.apparmor.kernel.sockets import CLASS_OLD_NET, UNIX_FAMILY, types
from lsmc.modules.apparmor.lower.context import ANY
from lsmc.modules.apparmor.requests.socket_address import unpack

_ANY = ANY.pattern
_BYTE = Chars(NOT_NUL | 1)
_BYTES = Star(NOT_NUL | 1)
_LABEL = Star(NOT_NUL)
_NUL = Literal(b"\0")
_PEER, _LISTEN, _OPTION = (Literal(bytes((command,))) for command in (1, 2, 4))
_CREATE = UNIX.mask(("create",))
_LOCAL = UNIX.mask(("shutdown", "setattr", "getattr", "bind", "accept"))
_LISTENING = UNIX.mask(("listen",))
_OPTIONS = UNIX.mask(("setopt", "getopt"))
_PAIRS = UNIX.mask(("send", "receive", "connect", "accept"))
_AUTOBIND = Literal(b"auto")
_UNNAMED = Literal(b"none")
#: The escape of packed addresses.
_ESCAPE = 0xFF


def has_peer(rule: Rule) -> bool:
    """Whether a rule speaks of a peer."""
    return rule.fields[2] != _ANY or rule.fields[3] != _ANY


def unix_patterns(rule: Rule, code: int, alone: bool) -> Iterator[tuple[Pattern, int]]:
    """The patterns of a rule, with the permissions that each is about.

    Args:
        rule: of the class unix.
        code: what strings about unix sockets begin with.
        alone: whether it is about its own end only, as what is left of a rule with a peer.
    """
    kind, address, peer, label = rule.fields
    if NEVER in (address, peer):
        return
    start = concat((Literal(bytes((code, 0, UNIX_FAMILY))), _kind(kind)))
    if rule.effect is not Effect.DENY and code != CLASS_OLD_NET:
        yield start, rule.owner  # for kernels that tell no addresses apart
    socket = concat((start, _BYTE, _BYTE))
    if rule.owner & _CREATE:
        yield socket, _CREATE
    if rule.owner == _CREATE:
        return
    end = concat((socket, _address(address), _NUL, _LABEL, _NUL))
    pairs = rule.owner & _PAIRS if not alone else 0
    if not has_peer(rule):
        if rule.owner & _LOCAL:
            yield end, rule.owner & _LOCAL
        for command, mask in ((_LISTEN, _LISTENING), (_OPTION, _OPTIONS)):
            if rule.owner & mask:
                yield concat((end, command, _BYTE, _BYTE)), rule.owner & mask
    if pairs:
        yield concat((end, _PEER, _address(peer), _NUL, label)), pairs


def _kind(kind: Pattern) -> Pattern:
    if kind == _ANY:
        return concat((_BYTE, _BYTE))
    return concat((_NUL, Chars(types(kind))))


def _address(address: Pattern) -> Pattern:
    """An address as the kernel has it: empty for autobind, 1 for none, else from a NUL on."""
    if address == _ANY:
        return _BYTES
    if address == _AUTOBIND:
        return Literal(b"")
    if address == _UNNAMED:
        return Literal(b"\1")
    return _unpacked(address, True)


@lru_cache(maxsize=1 << 12)
def _unpacked(pattern: Pattern, first: bool = False) -> Pattern:
    """The addresses that a pattern of packed ones stands for; `first` is where its `@` is."""
    match pattern:
        case Literal(text):
            return Literal(b"\0" + unpack(text[1:]) if first else unpack(text))
        case Star(mask) if mask >> _ESCAPE & 1:
            return Star(mask | 1)
        case Concat(parts):
            return concat(_unpacked(part, first and not at) for at, part in enumerate(parts))
        case Union(options):
            return union(_unpacked(option, first) for option in options)
    return pattern
