"""What the features of a kernel make of sockets: where it asks about them, in which numbers."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from lsmc.automata.pattern import Pattern, literals
from lsmc.modules.apparmor.lower.context import ANY
from lsmc.modules.apparmor.names import FAMILIES, SOCKET_TYPES
from lsmc.modules.apparmor.resolve.features import Features

#: Classes of strings (include/apparmor.h): that of the first kernels, and those after it.
CLASS_OLD_NET, CLASS_NET_V8, CLASS_NET_V9, CLASS_PACKETS = 4, 14, 15, 30
#: The kernel's numbers of the family of unix sockets, and of those with IP addresses.
UNIX_FAMILY, IP_FAMILIES = 1, frozenset((2, 10))
#: Of the kernel's numbers 12 is DECnet's, which policy has no word for.
_FAMILIES = {name: n if n < 12 else n + 1 for n, name in enumerate(FAMILIES)}
_TYPES = {name: number for number, name in enumerate(SOCKET_TYPES, 1)} | {"packet": 10}
#: How many families there are.
FAMILY_COUNT = max(_FAMILIES.values()) + 1
#: The types that a rule without one covers in strings: whatever 4 bits hold; and in a table.
EVERY_TYPE = (1 << 16) - 1
NAMED_TYPES = sum(1 << number for number in _TYPES.values())


class Networks(NamedTuple):
    """Where a kernel asks about sockets.

    Attributes:
        code: the class of strings about families and types; None where a table has them.
        inet: whether strings about IP sockets go on with addresses.
        unix: the class of strings about unix sockets, where those are told apart.
        packets: whether it asks about each packet of IP sockets too.
    """

    code: int | None
    inet: bool
    unix: int
    packets: bool


@lru_cache(maxsize=256)
def networks(features: Features) -> Networks:
    """Where a kernel with some features asks about sockets (the compiler's network.cc)."""
    code = None
    if "network_v9" in features:
        code = CLASS_NET_V9
    elif "network_v8" in features:
        code = CLASS_NET_V8
    inet = "network_v8/af_inet" in features or "network_v9/af_inet" in features
    return Networks(code, inet, code or CLASS_OLD_NET, "network_v9_skb" in features)


def families(pattern: Pattern) -> Sequence[int]:
    """The numbers of the families that a field of a rule names."""
    if pattern == ANY.pattern:
        return range(FAMILY_COUNT)
    return [_FAMILIES[text.decode()] for text in literals(pattern, len(FAMILIES)) or ()]


def types(pattern: Pattern) -> int:
    """The bits of the types that a field of a rule names."""
    if pattern == ANY.pattern:
        return EVERY_TYPE
    listed = literals(pattern, len(SOCKET_TYPES)) or ()
    return sum(1 << _TYPES[text.decode()] for text in listed)
