"""IP addresses as text that is the same for every version of Python.

The standard library writes addresses of IPv4 in IPv6 otherwise from Python 3.13 on.
"""

from __future__ import annotations


def ip_text(text: str) -> str:
    """The canonical text of an IP address; raises ValueError."""
    from ipaddress import IPv6Address, ip_address

    found = ip_address(text)
    if not isinstance(found, IPv6Address):
        return str(found)
    scope = f"%{found.scope_id}" if found.scope_id else ""
    return v6_text(int(found)) + scope


def v6_text(address: int) -> str:
    """An address of IPv6 in groups, the first longest run of zeros left out (RFC 5952, 4.2)."""
    groups = [f"{address >> shift & 0xFFFF:x}" for shift in range(112, -1, -16)]
    start = length = 0
    for first in range(8):
        end = first
        while end < 8 and groups[end] == "0":
            end += 1
        if end - first > max(length, 1):
            start, length = first, end - first
    if not length:
        return ":".join(groups)
    return f"{':'.join(groups[:start])}::{':'.join(groups[start + length :])}"
