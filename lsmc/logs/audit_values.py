"""Decodes the values of `key=value` pairs in audit records.

The kernel writes a string that somebody else chose (`audit_log_untrustedstring`, kernel/audit.c) in
double quotes, unchanged, when all its bytes are between 0x21 and 0x7e and none is a quote, and
otherwise as upper-case hexadecimal without quotes. So a backslash between quotes is a backslash.
The name of an abstract socket may hold any byte: it stands in quotes after an `@`, and as
hexadecimal there when one of its bytes is a quote or outside of 0x21 to 0x7e (`audit_unix_addr`,
security/apparmor/net.c).
"""

from __future__ import annotations

import re

from lsmc.base.numbers import natural
from lsmc.base.text import decode

_HEX = re.compile(r"(?:[0-9A-F]{2})+")
_WORD = re.compile(r"[A-Za-z0-9_+-]+(?:\([A-Za-z0-9_+-]+\))?")
#: A byte that the kernel does not write between quotes.
_CODED = re.compile(rb"[^\x21-\x7e]|\x22")
#: What programs write where they have no value.
_NOTHING = frozenset({"?", "(null)", "(none)", "none"})

#: IPPROTO_* of netinet/in.h by number; libapparmor names protocols in lower case.
PROTOCOLS = {
    0: "ip",
    1: "icmp",
    2: "igmp",
    4: "ipip",
    6: "tcp",
    8: "egp",
    12: "pup",
    17: "udp",
    22: "idp",
    29: "tp",
    33: "dccp",
    41: "ipv6",
    43: "routing",
    44: "fragment",
    46: "rsvp",
    47: "gre",
    50: "esp",
    51: "ah",
    58: "icmpv6",
    59: "none",
    60: "dstopts",
    92: "mtp",
    94: "beetph",
    98: "encap",
    103: "pim",
    108: "comp",
    115: "l2tp",
    132: "sctp",
    135: "mh",
    136: "udplite",
    137: "mpls",
    143: "ethernet",
    255: "raw",
    262: "mptcp",
}


class BadValueError(ValueError):
    """A value that its key cannot have."""


def word(text: str) -> str | None:
    """An unquoted word; None for the marks of an absent value; raises `BadValueError`."""
    if text in _NOTHING:
        return None
    if not _WORD.fullmatch(text):
        raise BadValueError("not a word")
    return text


def unquoted(text: str) -> str | None:
    """An unquoted string: hexadecimal, up to its first NUL; raises `BadValueError`."""
    if text in _NOTHING:
        return None
    if not _HEX.fullmatch(text):
        raise BadValueError("neither quoted nor hexadecimal")
    return _text(bytes.fromhex(text).partition(b"\0")[0])


def socket(text: str) -> str | None:
    """An unquoted address of a Unix socket, which may hold NULs; raises `BadValueError`."""
    if text in _NOTHING:
        return None
    if not _HEX.fullmatch(text):
        raise BadValueError("neither quoted nor hexadecimal")
    return _text(bytes.fromhex(text))


def abstract(text: str) -> str:
    """A quoted address of a Unix socket: what follows its `@` may be hexadecimal."""
    if text[:1] == "@" and _HEX.fullmatch(text, 1):
        data = bytes.fromhex(text[1:])
        if _CODED.search(data):  # else the kernel had written it as it is
            return "@" + _text(data)
    return text


def _text(data: bytes) -> str:
    return decode(data)


def number(text: str) -> int:
    """A count, an id or a port; raises `BadValueError`."""
    found = natural(text)
    if found is None:
        raise BadValueError("not a number")
    return found


def error_number(text: str) -> int:
    """An errno, which the kernel writes as a negative number."""
    return number(text.removeprefix("-"))


def protocol(text: str) -> str:
    """The name of a protocol, given by its number."""
    found = number(text)
    return PROTOCOLS.get(found, f"unknown({found})")


def address(text: str) -> str | None:
    """An IP address; raises `BadValueError`."""
    if text in _NOTHING:
        return None
    if len(text) < 3 or not _ADDRESS.fullmatch(text):
        raise BadValueError("not an address")
    return text


_ADDRESS = re.compile(r"[0-9a-f.:]*[0-9a-f:]")
