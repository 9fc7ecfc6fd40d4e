"""Rules for networks as patterns over the strings that a kernel matches.

A string is the class, family and type, and with that all is decided but for the IP sockets of a
kernel with `af_inet`.  There a protocol follows, with which the making of a socket is decided, and
the socket's own port and address, with which all is that concerns the socket alone.  For messages
and connections those of the other end come first, then a label that is empty and a command.  A
kernel reads on where a state says so (security/apparmor/af_inet.c; the compiler's network.cc).

Packets have strings of their own, of both ends, with the interface and the label of the packet.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache

from lsmc.automata.pattern import NOT_NUL, Chars, Literal, Pattern, Star, concat, literals, union
from lsmc.ir.mediation import Effect
from lsmc.ir.model import Rule
from lsmc.modules.apparmor.classes import NETWORK
from lsmc.modules.apparmor.kernel.sockets import (
    CLASS_PACKETS,
    IP_FAMILIES,
    Networks,
    families,
    types,
)
from lsmc.modules.apparmor.lower.context import ANY

_ANY = ANY.pattern
_NUL = Literal(b"\0")
_BYTE = Chars(NOT_NUL | 1)
_LABEL = Star(NOT_NUL)
#: What stands before a port: of the socket itself, where it may be one that needs a capability to
#: bind to, and of the other end.
_OWN, _OTHER = Chars(0b011), Literal(b"\2")
_WITH_OTHER = Literal(b"\1")
_NONE, _V4, _V6 = b"\0", b"\1", b"\2"
#: The protocols that the kernel asks about by number; the others have a type of their own.
_PROTOCOLS = {b"icmp": 1}
_CREATE = NETWORK.mask(("create",))
_PAIRS = NETWORK.mask(("send", "receive", "connect"))
_MOST_PORTS = 1 << 16
#: Fields of a rule: the addresses and ports of its ends, and the interface.
_SELF = tuple(map(NETWORK.fields.index, ("ip", "port")))
_PEER = tuple(map(NETWORK.fields.index, ("peer_ip", "peer_port")))
_INTERFACE = NETWORK.fields.index("interface")


def network_patterns(rule: Rule, asked: Networks) -> Iterator[tuple[Pattern, int]]:
    """The patterns of a rule, each with its permissions: with none where a kernel reads on.

    Labels are not told, for the kernel asks for none; and interfaces of packets alone, so that a
    rule that denies one says nothing of sockets.

    Args:
        rule: of the class network.
        asked: where the kernel asks about sockets.
    """
    numbers = frozenset(families(rule.fields[0]))
    kinds = Chars(types(rule.fields[1]))
    told = numbers & IP_FAMILIES if asked.inet else frozenset()
    of_packets = rule.effect is Effect.DENY and rule.fields[_INTERFACE] != _ANY
    if asked.code is not None and not of_packets:
        if numbers - told:
            yield _start(asked.code, numbers - told, kinds), rule.owner
        if told:
            yield from _of_sockets(rule, _start(asked.code, told, kinds))
    ended = numbers & IP_FAMILIES
    if asked.packets and ended and rule.owner & _PAIRS:
        start = _start(CLASS_PACKETS, ended, kinds)
        if told:
            yield start, 0
            between = (rule.fields[_INTERFACE], _LABEL)
            yield from _of_both_ends(rule, _with_protocol(rule, start), between)
        else:
            yield start, rule.owner


def _start(code: int, numbers: Iterable[int], kinds: Pattern) -> Pattern:
    some = Chars(sum(1 << number for number in numbers))
    return concat((Literal(bytes((code,))), _NUL, some, _NUL, kinds))


def _of_sockets(rule: Rule, start: Pattern) -> Iterator[tuple[Pattern, int]]:
    yield start, 0
    start = _with_protocol(rule, start)
    if rule.owner & _CREATE:
        yield start, _CREATE
    if rule.owner == _CREATE:
        return
    if all(rule.fields[at] == _ANY for at in _PEER):
        yield concat((start, _own_end(rule))), rule.owner
    if rule.owner & _PAIRS:
        yield from _of_both_ends(rule, start, (_LABEL,))


def _of_both_ends(
    rule: Rule, start: Pattern, between: Iterable[Pattern]
) -> Iterator[tuple[Pattern, int]]:
    """The other end, what stands between, and the socket's own end."""
    ip, port = (rule.fields[at] for at in _PEER)
    here = concat((start, _OTHER, _ports(port), _address(ip), _NUL))
    yield here, 0
    for part in between:
        here = concat((here, part, _NUL))
        yield here, 0
    yield concat((here, _WITH_OTHER, _own_end(rule))), rule.owner


def _own_end(rule: Rule) -> Pattern:
    ip, port = (rule.fields[at] for at in _SELF)
    return concat((_OWN, _ports(port), _address(ip), _NUL))


def _with_protocol(rule: Rule, start: Pattern) -> Pattern:
    return concat((start, _protocol(rule.fields[2])))


def _protocol(protocol: Pattern) -> Pattern:
    (text,) = literals(protocol, 1) or (b"",)
    number = _PROTOCOLS.get(text)
    return concat((_BYTE, _BYTE)) if number is None else Literal(number.to_bytes(2, "big"))


@lru_cache(maxsize=1 << 12)
def _address(ip: Pattern) -> Pattern:
    """An address with its kind before it."""
    from ipaddress import ip_address

    if ip == _ANY:
        return union(
            (Literal(_NONE), *(_counted(kind, count) for kind, count in ((_V4, 4), (_V6, 16))))
        )
    (text,) = literals(ip, 1) or ()
    if text == b"none":
        return Literal(_NONE)
    packed = ip_address(text.decode()).packed
    return Literal((_V4 if len(packed) == 4 else _V6) + packed)


def _counted(kind: bytes, count: int) -> Pattern:
    return concat((Literal(kind), *(_BYTE,) * count))


@lru_cache(maxsize=1 << 12)
def _ports(port: Pattern) -> Pattern:
    """Ports as two bytes, the high one first."""
    if port == _ANY:
        return concat((_BYTE, _BYTE))
    low: dict[int, int] = {}  # the low bytes that go with each high one
    for text in literals(port, _MOST_PORTS) or ():
        number = int(text)
        low[number >> 8] = low.get(number >> 8, 0) | 1 << (number & 0xFF)
    high: dict[int, int] = {}  # the high bytes that go with the same low ones
    for byte, mask in low.items():
        high[mask] = high.get(mask, 0) | 1 << byte
    return union(concat((Chars(some), Chars(mask))) for mask, some in high.items())
