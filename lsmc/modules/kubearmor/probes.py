"""Requests that tell two containers' maps apart, if any do.

What the BPF programs decide of a name follows from three things: which key the name is, which its
last component is, and how far its directories are keys, within the bytes that are scanned.  So it
is enough to ask of each key, and of a new name in each directory and below it, of each program that
a key names and of one that none does.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from lsmc.modules.kubearmor.bpf.lookup import MAX_SCANNED
from lsmc.modules.kubearmor.bpf.maps import Bit, Map
from lsmc.modules.kubearmor.names import CAPABILITIES, PROTOCOLS, TYPES

#: A component, a longer one, and a program that no policy names.
_NEW, _LONG, _PROGRAM = "new-name", "n" * (MAX_SCANNED + 6), "/usr/bin/new-program"
#: An operation for each hook of names.
_HOOKS = ("open", "write", "unlink", "exec")
_NUMBERS = (0, *PROTOCOLS.values(), 255)


def probes(maps: Iterable[Map]) -> Iterator[dict[str, Any]]:
    """Requests, without subject and enforcer, whose answers tell some maps apart."""
    maps = tuple(maps)
    names = dict.fromkeys(name for one in maps for name, _ in one.keys if isinstance(name, str))
    sources = dict.fromkeys(source for one in maps for _, source in one.keys)
    programs = tuple(dict.fromkeys((*sources, "", _PROGRAM)))
    masks = [value.process | value.file for one in maps for value in one.keys.values()]
    terminals = (False, True) if any(mask & Bit.PTS for mask in masks) else (False,)
    arguments = tuple(_arguments(maps))
    for path in _paths(names):
        for source in programs:
            for op in _HOOKS:
                for owner in (True, False):
                    for terminal in terminals:
                        request = {"op": op, "object": path, "owner": owner}
                        yield _request(request, source, terminal)
                        if op == "exec":
                            for words in arguments:
                                more = {**request, "arguments": words}
                                yield _request(more, source, terminal)
    yield from _others(programs, names)


def _request(request: dict[str, Any], source: str, terminal: bool = False) -> dict[str, Any]:
    return {
        **request,
        **({"source": source} if source else {}),
        **({"terminal": True} if terminal else {}),
    }


def _arguments(maps: Iterable[Map]) -> Iterator[str]:
    words = dict.fromkeys(word for one in maps for args in one.args.values() for word in args)
    for word in words:
        yield word
        yield f"{word} {_NEW}"


def _paths(names: Iterable[str]) -> Iterator[str]:
    found: dict[str, None] = {}
    bare = [name for name in names if name and "/" not in name]
    for name in ("/", *names):
        if not name.startswith("/"):
            continue
        if not name.endswith("/"):
            found[name] = None
            continue
        for last in (_NEW, *bare):
            found[f"{name}{last}"] = None
            found[f"{name}{_NEW}/{last}"] = None
            found[f"{name}{_LONG}/{last}"] = None
    yield from found


def _others(programs: Iterable[str], names: Iterable[str]) -> Iterator[dict[str, Any]]:
    """Requests of sockets, capabilities and names of hosts."""
    domains = [name for name in names if name and "/" not in name]
    for source in programs:
        for kind in TYPES:
            for number in _NUMBERS:
                socket = {"type": kind.lower(), "protocol": str(number)}
                yield _request({"op": "connect", "object": "", **socket}, source)
        for name in CAPABILITIES:
            yield _request({"op": "capable", "object": name}, source)
        for domain in domains:
            yield _request({"op": "resolve", "object": domain}, source)
            yield _request({"op": "resolve", "object": f"{_NEW}.{domain}"}, source)
