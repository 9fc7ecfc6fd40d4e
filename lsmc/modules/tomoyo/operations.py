"""The operations of TOMOYO: what questions may ask, and where the kernel asks it.

Source: security/tomoyo/tomoyo.c of Linux 6.1, which names the hooks.
"""

from __future__ import annotations

from lsmc.ir.operation import Operation
from lsmc.modules.tomoyo.vocabulary import (
    CREATE,
    DEVICE,
    ENVIRON,
    FILE_KINDS,
    INET,
    TASK,
    UNIX,
)

#: What a refusal gives (security/tomoyo/*.c return -EPERM).
ERRNO = "EPERM"
_HOOKS = {
    "execute": "bprm_creds_for_exec",
    "read": "file_open",
    "write": "file_open",
    "append": "file_open",
    "unlink": "path_unlink",
    "getattr": "inode_getattr",
    "rmdir": "path_rmdir",
    "truncate": "path_truncate",
    "symlink": "path_symlink",
    "chroot": "path_chroot",
    "unmount": "sb_umount",
    "link": "path_link",
    "rename": "path_rename",
    "pivot_root": "sb_pivotroot",
    "create": "path_mknod",
    "mkdir": "path_mkdir",
    "mkfifo": "path_mknod",
    "mksock": "path_mknod",
    "ioctl": "file_ioctl",
    "chmod": "path_chmod",
    "chown": "path_chown",
    "chgrp": "path_chown",
    "mkblock": "path_mknod",
    "mkchar": "path_mknod",
    "mount": "sb_mount",
}
_SOCKET_HOOKS = {
    "bind": "socket_bind",
    "listen": "socket_listen",
    "connect": "socket_connect",
    "send": "socket_sendmsg",
}
_SUMMARIES = {
    "execute": "execute a program; the object is the name as executed, a link is not followed",
    "read": "open for reading",
    "write": "open for writing",
    "append": "open for writing with O_APPEND",
    "getattr": "read the attributes of a file",
    "link": "make a hard link: OLD NEW",
    "rename": "rename: OLD NEW",
    "pivot_root": "change the root file system: NEW OLD",
    "mount": "mount: DEVICE DIRECTORY TYPE FLAGS",
    "chown": "change the owner: PATH UID",
    "chgrp": "change the group: PATH GID",
    "ioctl": "PATH COMMAND",
}


def hook(permission: str, *, socket: bool) -> str:
    """The hook where the kernel asks for a permission."""
    if socket:
        return _SOCKET_HOOKS[permission]
    return _HOOKS.get(permission, "bprm_creds_for_exec")


def _operations() -> list[Operation]:
    found = []
    for kind in FILE_KINDS:
        for one in kind.permissions:
            summary = _SUMMARIES.get(one, "")
            if kind is CREATE and not summary:
                summary = f"{one}: PATH MODE"
            if kind is DEVICE:
                summary = f"{one}: PATH MODE MAJOR MINOR"
            name = f"file {one}"
            found.append(
                Operation(name, kind.name, (one,), hook(one, socket=False), (name,), summary)
            )
    for kind, where in ((INET, "ADDRESS PORT"), (UNIX, "ADDRESS")):
        summary = f"of a socket: TYPE bind|listen|connect|send {where}"
        found.append(
            Operation(kind.head, kind.name, kind.permissions, "socket_*", (kind.head,), summary)
        )
    summary = "each variable of a new program, in the domain where it runs"
    env = f"{ENVIRON.head} {ENVIRON.permissions[0]}"
    found.append(
        Operation(
            env, ENVIRON.name, ENVIRON.permissions, hook("env", socket=False), (env,), summary
        )
    )
    summary = "a task that writes to self_domain; needed in every mode"
    task = f"{TASK.head} {TASK.permissions[0]}"
    found.append(Operation(task, TASK.name, TASK.permissions, "self_domain", (task,), summary))
    return [operation._replace(errno=ERRNO) for operation in found]


OPERATIONS = _operations()
