"""The questions of the kernel about sockets (security/apparmor/lsm.c, net.c; net/socket.c)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from tests.kernel.ask import Ask, Asks, Files, around, on_file, process
from tests.kernel.cases import Case

FAMILIES = {1: "unix", 2: "inet", 10: "inet6", 16: "netlink"}
TYPES = {1: "stream", 2: "dgram", 3: "raw", 5: "seqpacket"}
STREAMS = ("stream", "seqpacket")
#: Steps on a socket that is connected to another.
JOINED = ("send", "receive", "write", "read", "shutdown", "getpeername")
#: How an operation is called in the audit log, where that is not its name.
LOGGED = {
    "socket_create": "create",
    "send": "sendmsg",
    "receive": "recvmsg",
    "shutdown": "socket_shutdown",
}
_CALLS = {"create": "socket_create", "sendto": "send", "write": "send", "read": "receive"}


def socket(case: Case, words: list[str], files: Files) -> Asks:
    """A step on a socket, and for one that the process made itself all that leads to it."""
    family, number, _, step, address = words
    kind = TYPES[int(number)]
    if case.act[0] == "own":
        for call in _before(FAMILIES[int(family)], kind, step):
            made = _call(case, words, call)
            if call == "bind" and step == "listen" and family == "1":
                made = _to_address(case, files, made, call, address)
            yield made
        for joined in (False, True) if step in ("write", "read") else ():
            # by the label of the process, and by that of the descriptor
            yield _call(case, words, _CALLS[step])._replace(operation="file_perm", joined=joined)
    if step == "create":
        return
    call = "socket_create" if step == "socketpair" else _CALLS.get(step, step)
    ask = _call(case, words, call)
    if step == "getpeername":
        ask = ask._replace(op="getsockname", operation=step)
    if family == "1" and step in ("bind", "connect", "sendto"):
        ask = _to_address(case, files, ask, step, address)
    elif step == "bind" and address:
        ask = ask._replace(fields={**ask.fields, "port": address})
    yield ask


def _before(family: str, kind: str, step: str) -> Iterator[str]:
    """The calls that lead to a step, as `sockets.h` makes them."""
    made = "socket_create"
    yield made
    if step == "listen":
        yield "bind"
    if step == "connect" and family != "unix":
        yield from (made, "bind", *(["listen"] if kind in STREAMS else []), "getsockname")
    if step != "accept" and step not in JOINED:
        return
    yield made
    if family == "unix" and step != "accept":
        return
    yield "bind"
    if kind in STREAMS:
        yield "listen"
    yield from ("getsockname", "connect")
    if step != "accept":
        yield from ["accept"] if kind in STREAMS else ["getsockname", "connect"]


def _call(case: Case, words: list[str], call: str) -> Ask:
    family, kind = FAMILIES[int(words[0])], TYPES[int(words[1])]
    if (family, kind) == ("unix", "raw") and call != "socket_create":
        kind = "dgram"  # as which the kernel makes it
    fields = {"family": family, "type": kind}
    context = process(case)
    return Ask(case.subject, call, family, LOGGED.get(call, call), fields=fields, context=context)


def _to_address(case: Case, files: Files, ask: Ask, step: str, address: str) -> Ask:
    """A unix socket meets an address, which may be a file that is made or written to."""
    fields = {**ask.fields, "addr" if step == "bind" else "peer_addr": address}
    if not address.startswith("/"):
        return ask._replace(fields=fields)
    parts: tuple[Ask, ...] = ()
    context = around(case, files, address)
    if step == "bind":
        parts = (ask, on_file(case, files, "create", "mknod", address))
        context = context and replace(context, owner=None, group=None, mode=None)
    return ask._replace(fields=fields, parts=parts, context=context)
