"""Unix sockets: the rules that the kernel asks about them.

Sources: security/apparmor/af_unix.c (`profile_bind_perm`, `profile_sk_perm`) and, for kernels
without it, net.c (`aa_profile_af_perm`); net/unix/af_unix.c (`unix_bind_bsd`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from lsmc.ir.operation import AccessCheck, Operation
from lsmc.modules.apparmor.classes import FILE, NETWORK, UNIX
from lsmc.modules.apparmor.decide.subjects import mediates
from lsmc.modules.apparmor.requests.fields import parts
from lsmc.tables.records import ProfileRecord

_BIND = UNIX.mask(("bind",))


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
    for part in parts(operation, obj, fields):
        if part.cls is UNIX:
            yield from _of_socket(part, mediates(profile, UNIX, mediated))
        else:
            yield part


def _of_socket(part: AccessCheck, fine: bool) -> Iterator[AccessCheck]:
    """The look-ups about a unix socket.

    Where rules do not tell addresses apart (`fine`), those for the family count.  Binding to a path
    makes a file, and where rules do tell, that is all that is asked.
    """
    path = part.fields.get("addr", part.object)
    makes_file = bool(part.wanted & _BIND) and path.startswith("/")
    if not fine:
        yield of_family(part)
    elif not makes_file or part.wanted & ~_BIND:
        yield part
    if makes_file:
        yield AccessCheck(FILE, path, FILE.mask("w"), {})


def of_family(part: AccessCheck) -> AccessCheck:
    """The look-up about a unix socket where only the rules for its family are asked."""
    kind = {name: value for name, value in part.fields.items() if name == "type"}
    return AccessCheck(NETWORK, "unix", part.wanted, kind)
