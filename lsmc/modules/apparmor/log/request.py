"""The question that a record asks of a policy.

A record is turned into the requests that `Policy.answer` takes, one for each half of an old-style
mask.  Which class a record belongs to follows AppArmor's own tools (`aa-logprof`): the newer
`class=` field first, then the operation, and for operations on both files and sockets whether there
is an address family.  What was denied counts; where a record only says what was requested, that.

A record without a question (a status message, a refusal that the rules did not decide, stray memory
in old ptrace records) gets a reason in its place.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from lsmc.explain.diagnosis import Asked, Decider
from lsmc.ir.model import MediationClass
from lsmc.modules.apparmor.classes import BY_NAME
from lsmc.modules.apparmor.log.classes import mediation_class
from lsmc.modules.apparmor.log.infos import given_profile, info_of, meaning
from lsmc.modules.apparmor.log.record import Record
from lsmc.modules.apparmor.log.subjects import subjects
from lsmc.modules.apparmor.mount_flags import BY_WORD
from lsmc.modules.apparmor.operations import OPERATIONS


class _NoQuestion(Exception):
    """A record that asks nothing, and why."""


def asked(record: Record) -> Asked:
    """What a record asks of a policy."""
    names = subjects(record)
    if record.event_type in ("AA_RECORD_INVALID", "AA_RECORD_STATUS", "AA_RECORD_HINT"):
        kind = record.event_type.removeprefix("AA_RECORD_").lower()
        return Asked(names, (), f"a record of kind {kind} asks nothing")
    if not names:
        return Asked(names, (), "the record names no profile")
    info, said = info_of(record), meaning(record)
    by: Decider = info.by if info is not None else "rules"
    if info is not None and not info.asks:
        return Asked(names, (), said, by)
    try:
        requests = _requests(record)
    except _NoQuestion as none:
        return Asked(names, (), said if by != "rules" else str(none), by)
    said = said or given_profile(record) or _subset(record) or _variables(record)
    return Asked(names, tuple({"subject": names[0], **request} for request in requests), said, by)


#: What socket operations ask for, for kernels whose records do not say.
_SOCKET: dict[str, tuple[str, ...]] = {}
for _operation in OPERATIONS:
    if _operation.cls == "network":
        for _name in _operation.audit:
            _SOCKET[_name] = (*_SOCKET.get(_name, ()), *_operation.perms)
for _name, _same in (
    ("post_create", "create"),
    ("socket_create", "create"),
    ("sock_shutdown", "socket_shutdown"),
    ("shutdown", "socket_shutdown"),
    ("file_inherit", "file_perm"),
    ("file_receive", "file_perm"),
):
    _SOCKET[_name] = _SOCKET[_same]
#: Letters of file masks: creating, deleting and truncating are `w`; `ix` and its kind are `x`.
_LETTERS = {"c": "w", "d": "w"}


def _requests(record: Record) -> list[dict[str, Any]]:
    cls = mediation_class(record)
    if not cls:
        raise _NoQuestion(f"the operation {record.operation or '(none)'} asks no rule")
    return _ASK[cls](record)


def _words(record: Record, cls: str, default: tuple[str, ...] = ()) -> tuple[str, ...]:
    """The permissions that were denied, else requested, in the words of a class."""
    known: MediationClass = BY_NAME[cls]
    for mask in (record.denied_mask, record.mask):
        found = (mask or "").replace(",", " ").split()
        if words := tuple(dict.fromkeys(w for w in found if w in known.permissions)):
            return words
    if not default:
        raise _NoQuestion("the record does not say what was denied")
    return default


#: Variables of policy, which `aa-log` puts in the place of what they stand for.
_VARIABLE = re.compile(r"@\{[A-Za-z_][A-Za-z0-9_]*\}")


def _path(record: Record) -> str:
    """The name of a file as the kernel asks it."""
    name = record.name
    if not name:
        raise _NoQuestion("the record names no file")
    if found := _VARIABLE.match(name):
        raise _NoQuestion(
            f"the name begins with the variable {found[0]} of policy, which no kernel writes: this"
            " is what `aa-log` prints; use the log itself"
        )
    if not name.startswith("/"):
        raise _NoQuestion("the name is not a path from the root directory, which rules are for")
    return name


def _variables(record: Record) -> str:
    """A remark on names that hold what looks like a variable; files may really be called so."""
    cls = mediation_class(record)
    names = (record.name, record.name2 if cls == "link" else None)
    found = next((found for name in names if name and (found := _VARIABLE.search(name))), None)
    if cls not in ("file", "link") or found is None:
        return ""
    return (
        f"the name holds `{found[0]}`, taken here as it stands: if it is a variable of policy, this"
        " is what `aa-log` prints; use the log itself"
    )


def _subset(record: Record) -> str:
    """What the letters of a link's record mean, where they are not the link itself.

    The permissions of the new name must be among those of its target (`profile_path_link` in the
    kernel's file.c); what is denied is what the new name has beyond them.
    """
    letters = (record.denied_mask or "").strip(":")
    if record.operation != "link" or not letters or "l" in letters or not record.name2:
        return ""
    return (
        f"the new name would have `{letters}`, which its target lacks, and a link may open no more"
        f" than its target: allow `{letters}` on {record.name2} too, or put a `link` rule without"
        f" `subset` in the place of the rule that has `l` for {record.name}"
    )


def _plain(cls: str, obj: str | None, perms: tuple[str, ...], **fields: Any) -> dict[str, Any]:
    given = {name: value for name, value in fields.items() if value not in (None, "")}
    return {"class": cls, "perms": list(perms), "object": obj or "", **given}


#: How the kernel marks a profile that was asked for the next execution (domain.c).
_ONEXEC = ("change_profile onexec", "no change_onexec valid")


def _file(record: Record) -> list[dict[str, Any]]:
    name = _path(record)
    if record.operation == "getattr" and record.event_type == "AA_RECORD_AUDIT":
        # an `audit` rule for reading logs stat(2) as `r`, which asks for no permission
        owner = any(owner for _, owner in _halves(record))
        return [{"op": "getattr", "object": name, "owner": owner}]
    if record.operation == "exec" and (record.info or "").startswith(_ONEXEC):
        return [_plain("onexec", record.name2, ("onexec",), exec=name)]
    found = []
    for letters, owner in _halves(record):
        perms = tuple(dict.fromkeys(_LETTERS.get(c, c) for c in letters.lower()))
        perms = tuple(c for c in perms if c in BY_NAME["file"].permissions)
        if perms:
            found.append(_plain("file", name, perms, owner=owner))
    if not found:
        raise _NoQuestion("the record does not say what was denied")
    return found


def _halves(record: Record) -> list[tuple[str, bool]]:
    """The letters of a mask and whether they are asked as the file's owner.

    Kernels of 2008 to 2011 wrote `owner::others`, of which the part that applies is filled.
    """
    mask = record.denied_mask or record.mask or ("k" if record.operation == "file_lock" else "")
    if "::" in mask:
        own, _, others = mask.partition("::")
        return [(letters, owner) for letters, owner in ((own, True), (others, False)) if letters]
    owner = record.fsuid is not None and record.fsuid == record.ouid
    return [(mask, owner)]


def _link(record: Record) -> list[dict[str, Any]]:
    name = _path(record)
    owner = any(owner for _, owner in _halves(record))
    return [_plain("link", name, ("link",), target=record.name2, owner=owner)]


def _capability(record: Record) -> list[dict[str, Any]]:
    if not record.name:
        raise _NoQuestion("the record names no capability")
    return [_plain("capability", record.name.lower(), ("use",))]


def _says_what(record: Record) -> bool:
    """Whether the mask is what was denied, or what was allowed and audited."""
    return bool(record.denied_mask) or record.event_type == "AA_RECORD_AUDIT"


def _network(record: Record) -> list[dict[str, Any]]:
    if record.network_family == "unix" and record.class_ and not _says_what(record):
        raise _NoQuestion("the record does not say what was denied")
    perms = _words(record, "network", _SOCKET.get(record.operation or "", ()))
    return [
        _plain(
            "network",
            record.network_family,
            perms,
            type=record.socket_type,
            protocol=None if record.protocol == "ip" else record.protocol,
            ip=record.local_addr,
            port=record.local_port,
            peer_ip=record.foreign_addr,
            peer_port=record.foreign_port,
            peer_label=record.peer or record.peer_profile,
        )
    ]


def _unix(record: Record) -> list[dict[str, Any]]:
    if not _says_what(record):
        raise _NoQuestion("the record does not say what was denied")
    return [
        _plain(
            "unix",
            record.net_addr,
            _words(record, "unix"),
            type=record.socket_type,
            peer_addr=record.peer_addr,
            peer_label=record.peer or record.peer_profile,
        )
    ]


def _dbus(record: Record) -> list[dict[str, Any]]:
    operation = (record.operation or "").removeprefix("dbus_")
    default = (operation,) if operation in ("bind", "eavesdrop") else ()
    perms = _words(record, "dbus", default)
    bus = record.dbus_bus
    if perms == ("eavesdrop",):
        return [_plain("dbus", "", perms, bus=bus)]
    if perms == ("bind",):
        return [_plain("dbus", record.name, perms, bus=bus)]
    return [
        _plain(
            "dbus",
            record.name,
            perms,
            bus=bus,
            path=record.dbus_path,
            interface=record.dbus_interface,
            member=record.dbus_member,
            label=record.peer_profile or record.peer,
        )
    ]


def _signal(record: Record) -> list[dict[str, Any]]:
    peer = record.peer or record.peer_profile
    return [_plain("signal", peer, _words(record, "signal"), signal=record.signal)]


def _ptrace(record: Record) -> list[dict[str, Any]]:
    peer = record.peer or record.peer_profile
    if not peer:
        raise _NoQuestion("the record names no peer")
    return [_plain("ptrace", peer, _words(record, "ptrace"))]


def _mount(record: Record) -> list[dict[str, Any]]:
    words = (record.flags or "").replace(",", " ").split()
    options = ",".join(w for w in words if w in BY_WORD or w in _MOUNT_WORDS)
    return [
        _plain(
            "mount",
            record.name,
            ("mount",),
            source=record.src_name,
            fstype=record.fs_type,
            options=options,
        )
    ]


#: Words of the kernel's audit of mount flags (security/apparmor/mount.c) for more than one flag.
_MOUNT_WORDS = frozenset({"rw", "rbind", "rprivate", "rslave", "rshared", "runbindable"})


def _umount(record: Record) -> list[dict[str, Any]]:
    return [_plain("umount", record.name, ("umount",))]


def _pivot_root(record: Record) -> list[dict[str, Any]]:
    return [_plain("pivot_root", record.name, ("pivot_root",), oldroot=record.src_name)]


def _change_profile(record: Record) -> list[dict[str, Any]]:
    target = record.name2 or record.name
    if not target:
        raise _NoQuestion("the record names no target")
    operation = record.operation or ""
    if operation.startswith("stack"):
        target = f"&{target}"
    perm = "onexec" if operation.endswith("onexec") else "change_profile"
    return [_plain("change_profile", target, (perm,))]


def _change_hat(record: Record) -> list[dict[str, Any]]:
    hat = record.name2 or record.name
    if not hat:
        raise _NoQuestion("the record names no hat")
    return [{"op": "change_hat", "object": hat.rpartition("//")[2]}]


def _userns(_: Record) -> list[dict[str, Any]]:
    return [_plain("userns", "", ("create",))]


def _io_uring(record: Record) -> list[dict[str, Any]]:
    default = ("sqpoll",) if record.operation == "uring_sqpoll" else ("override_creds",)
    perms = _words(record, "io_uring", default)
    return [_plain("io_uring", record.peer_profile or record.peer, perms)]


def _mqueue(record: Record) -> list[dict[str, Any]]:
    words = f"{record.class_ or ''} {record.operation or ''}"
    kind = "sysv" if "sysv" in words else "posix" if "posix" in words else None
    verb = (record.operation or "").rpartition("_")[2]
    default = (verb,) if verb in BY_NAME["mqueue"].permissions else ()
    perms = _words(record, "mqueue", default)
    label = record.peer or record.peer_profile
    return [_plain("mqueue", record.name, perms, type=kind, label=label)]


def _rlimit(record: Record) -> list[dict[str, Any]]:
    if record.info == "cap_sys_resource":
        return [_plain("capability", "sys_resource", ("use",))]
    resource = record.rlimit or record.name
    if not resource:
        raise _NoQuestion("the record names no resource")
    value = str(record.value) if record.value is not None else "infinity"
    return [{"op": "setrlimit", "object": resource, "value": value}]


_ASK: dict[str, Callable[[Record], list[dict[str, Any]]]] = {
    "file": _file,
    "link": _link,
    "capability": _capability,
    "network": _network,
    "unix": _unix,
    "dbus": _dbus,
    "signal": _signal,
    "ptrace": _ptrace,
    "mount": _mount,
    "umount": _umount,
    "pivot_root": _pivot_root,
    "change_profile": _change_profile,
    "change_hat": _change_hat,
    "userns": _userns,
    "io_uring": _io_uring,
    "mqueue": _mqueue,
    "rlimit": _rlimit,
}
