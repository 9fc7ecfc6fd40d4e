"""Rules for networks as patterns over the strings that a kernel matches.

A string is the class, family and type, and with that all is decided but for the IP sockets of a
kernel with `af_inet`.  There a protocol follows, with which the making of a socket is decided, and
the socket's own port and address, with which all is that concerns the socket alone.  For messages
and connections those of the other end come first, then a label that is empty and a command.  A
kernel reads on where a state says so (security/apparmor/af_inet.c; the compiler's network.cc).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache

from lsmc.automata.pattern import NOT_NUL, Chars, Literal, Pattern, Star, concat, literals, union
from lsmc.ir.model import Rule
from lsmc.modules.apparmor.classes import NETWORK
from lsmc.modules.apparmor.kernel.sockets import IP_FAMILIES, families, types
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
_ACCEPT = NETWORK.mask(("accept",))
_PAIRS = NETWORK.mask(("send", "receive", "connect"))
_MOST_PORTS = 1 << 16


def network_patterns(rule: Rule, code: int, inet: bool) -> Iterator[tuple[Pattern, int]]:
    """The patterns of a rule, each with its permissions: with none where a kernel reads on.

    Labels are not told: the kernel asks for none.

    Args:
        rule: of the class network.
        code: what strings begin with; `inet` whether those about IP sockets tell addresses.
    """
    numbers = frozenset(families(rule.fields[0]))
    told = numbers & IP_FAMILIES if inet else frozenset()
    kinds = Chars(types(rule.fields[1]))
    if numbers - told:
        yield _start(code, numbers - told, kinds), rule.owner
    if told:
        yield from _inet(rule, _start(code, told, kinds))


def _start(code: int, numbers: Iterable[int], kinds: Pattern) -> Pattern:
    some = Chars(sum(1 << number for number in numbers))
    return concat((Literal(bytes((code,))), _NUL, some, _NUL, kinds))


def _inet(rule: Rule, start: Pattern) -> Iterator[tuple[Pattern, int]]:
    _, _, protocol, ip, port, _, peer_ip, peer_port, _, _ = rule.fields
    yield start, 0
    start = concat((start, _protocol(protocol)))
    if rule.owner & _CREATE:
        yield start, _CREATE
    if rule.owner == _CREATE:
        return
    own = concat((_OWN, _ports(port), _address(ip), _NUL))
    # where a connection is accepted, who asked for it is not known yet
    has_peer = peer_ip != _ANY or peer_port != _ANY
    alone = rule.owner & _ACCEPT if has_peer else rule.owner
    if alone:
        yield concat((start, own)), alone
    if rule.owner & _PAIRS:
        other = concat((start, _OTHER, _ports(peer_port), _address(peer_ip), _NUL))
        labelled = concat((other, _LABEL, _NUL))
        yield other, 0
        yield labelled, 0
        yield concat((labelled, _WITH_OTHER, own)), rule.owner


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
