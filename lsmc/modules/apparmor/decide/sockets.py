"""Unix sockets: the rules that the kernel asks about them.

Sources: security/apparmor/af_unix.c (`profile_bind_perm`, `profile_sk_perm`, `unix_fs_perm`), lsm.c
(`apparmor_unix_stream_connect`, `apparmor_unix_may_send`) and, for kernels without it, net.c
(`aa_profile_af_perm`); net/unix/af_unix.c (`unix_bind_bsd`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from lsmc.ir.operation import AccessCheck, Operation
from lsmc.modules.apparmor.classes import FILE, NETWORK, UNIX
from lsmc.modules.apparmor.decide.subjects import mediates
from lsmc.modules.apparmor.requests.fields import parts
from lsmc.tables.records import ProfileRecord

_BIND = UNIX.mask(("bind",))
_CONNECT = UNIX.mask(("connect", "send", "receive"))
_SEND = UNIX.mask(("send",))
_DATAGRAMS = ("dgram", "raw")


def parts_for(
    profile: ProfileRecord,
    operation: Operation,
    obj: str,
    fields: Mapping[str, str],
    mediated: bool = False,
) -> Iterator[AccessCheck]:
    """The look-ups that an operation comes to in one profile.

    Args:
        profile: whose rules are asked.
        operation: what is done.
        obj: to what.
        fields: further fields of the operation's class.
        mediated: the kernel is known to mediate the class, whatever the profile's abi.
    """
    coarse = mediates(profile, NETWORK, mediated) and not mediates(profile, UNIX)
    fine = mediates(profile, UNIX, mediated and not coarse)
    for part in parts(operation, obj, fields):
        if part.cls is UNIX:
            yield from _of_socket(_meeting(part, operation) if fine else part, fine)
        elif part.cls is NETWORK and fine and "unix" in (part.object, part.fields.get("family")):
            yield _as_unix(part)
        else:
            yield part


def _as_unix(part: AccessCheck) -> AccessCheck:
    """The look-up about a socket of the family unix where rules tell those apart.

    It has no address, and is bound to one that the kernel chooses.
    """
    fields = {name: value for name, value in part.fields.items() if name == "type"}
    if part.wanted == _BIND:
        fields["addr"] = "auto"
    return AccessCheck(UNIX, "unix", part.wanted, fields)


def _of_socket(part: AccessCheck, fine: bool) -> Iterator[AccessCheck]:
    """The look-ups about a unix socket.

    Where rules do not tell addresses apart (`fine`), those for the family count.  Binding to a path
    makes a file, and a socket that is reached by a path is a file that is written to, and read from
    by who connects: where rules do tell, that is all that is asked.
    """
    peer = part.fields.get("peer_addr", "")
    if fine and peer.startswith("/") and part.wanted in (_SEND, _CONNECT):
        yield AccessCheck(FILE, peer, FILE.mask("w" if part.wanted == _SEND else "rw"), {})
        return
    path = part.fields.get("addr", part.object)
    makes_file = bool(part.wanted & _BIND) and path.startswith("/")
    if not fine:
        yield of_family(part)
    elif not makes_file or part.wanted & ~_BIND:
        yield part
    if makes_file:
        yield AccessCheck(FILE, path, FILE.mask("w"), {})


def _meeting(part: AccessCheck, operation: Operation) -> AccessCheck:
    """What a socket that connects is asked for: to talk too; one for datagrams, to send."""
    if operation.name != "connect":
        return part
    kind = part.fields.get("type", "")
    return part._replace(wanted=_SEND if kind in _DATAGRAMS else _CONNECT)


def of_family(part: AccessCheck) -> AccessCheck:
    """The look-up about a unix socket where only the rules for its family are asked."""
    kind = {name: value for name, value in part.fields.items() if name == "type"}
    return AccessCheck(NETWORK, "unix", part.wanted, kind)
