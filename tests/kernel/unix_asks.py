"""The questions about unix sockets of a kernel that tells them apart (`network_v9/af_unix`).

It asks where two of them meet, and not about messages (security/apparmor/af_unix.c; lsm.c,
`apparmor_unix_stream_connect`, `apparmor_unix_may_send`).  A socket with a path is a file.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from tests.kernel.ask import Ask, Asks, Files, around, on_file, process
from tests.kernel.cases import UNCONFINED, Case
from tests.kernel.file_asks import letters_of
from tests.kernel.socket_asks import JOINED, LOGGED, STREAMS, TYPES

#: An address such as the kernel chooses.
_CHOSEN = "@0badd"
_NOWHERE: Mapping[str, str] = {}


def received(case: Case, words: list[str], files: Files) -> Asks:
    """A descriptor is received, of which the file alone is asked."""
    _, mode, path, *_ = words
    yield on_file(case, files, letters_of(mode), "file_receive", path)


def socket(case: Case, words: list[str], files: Files) -> Asks:
    """A step on a socket, and for one that the process made itself all that leads to it."""
    _, number, _, step, address = words
    kind = TYPES[int(number)]
    own = case.act[0] == "own"
    if own:
        yield from _before(case, kind, step, address, files)
    match step:
        case "create":
            pass
        case "socketpair":
            yield _made(case, kind)
        case "bind":
            yield _bound(case, kind, address, files)
        case "listen" if address.startswith("/"):
            pass
        case "listen":
            yield _ask(case, kind, "listen", {"addr": address or _CHOSEN})
        case "connect":
            yield _reached(case, kind, address, files)
        case "sendto":
            yield _sent(case, kind, address, files)
        case "send" | "write" if kind not in STREAMS:
            yield from _messages(case, kind, own)
        case "send" | "write" | "receive" | "read":
            pass
        case "accept":
            yield _ask(case, kind, "accept", {"addr": _CHOSEN})
        case "getpeername":
            yield _ask(case, kind, "getsockname")._replace(operation=step)
        case _:
            yield _ask(case, kind, step)


def _before(case: Case, kind: str, step: str, address: str, files: Files) -> Asks:
    """What leads to a step, as `sockets.h` does it."""
    yield _made(case, kind)
    if step == "listen":
        yield _bound(case, kind, address, files)
    if step == "accept" or step in JOINED:
        yield _made(case, kind)
    if step == "accept":
        yield _bound(case, kind, "", files)
        for call in ("listen", "getsockname"):
            yield _ask(case, kind, call, {"addr": _CHOSEN})
        yield from _of_peers(case, _ask(case, kind, "connect", {"peer_addr": _CHOSEN}))
        asked = _ask(case, kind, "unix", {"addr": _CHOSEN})._replace(operation="connect")
        yield from _of_peers(case, asked._replace(perms=("accept", "send", "receive"), joined=True))
    if step in ("write", "read"):
        # by the label of the process and that of the descriptor, each with the other end's
        asked = _ask(case, kind, "unix")._replace(operation="file_perm", perms=("send", "receive"))
        for joined in (False, True, True, True):
            yield from _of_peers(case, asked._replace(joined=joined))


def _messages(case: Case, kind: str, own: bool) -> Asks:
    """A datagram to the other of two sockets, which may be the process's own."""
    asked = _ask(case, kind, "send")
    if not own:
        yield asked._replace(fields={**asked.fields, "peer_label": UNCONFINED})
        return
    yield from _of_peers(case, asked)
    asked = _ask(case, kind, "receive")._replace(operation="sendmsg", joined=True)
    yield from _of_peers(case, asked)


def _of_peers(case: Case, ask: Ask) -> Asks:
    """A question for each component of the label of the process, whose the other end is too."""
    for number, label in enumerate(case.subject.split("//&")):
        fields = {**ask.fields, "peer_label": label}
        yield ask._replace(fields=fields, joined=ask.joined or number > 0)


def _made(case: Case, kind: str) -> Ask:
    return _ask(case, kind, "socket_create")


def _bound(case: Case, kind: str, address: str, files: Files) -> Ask:
    ask = _ask(case, kind, "bind", {"addr": address or "auto"})
    if not address.startswith("/"):
        return ask
    context = around(case, files, address)
    context = context and replace(context, owner=None, group=None, mode=None)
    return ask._replace(parts=(on_file(case, files, "create", "mknod", address),), context=context)


def _reached(case: Case, kind: str, address: str, files: Files) -> Ask:
    if kind not in STREAMS:
        return _to(case, files, _ask(case, kind, "connect"), address, "w")._replace(
            operation="sendmsg"
        )
    return _to(case, files, _ask(case, kind, "connect"), address, "rw")


def _sent(case: Case, kind: str, address: str, files: Files) -> Ask:
    return _to(case, files, _ask(case, kind, "send"), address, "w")


def _to(case: Case, files: Files, ask: Ask, address: str, letters: str) -> Ask:
    """A question about an address where someone unconfined waits."""
    fields = {**ask.fields, "peer_addr": address, "peer_label": UNCONFINED}
    ask = ask._replace(fields=fields)
    if not address.startswith("/"):
        return ask
    logged = "connect" if letters == "rw" else "sendmsg"
    part = on_file(case, files, letters, logged, address)
    return ask._replace(parts=(part,), context=around(case, files, address))


def _ask(case: Case, kind: str, call: str, more: Mapping[str, str] = _NOWHERE) -> Ask:
    if kind == "raw" and call != "socket_create":
        kind = "dgram"  # as which the kernel makes it
    fields = {"family": "unix", "type": kind, **more}
    logged = LOGGED.get(call, call)
    return Ask(case.subject, call, "unix", logged, fields=fields, context=process(case))
