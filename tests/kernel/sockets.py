"""Draws policies about sockets, and steps on sockets of all families."""

from __future__ import annotations

import random

from tests.kernel.cases import Case, served
from tests.kernel.draw import glob, path, qualifiers, several, some
from tests.kernel.socket_asks import JOINED, STREAMS, TYPES

_WORDS = ("", "inet", "inet6", "unix", "netlink", "stream", "dgram", "raw")
_OF_TYPE = ("create", "bind", "getsockname", "setsockopt", "getsockopt")
_OF_PEER = ("connect", "send", "receive", "accept")
_OF_UNIX = ("create", "bind", "listen", "shutdown", "getattr", "setopt", "getopt", *_OF_PEER)
_NAMES = ("@x", "@y", "@xy")
_PROTOCOLS = {2: "1", 10: "58"}


def sockets(rng: random.Random) -> tuple[str, list[Case]]:
    """Rules for families and for addresses, and what is done with sockets."""

    def rules() -> list[str]:
        found = [_network_rule(rng) for _ in range(rng.randint(0, 3))]
        found += [_unix_rule(rng) for _ in range(rng.randint(0, 3))]
        found += [f"{qualifiers(rng)}{glob(rng, path(rng))} w," for _ in range(2)]
        return ["capability,", *found]

    text, subjects = several(rng, rules)
    return text, [_case(rng, rng.choice(subjects)) for _ in range(18)]


def _network_rule(rng: random.Random) -> str:
    words = rng.choice(_WORDS)
    if words in ("inet", "inet6", "unix", "netlink") and rng.random() < 0.5:
        words += rng.choice((" stream", " dgram", " raw"))
    elif words in ("inet", "inet6") and rng.random() < 0.3:
        words += rng.choice((" tcp", " udp"))
    return f"{qualifiers(rng)}network {words},".replace(" ,", ",")


def _unix_rule(rng: random.Random) -> str:
    conditions = ""
    if rng.random() < 0.5:
        conditions += f" type={rng.choice(('stream', 'dgram', 'seqpacket'))}"
    if rng.random() < 0.5:
        conditions += f" addr={rng.choice((*_NAMES, '@x*', '@**', 'none', 'auto'))}"
    permissions: tuple[str, ...] = _OF_UNIX
    if rng.random() < 0.3:
        permissions = _OF_PEER
        conditions += f" peer=({rng.choice(('label=q', 'addr=@x', 'label=p* addr=@y'))})"
    given = f" ({' '.join(some(rng, permissions))})" if rng.random() < 0.6 else ""
    return f"{qualifiers(rng)}unix{given}{conditions},"


def _case(rng: random.Random, subject: str) -> Case:
    family = rng.choice((1, 1, 1, 2, 2, 10, 16))
    kinds = {1: (1, 1, 2, 2, 3, 5), 16: (2, 3)}.get(family, (1, 1, 2, 3))
    kind = rng.choice(kinds)
    name = TYPES[kind]
    steps = list(_OF_TYPE)
    if family != 16 and (family, kind) != (1, 3):
        steps += [*JOINED, "connect", "connect"]
        steps += ["listen", "accept"] * 2 if name in STREAMS else []
    if family == 1:
        steps += ["bind", "socketpair"] + (["sendto"] * 2 if name == "dgram" else [])
    step = rng.choice(steps)
    how = "own" if rng.random() < 0.35 or step in ("create", "socketpair") else "given"
    protocol = _PROTOCOLS.get(family, "0") if name == "raw" else "0"
    address, setup = "", ()
    if family == 1 and step in ("bind", "listen", "connect", "sendto"):
        address = rng.choice((*_NAMES, path(rng), path(rng)))
        if step in ("connect", "sendto"):
            setup = (served(address, name),)
        elif rng.random() < 0.2:
            address = ""
    return Case(subject, (how, str(family), str(kind), protocol, step, address), setup)
