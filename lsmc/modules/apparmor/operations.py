"""Operations: what people and audit logs call an access, and what it asks for.

Each operation names its mediation class, the permissions it asks of its object, the LSM hook of
the kernel where it is asked, and the `operation=` names under which audit records show it.
Source: the kernel's security/apparmor/lsm.c, file.c, mount.c, ipc.c and include/lsm_hook_defs.h;
D-Bus: dbus-daemon's bus/apparmor.c.
"""

from lsmc.ir.operation import Operation

#: Socket operations that are not called like the permission that they ask for.
_SOCKET_PERMS = {"getsockname": "getattr", "setsockopt": "setopt", "getsockopt": "getopt"}

#: Operations that make an object, which then belongs to who makes it (security/apparmor/lsm.c
#: `common_perm_create`).
MAKING = frozenset(("create", "mkdir", "mknod", "symlink"))


def _file(name: str, perms: str, hook: str, audit: str = "", summary: str = "") -> Operation:
    return Operation(name, "file", tuple(perms), hook, tuple(audit.split()), summary)


def _socket(name: str, hook: str, audit: str = "", summary: str = "") -> tuple[Operation, ...]:
    names = tuple(audit.split())
    perm = (_SOCKET_PERMS.get(name, name.removeprefix("socket_")),)
    return (
        Operation(name, "network", perm, hook, names, summary),
        Operation(name, "unix", perm, hook, names, summary),
    )


OPERATIONS: tuple[Operation, ...] = (
    _file("open", "r", "file_open", "open", "open for reading"),
    _file("read", "r", "file_open", "file_perm file_receive", "read the content"),
    _file("write", "w", "file_open", "", "write the content"),
    _file("append", "a", "file_open", "", "open with O_APPEND"),
    _file("create", "w", "path_mknod", "mknod", "make a new file"),
    _file("exec", "x", "bprm_creds_for_exec", "exec", "execute; says which profile follows"),
    _file("mmap_exec", "m", "mmap_file", "file_mmap file_mprotect", "map as executable"),
    _file("lock", "k", "file_lock", "file_lock", "flock or fcntl lock"),
    Operation(
        "link",
        "link",
        ("link",),
        "path_link",
        ("link",),
        "make a hard link; `target=` is the old name",
    ),
    _file("symlink", "w", "path_symlink", "symlink", "make a symbolic link"),
    _file("unlink", "w", "path_unlink", "unlink", "remove a file"),
    _file("rename", "rw", "path_rename", "rename_src", "the old name; `target=` is the new one"),
    _file("mkdir", "w", "path_mkdir", "mkdir", "make a directory; the path ends in `/`"),
    _file("rmdir", "w", "path_rmdir", "rmdir", "remove a directory; the path ends in `/`"),
    _file("mknod", "w", "path_mknod", "mknod", "make a device, fifo or socket"),
    _file("chmod", "w", "path_chmod", "chmod", "change the mode"),
    _file("chown", "w", "path_chown", "chown", "change owner or group"),
    _file("truncate", "w", "path_truncate", "truncate", "change the length"),
    _file("getattr", "", "inode_getattr", "getattr", "stat; never refused by a rule"),
    Operation("capable", "capability", ("use",), "capable", ("capable",), "use a capability"),
    *_socket("socket_create", "socket_create", "create", "make a socket"),
    *_socket("bind", "socket_bind", "bind"),
    *_socket("connect", "socket_connect", "connect"),
    *_socket("listen", "socket_listen", "listen"),
    *_socket("accept", "socket_accept", "accept"),
    *_socket("send", "socket_sendmsg", "sendmsg file_perm"),
    *_socket("receive", "socket_recvmsg", "recvmsg file_perm"),
    *_socket("shutdown", "socket_shutdown", "socket_shutdown"),
    *_socket("getsockname", "socket_getsockname", "getsockname getpeername"),
    *_socket("setsockopt", "socket_setsockopt", "setsockopt"),
    *_socket("getsockopt", "socket_getsockopt", "getsockopt"),
    Operation("signal_send", "signal", ("send",), "task_kill", ("signal",), "`signal=` names it"),
    Operation("signal_receive", "signal", ("receive",), "task_kill", ("signal",), "the other side"),
    Operation("ptrace_trace", "ptrace", ("trace",), "ptrace_access_check", ("ptrace",)),
    Operation("ptrace_read", "ptrace", ("read",), "ptrace_access_check", ("ptrace",)),
    Operation("ptrace_tracedby", "ptrace", ("tracedby",), "ptrace_traceme", ("ptrace",)),
    Operation("ptrace_readby", "ptrace", ("readby",), "ptrace_access_check", ("ptrace",)),
    Operation(
        "mount", "mount", ("mount",), "sb_mount", ("mount",), "`source=` `fstype=` `options=`"
    ),
    Operation("remount", "mount", ("mount",), "sb_mount", ("mount",), "`options=` gets remount"),
    Operation("umount", "umount", ("umount",), "sb_umount", ("umount",)),
    Operation(
        "pivot_root", "pivot_root", ("pivot_root",), "sb_pivotroot", ("pivotroot",), "`oldroot=`"
    ),
    Operation("dbus_send", "dbus", ("send",), "dbus-daemon", ("dbus_method_call", "dbus_signal")),
    Operation("dbus_receive", "dbus", ("receive",), "dbus-daemon", ("dbus_method_call",)),
    Operation("dbus_bind", "dbus", ("bind",), "dbus-daemon", ("dbus_bind",), "own a name"),
    Operation("dbus_eavesdrop", "dbus", ("eavesdrop",), "dbus-daemon", ("dbus_eavesdrop",)),
    Operation(
        "change_profile", "change_profile", ("change_profile",), "setprocattr", ("change_profile",)
    ),
    Operation(
        "stack",
        "change_profile",
        ("change_profile",),
        "setprocattr",
        ("stack",),
        "put a profile on the present one; rules name it `&NAME`",
    ),
    Operation("change_hat", "change_hat", (), "setprocattr", ("change_hat",), "enter a hat"),
    Operation(
        "onexec",
        "onexec",
        ("onexec",),
        "setprocattr",
        ("change_onexec",),
        "`exec=` at the next exec",
    ),
    Operation("userns_create", "userns", ("create",), "userns_create", ("userns_create",)),
    Operation("io_uring_sqpoll", "io_uring", ("sqpoll",), "uring_sqpoll", ("uring_sqpoll",)),
    Operation(
        "io_uring_override_creds",
        "io_uring",
        ("override_creds",),
        "uring_override_creds",
        ("uring_override",),
    ),
    *(
        Operation(f"mqueue_{perm}", "mqueue", (perm,), hook, (f"mqueue_{perm}",))
        for perm, hook in (
            ("create", "path_mknod"),
            ("open", "file_open"),
            ("delete", "path_unlink"),
            ("getattr", "inode_getattr"),
            ("setattr", "path_chmod"),
            ("read", "msg_queue_msgrcv"),
            ("write", "msg_queue_msgsnd"),
        )
    ),
    Operation(
        "setrlimit",
        "rlimit",
        (),
        "task_setrlimit",
        ("setrlimit",),
        "the object is the resource, `value=`",
    ),
)

_BY_NAME: dict[str, list[Operation]] = {}
for _operation in OPERATIONS:
    _BY_NAME.setdefault(_operation.name, []).append(_operation)
for _operation in OPERATIONS:
    for _name in _operation.audit:
        _BY_NAME.setdefault(_name, [])
        if _operation not in _BY_NAME[_name]:
            _BY_NAME[_name].append(_operation)

_FILE_LETTERS = frozenset("rwaxmkl")


def names() -> list[str]:
    """Every name that an operation goes by."""
    return list(_BY_NAME)


def find(name: str, fields: dict[str, str]) -> Operation | None:
    """The operation of a name; fields, `object` among them, tell apart the classes that share it.

    Letters of file permissions (`rw`) are an operation too.
    """
    candidates = _BY_NAME.get(name)
    if not candidates:
        if name and set(name) <= _FILE_LETTERS:
            return Operation(name, "file", tuple(name), "file_open")
        return None
    if len(candidates) == 1:
        return candidates[0]
    wanted = fields.get("class") or _class_of(fields)
    if not wanted and candidates[0].cls == "network" and _is_unix(fields.get("object", "")):
        wanted = "unix"
    for operation in candidates:
        if operation.cls == wanted:
            return operation
    return candidates[0]


def _class_of(fields: dict[str, str]) -> str:
    """The class that a request's fields belong to, where an operation's name does not tell."""
    if fields.get("family") == "unix":
        return "unix"
    if "family" in fields or "protocol" in fields or "ip" in fields or "port" in fields:
        return "network"
    if fields.keys() & {"addr", "peer_addr"}:
        return "unix"
    if "signal" in fields:
        return "signal"
    if fields.keys() & {"bus", "interface", "member"}:
        return "dbus"
    return ""


def _is_unix(obj: str) -> bool:
    """Whether the object of an operation on sockets is a unix socket's: its family or address."""
    return obj in ("unix", "none") or obj.startswith(("@", "/"))


def listed(operation: Operation) -> Operation:
    """The operation that stands for one given by class and permissions, or by file letters.

    It has a hook and an order: files are opened, and for other classes it is the first operation
    that asks for any of the permissions.
    """
    if operation in OPERATIONS:
        return operation
    alike = (one for one in OPERATIONS if one.cls == operation.cls)
    found = next((one for one in alike if {*one.perms} & {*operation.perms}), None)
    if operation.cls == "file" or found is None:
        return operation._replace(hook=operation.hook or "file_open")
    return found._replace(perms=operation.perms)
