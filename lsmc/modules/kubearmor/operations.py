"""Operations on which KubeArmor decides: what people call them, and the hook that asks.

`OPERATIONS[n].perms` is what the access is in a word; `audit` are the names under which alerts show
it, in `data` (`lsm=FILE_OPEN`) and `operation`.
"""

from __future__ import annotations

from lsmc.ir.operation import Operation

OPERATIONS = (
    Operation("open", "file", ("read",), "file_open", ("FILE_OPEN",), "Open a file to read it."),
    Operation(
        "write", "file", ("write",), "file_permission", ("FILE_PERMISSION",), "Write to a file."
    ),
    Operation(
        "append", "file", ("append",), "file_permission", ("FILE_PERMISSION",), "Append to a file."
    ),
    Operation(
        "exec", "process", ("exec",), "bprm_check_security", ("SECURITY_BPRM_CHECK",), "Execute."
    ),
    Operation("unlink", "file", ("unlink",), "path_unlink", ("FILE_UNLINK",), "Remove a file."),
    Operation("rmdir", "file", ("rmdir",), "path_rmdir", ("FILE_RMDIR",), "Remove a directory."),
    Operation("mkdir", "file", ("mkdir",), "path_mkdir", ("FILE_MKDIR",), "Make a directory."),
    Operation("mknod", "file", ("mknod",), "path_mknod", ("FILE_MKNOD",), "Create a file."),
    Operation("symlink", "file", ("symlink",), "path_symlink", ("FILE_SYMLINK",), "Make a link."),
    Operation("link", "file", ("link",), "path_link", ("FILE_LINK",), "Give a second name."),
    Operation("rename", "file", ("rename",), "path_rename", ("FILE_RENAME",), "Rename."),
    Operation("chmod", "file", ("chmod",), "path_chmod", ("FILE_CHMOD",), "Change the mode."),
    Operation("chown", "file", ("chown",), "path_chown", ("FILE_CHOWN",), "Change the owner."),
    Operation(
        "truncate", "file", ("truncate",), "path_truncate", ("FILE_TRUNCATE",), "Cut a file."
    ),
    Operation(
        "socket_create",
        "network",
        ("create",),
        "socket_create",
        ("SOCKET_CREATE",),
        "Make a socket.",
    ),
    Operation(
        "connect",
        "network",
        ("connect",),
        "socket_connect",
        ("SOCKET_CONNECT",),
        "Connect a socket.",
    ),
    Operation(
        "accept",
        "network",
        ("accept",),
        "socket_accept",
        ("SOCKET_ACCEPT",),
        "Accept a connection.",
    ),
    Operation("capable", "capability", ("use",), "capable", ("CAPABLE",), "Use a capability."),
    Operation(
        "resolve",
        "domain",
        ("resolve",),
        "socket_sendmsg",
        ("UDP_SENDMSG",),
        "Look a host's name up.",
    ),
)
CLASSES = tuple(dict.fromkeys(one.cls for one in OPERATIONS))
BY_NAME = {one.name: one for one in OPERATIONS}
#: Other words for operations.
ALIASES = {
    "read": "open",
    "create": "mknod",
    "network": "connect",
    "capability": "capable",
    "dns": "resolve",
}
