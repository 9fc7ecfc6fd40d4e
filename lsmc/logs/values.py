"""The values of `key=value` pairs in audit records.

The kernel writes a string that somebody else chose (`audit_log_untrustedstring`, kernel/audit.c) in
double quotes when all its bytes are between 0x21 and 0x7e and none is a quote, and otherwise as
upper-case hexadecimal without quotes.  Programs that log on their own (dbus-daemon) escape with a
backslash.
"""

from __future__ import annotations

import re

_HEX = re.compile(r"(?:[0-9A-F]{2})+")
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
#: What programs write where they have no value.
_NOTHING = frozenset({"?", "(null)", "(none)", "none"})
_MAX_DIGITS = 20

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
    """A value is not of its key's kind."""


def unescape(text: str) -> str:
    """The content of a quoted value: a backslash takes the next character as it is."""
    return _ESCAPE.sub(r"\1", text)


def word(text: str) -> str | None:
    """An unquoted value as it stands; None for the marks of an absent one."""
    return None if text in _NOTHING else text


def unquoted(text: str) -> str | None:
    """An unquoted string: hexadecimal, up to its first NUL; raises `BadValueError`."""
    if text in _NOTHING:
        return None
    if not _HEX.fullmatch(text):
        raise BadValueError("neither quoted nor hexadecimal")
    return bytes.fromhex(text).partition(b"\0")[0].decode("utf-8", "surrogateescape")


def readable(text: str) -> str | None:
    """An unquoted string that must be text: kernels have logged stray memory as a `target`."""
    found = unquoted(text)
    if found is not None and not found.isprintable():
        raise BadValueError("no text")
    return found


def number(text: str) -> int:
    """A count, an id or a port; raises `BadValueError`."""
    if not text.isdecimal() or not text.isascii() or len(text) > _MAX_DIGITS:
        raise BadValueError("no number")
    return int(text)


def error_number(text: str) -> int:
    """An errno, written negative by the kernel."""
    return number(text.removeprefix("-"))


def protocol(text: str) -> str:
    """The name of a protocol's number."""
    found = number(text)
    return PROTOCOLS.get(found, f"unknown({found})")


def address(text: str) -> str | None:
    """An IP address; raises `BadValueError`."""
    if text in _NOTHING:
        return None
    if len(text) < 3 or not _ADDRESS.fullmatch(text):
        raise BadValueError("no address")
    return text


_ADDRESS = re.compile(r"[0-9a-f.:]+")
