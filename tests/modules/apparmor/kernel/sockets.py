"""How a kernel asks about IP sockets: what it reads of a string, and where it stops."""

from __future__ import annotations

from ipaddress import ip_address
from typing import NamedTuple

from tests.modules.apparmor.kernel.reader import Automaton, Words

#: Bits of permissions: those of the socket alone, and those of both its ends.
OWN = {
    "bind": 1 << 17,
    "listen": 1 << 18,
    "accept": 1 << 16,
    "shutdown": 0x20,
    "getattr": 1 << 15,
    "setattr": 1 << 14,
    "getopt": 1 << 20,
    "setopt": 1 << 19,
}
PAIR = {"send": 0x02, "receive": 0x04, "connect": 0x40}
CREATE = {"create": 0x10}
READ_ON = 1 << 28
FAMILIES = {"inet": 2, "inet6": 10}
TYPES = {"stream": 1, "dgram": 2, "raw": 3}
PROTOCOLS = {"tcp": 6, "udp": 17, "icmp": 1}
#: The first port that anyone may bind to.
_FREE_PORT = 1024


class Socket(NamedTuple):
    """A socket with its two ends; an end without an address is one that is not bound."""

    family: str
    type: str
    protocol: str
    ip: str
    port: int
    peer_ip: str
    peer_port: int


def asked(automaton: Automaton, code: int, socket: Socket, permission: str) -> Words:
    """The words by which a kernel judges a permission (security/apparmor/af_inet.c)."""
    bit = {**OWN, **PAIR, **CREATE}[permission]
    head = (FAMILIES[socket.family], TYPES[socket.type])
    reader = _Reader(automaton, bit)
    reader.read(bytes((code,)) + b"".join(number.to_bytes(2, "big") for number in head))
    if reader.stops():
        return reader.words()
    reader.read(PROTOCOLS[socket.protocol].to_bytes(2, "big"))
    if permission == "create":
        return reader.words()
    bound = permission == "bind" and 0 < socket.port < _FREE_PORT
    own = _end(int(bound), socket.port, socket.ip)
    ends = [own] if permission in OWN else [_end(2, socket.peer_port, socket.peer_ip), own]
    for number, end in enumerate(ends):
        reader.read(end)
        if reader.stops():
            return reader.words()
        reader.read(b"\0")  # behind a label that is empty
        if number < len(ends) - 1:
            reader.read(b"\1")
    return reader.words()


def asked_of_packet(
    automaton: Automaton, socket: Socket, permission: str, interface: str, label: str
) -> Words:
    """The words by which a kernel judges a packet to or from the other end of a socket."""
    head = (FAMILIES[socket.family], TYPES[socket.type])
    reader = _Reader(automaton, PAIR[permission])
    reader.read(b"\x1e" + b"".join(number.to_bytes(2, "big") for number in head))
    if reader.stops():
        return reader.words()
    reader.read(PROTOCOLS[socket.protocol].to_bytes(2, "big"))
    for text in (
        _end(2, socket.peer_port, socket.peer_ip),
        interface.encode() + b"\0",
        label.encode() + b"\0\1" + _end(0, socket.port, socket.ip),
        b"\0",  # of an interface that is none
    ):
        reader.read(text)
        if reader.stops():
            break
    return reader.words()


class _Reader:
    def __init__(self, automaton: Automaton, bit: int) -> None:
        self._automaton, self._bit, self._state = automaton, bit, 1

    def read(self, text: bytes) -> None:
        self._state = self._automaton.match(text, self._state)

    def words(self) -> Words:
        return self._automaton.words(self._state)

    def stops(self) -> bool:
        allow, _ = self.words()
        return bool(allow & self._bit) or not allow & READ_ON


def _end(kind: int, port: int, ip: str) -> bytes:
    packed = ip_address(ip).packed if ip != "none" else b""
    number = {0: 0, 4: 1, 16: 2}[len(packed)]
    return bytes((kind,)) + port.to_bytes(2, "big") + bytes((number,)) + packed + b"\0"


class UnixSocket(NamedTuple):
    """A unix socket with its two ends and the label of the other.

    An address is `@name`, `none`, or `auto` where a bind leaves the name to the kernel.
    """

    type: str
    addr: str
    peer_addr: str
    peer_label: str


def asked_of_unix(automaton: Automaton, code: int, socket: UnixSocket, permission: str) -> Words:
    """The words by which a kernel judges a permission (security/apparmor/af_unix.c)."""
    text = bytes((code, 0, 1)) + TYPES[socket.type].to_bytes(2, "big") + b"\0\0"
    if permission != "create":
        text += _unix_end(socket.addr) + b"\0"  # a label that is empty
    if permission == "listen":
        text += b"\2\0\5"
    if permission in ("getopt", "setopt"):
        text += b"\4\0\1"
    if permission in PAIR:
        text += b"\1" + _unix_end(socket.peer_addr) + socket.peer_label.encode()
    return automaton.words(automaton.match(text))


def _unix_end(addr: str) -> bytes:
    if addr in ("none", "auto"):
        return b"\1\0" if addr == "none" else b"\0"
    return b"\0" + addr[1:].encode() + b"\0"
