"""What the kernel would fill in: fields of a request that people leave out or write in their way.

The protocol of a stream socket, the number of an address, the order of mount flags.
"""

from __future__ import annotations

import re

from lsmc.engine.verdict import RequestError
from lsmc.ir.mediation import MediationClass
from lsmc.modules.apparmor.classes import MOUNT, NETWORK
from lsmc.modules.apparmor.mount_flags import (
    BIND,
    CLEARS,
    MOVE,
    PROPAGATION,
    REC,
    REMOUNT,
    SETS,
    flag_string,
)
from lsmc.modules.apparmor.mount_flags import BY_WORD as FLAG_BITS
from lsmc.modules.apparmor.names import signal_named
from lsmc.stack.capabilities import plain

_MOUNT_WORDS = tuple(dict.fromkeys((*FLAG_BITS, *SETS, *CLEARS)))
_PROTOCOLS = {"stream": "tcp", "dgram": "udp"}
_BY_NUMBER = {"1": "icmp", "6": "tcp", "17": "udp"}  # those that rules name


def fill(cls: MediationClass, given: dict[str, str], subject: str) -> None:
    """Fill in what the kernel knows without being told."""
    if cls is NETWORK:
        given.setdefault("protocol", _PROTOCOLS.get(given.get("type", ""), ""))
        given["protocol"] = _BY_NUMBER.get(given["protocol"], given["protocol"])
        if given["protocol"] and not given.get("type"):
            kinds = {"tcp": "stream", "udp": "dgram", "icmp": "raw"}
            given["type"] = kinds.get(given["protocol"], "")
        for name in ("ip", "peer_ip"):
            if given.get(name):
                given[name] = address(given[name])
    elif cls.name == "unix":
        given.pop("family", None)
        given.pop("protocol", None)
        given.pop("label", None)
        given.setdefault("addr", "none")
        given.setdefault("peer_addr", "none")
        given.setdefault("peer_label", "unconfined")
    elif cls is MOUNT:
        given["options"] = mount_options(given.get("options", ""))
    elif cls.name == "signal":
        name = given.get("signal", "term").lower().removeprefix("sig")
        given["signal"] = signal_named(name) or name
        given.setdefault("peer", "unconfined")
    elif cls.name == "capability":
        given["capability"] = plain(given.get("capability", ""))
    elif cls.name == "mqueue":
        name = given.get("name", "")
        given.setdefault("type", "sysv" if name.isdigit() else "posix")
        given.setdefault("label", subject)


def address(text: str) -> str:
    """An IP address as keys have it, or `none`; raises `RequestError`."""
    from lsmc.base.addresses import ip_text

    if text == "none":
        return text
    try:
        return ip_text(text)
    except ValueError:
        raise RequestError(f"`{text}` is not an IP address", text) from None


def mount_options(text: str) -> str:
    """The flags of a mount as keys have them; raises `RequestError`."""
    flags = cleared = 0
    for word in re.split(r"[,\s]+", text.strip()):
        if not word:
            continue
        if word not in _MOUNT_WORDS:
            raise RequestError(f"`{word}` is not a mount option", word, _MOUNT_WORDS)
        flags |= SETS.get(word, 0) | FLAG_BITS.get(word, 0)
        cleared |= CLEARS.get(word, 0)
    if flags & cleared:
        raise RequestError(f"the mount options `{text}` contradict each other")
    # the kernel looks at one kind of mount, the first of these, and drops the flags of the others
    if flags & REMOUNT:
        pass
    elif flags & BIND:
        flags &= BIND | REC
    elif flags & PROPAGATION:
        flags &= PROPAGATION | REC | FLAG_BITS["silent"]
    elif flags & MOVE:
        flags &= MOVE
    return flag_string(flags).decode()
