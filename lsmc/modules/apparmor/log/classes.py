"""The mediation class that a record belongs to.

Kernels since 6.0 say it (`class="file"`, security/apparmor/audit.c); before, it follows from the
operation, and for operations on files and sockets alike from the address family, as AppArmor's
`aa-logprof` tells them.
"""

from __future__ import annotations

from lsmc.modules.apparmor.log.record import Record
from lsmc.modules.apparmor.operations import OPERATIONS


def mediation_class(record: Record) -> str:
    """The mediation class of a record, "" where it cannot be told."""
    operation, written = record.operation or "", record.class_ or ""
    if written == "file" and operation not in _BY_OPERATION:
        return "link" if operation == "link" and record.name2 else "file"
    found = _BY_OPERATION.get(operation) or _BY_CLASS.get(written)
    if found:
        return found
    if operation.startswith("dbus_"):
        return "dbus"
    if operation.startswith(("mqueue_", "posix_mqueue", "sysv_mqueue")):
        return "mqueue"
    if record.network_family:
        # a kernel without rules for unix sockets logs them as any family, without addresses
        addressed = written == "unix" or record.net_addr or record.peer_addr
        return "unix" if record.network_family == "unix" and addressed else "network"
    if operation == "link" and record.name2:
        return "link"
    if operation in _FILE or operation.startswith(_FILE_PREFIXES) or _about_a_file(record):
        return "file"
    return ""


def _about_a_file(record: Record) -> bool:
    """Whether a record of an unknown operation names a file and letters of file permissions."""
    mask = record.denied_mask or ""
    return (record.name or "").startswith("/") and len(mask) > 0 and set(mask) <= set("rwaxmklcd:")


#: Classes whose operations belong to no other class, whatever else a record says.
_ALONE = frozenset(
    (
        *("capability", "change_hat", "change_profile", "io_uring", "mount", "pivot_root"),
        *("ptrace", "rlimit", "signal", "umount", "userns"),
    )
)
_BY_OPERATION = {
    **{name: one.cls for one in OPERATIONS if one.cls in _ALONE for name in one.audit},
    "exec": "file",
    "pivot_root": "pivot_root",
    "change_onexec": "change_profile",
    "stack_onexec": "change_profile",
}
#: The words of `class=` (security/apparmor/audit.c, aa_class_names) that settle the class alone.
_BY_CLASS = {
    "cap": "capability",
    "rlimits": "rlimit",
    "mount": "mount",
    "ptrace": "ptrace",
    "signal": "signal",
    "posix_mqueue": "mqueue",
    "sysv_mqueue": "mqueue",
    "io_uring": "io_uring",
    "namespace": "userns",
    "dbus": "dbus",
}
_FILE = frozenset(
    (
        *("open", "create", "post_create", "truncate", "mkdir", "mknod", "chmod", "chown"),
        *("rename_src", "rename_dest", "unlink", "rmdir", "symlink", "symlink_create", "link"),
        *("sysctl", "getattr", "setattr", "xattr"),
    )
)
_FILE_PREFIXES = ("file_", "inode_", "xattr")
