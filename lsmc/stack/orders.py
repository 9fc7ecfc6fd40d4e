"""In which order the kernel asks its layers about each operation, and what a module's no becomes.

A step is a layer and what it tests: `dac` for users and modes with the capabilities that override
them, `capability` for a capability that is asked for by itself, `module` for the security modules,
`hook` for another hook, by its name, at which some modules answer (those that judge labels of
inodes), `bus` for the configuration of a message bus.  The order is that of the function named as
source.
AppArmor's own refusals are EACCES throughout (security/apparmor/lib.c `aa_check_perms`, file.c,
mount.c, resource.c), but EPERM for a capability (capability.c) and others for hats (domain.c
`change_hat`).  Names are looked up before all else, so that the directories of a path must be
searchable (fs/namei.c `may_lookup`); AppArmor does not ask about them.
"""

from __future__ import annotations

from typing import NamedTuple


class LayerStep(NamedTuple):
    """A layer, and its test."""

    layer: str
    test: str = ""

    def __str__(self) -> str:
        return f"{self.layer}({self.test})" if self.test else self.layer


class Order(NamedTuple):
    """The steps of an operation in order, the errno of a module's refusal, and the source."""

    steps: tuple[LayerStep, ...]
    errno: str
    source: str

    def __str__(self) -> str:
        return " > ".join(map(str, self.steps))


#: What a refusal by a module gives, where nothing else is said.
USUAL_ERRNO = "EACCES"


def _order(text: str, source: str, errno: str = USUAL_ERRNO) -> Order:
    words = (word.removesuffix(")").partition("(") for word in text.split(" > "))
    return Order(tuple(LayerStep(layer, test) for layer, _, test in words), errno, source)


_OPEN = _order(
    "dac(search) > dac(access) > hook(inode_permission) > module",
    "fs/namei.c do_open, fs/open.c do_dentry_open",
)
_ATTRIBUTES = "fs/open.c {}, fs/attr.c setattr_prepare"
_ONLY = "module"
_SOCKET = _order(_ONLY, "net/socket.c")

#: By class and name.
_ORDERS: dict[tuple[str, str], Order] = {
    **{("file", name): _OPEN for name in ("open", "read", "write", "append")},
    ("file", "create"): _order(
        "dac(search) > module > dac(create) > hook(inode_permission) > hook(inode_create)",
        "fs/namei.c lookup_open, may_o_create",
    ),
    ("file", "exec"): _order(
        "dac(search) > dac(access) > hook(inode_permission) > hook(file_open) > module",
        "fs/exec.c do_open_execat, begin_new_exec",
    ),
    ("file", "mmap_exec"): _order(_ONLY, "mm/util.c vm_mmap_pgoff"),
    ("file", "lock"): _order(_ONLY, "fs/locks.c"),
    ("link", "link"): _order(
        "dac(search) > dac(hardlink) > module > dac(create) > hook(inode_permission)"
        " > hook(inode_link)",
        "fs/namei.c do_linkat",
    ),
    ("file", "symlink"): _order(
        "dac(search) > module > dac(create) > hook(inode_permission) > hook(inode_symlink)",
        "fs/namei.c do_symlinkat",
    ),
    ("file", "unlink"): _order(
        "dac(search) > module > dac(delete) > hook(inode_permission) > hook(inode_unlink)",
        "fs/namei.c do_unlinkat",
    ),
    ("file", "rename"): _order(
        "dac(search) > module > dac(rename) > hook(inode_permission) > hook(inode_rename)",
        "fs/namei.c do_renameat2",
    ),
    ("file", "mkdir"): _order(
        "dac(search) > module > dac(create) > hook(inode_permission) > hook(inode_mkdir)",
        "fs/namei.c do_mkdirat",
    ),
    ("file", "rmdir"): _order(
        "dac(search) > module > dac(delete) > hook(inode_permission) > hook(inode_rmdir)",
        "fs/namei.c do_rmdir",
    ),
    ("file", "mknod"): _order(
        "dac(search) > module > dac(create) > hook(inode_permission) > capability(mknod)"
        " > hook(inode_mknod)",
        "fs/namei.c do_mknodat, vfs_mknod",
    ),
    ("file", "chmod"): _order(
        "dac(search) > module > hook(inode_setattr) > dac(chmod)",
        _ATTRIBUTES.format("chmod_common"),
    ),
    ("file", "chown"): _order(
        "dac(search) > module > hook(inode_setattr) > dac(chown)",
        _ATTRIBUTES.format("chown_common"),
    ),
    ("file", "truncate"): _order(
        "dac(search) > dac(access) > hook(inode_permission) > module > hook(inode_setattr)",
        "fs/open.c vfs_truncate, do_truncate",
    ),
    ("file", "getattr"): _order("dac(search) > module", "fs/stat.c vfs_getattr"),
    ("capability", "capable"): _order(
        "capability(use) > module", "kernel/capability.c ns_capable_common", "EPERM"
    ),
    ("network", "socket_create"): _order(
        "module > capability(socket)", "net/socket.c __sock_create, net/ipv4/af_inet.c inet_create"
    ),
    ("network", "bind"): _order(
        "module > capability(port)", "net/socket.c __sys_bind, net/ipv4/af_inet.c __inet_bind"
    ),
    ("network", "setsockopt"): _order("module > capability(option)", "net/core/sock.c"),
    ("unix", "bind"): _order(
        "module > hook(path_mknod) > dac(bind)",
        "net/socket.c __sys_bind, net/unix/af_unix.c unix_bind_bsd",
    ),
    ("unix", "connect"): _order(
        "module > dac(connect) > hook(unix_stream_connect)",
        "net/socket.c __sys_connect, net/unix/af_unix.c unix_find_bsd, unix_stream_connect",
    ),
    ("unix", "send"): _order(
        "module > dac(send) > hook(unix_may_send)",
        "net/socket.c sock_sendmsg, net/unix/af_unix.c unix_dgram_sendmsg",
    ),
    **{("network", name): _SOCKET for name in ("connect", "listen", "accept", "send", "receive")},
    **{("unix", name): _SOCKET for name in ("listen", "accept", "receive")},
    ("signal", "signal_send"): _order(
        "dac(signal) > module", "kernel/signal.c check_kill_permission"
    ),
    ("signal", "signal_receive"): _order(
        "dac(other) > module", "kernel/signal.c check_kill_permission"
    ),
    **{
        ("ptrace", f"ptrace_{name}"): _order(
            "dac(ptrace) > module", "kernel/ptrace.c __ptrace_may_access, security/commoncap.c"
        )
        for name in ("trace", "read")
    },
    ("ptrace", "ptrace_readby"): _order(
        "dac(other) > module", "kernel/ptrace.c __ptrace_may_access"
    ),
    ("ptrace", "ptrace_tracedby"): _order(
        "dac(other) > module", "kernel/ptrace.c __ptrace_may_access, ptrace_traceme"
    ),
    **{
        ("mount", name): _order(
            "dac(search) > module > capability(sys_admin)", "fs/namespace.c do_mount, path_mount"
        )
        for name in ("mount", "remount")
    },
    ("umount", "umount"): _order(
        "dac(search) > capability(sys_admin) > module", "fs/namespace.c can_umount, do_umount"
    ),
    ("pivot_root", "pivot_root"): _order(
        "capability(sys_admin) > dac(search) > module", "fs/namespace.c pivot_root"
    ),
    **{
        ("dbus", f"dbus_{name}"): _order(
            "module > bus(policy)", "dbus-daemon bus/bus.c, bus/services.c", "AccessDenied"
        )
        for name in ("send", "receive", "bind", "eavesdrop")
    },
    **{
        ("change_profile", name): _order(_ONLY, "security/apparmor/domain.c aa_change_profile")
        for name in ("change_profile", "stack")
    },
    ("onexec", "onexec"): _order(_ONLY, "security/apparmor/domain.c aa_change_profile"),
    ("change_hat", "change_hat"): _order(
        _ONLY, "security/apparmor/domain.c change_hat", "ECHILD, ENOENT or EPERM"
    ),
    ("userns", "userns_create"): _order(_ONLY, "kernel/user_namespace.c create_user_ns"),
    ("io_uring", "io_uring_sqpoll"): _order(_ONLY, "io_uring/sqpoll.c io_sq_offload_create"),
    ("io_uring", "io_uring_override_creds"): _order(_ONLY, "io_uring/io_uring.c io_init_req"),
    **{
        ("mqueue", f"mqueue_{name}"): _order("dac(queue) > module", "ipc/mqueue.c, ipc/msg.c")
        for name in ("create", "open", "delete", "getattr", "setattr", "read", "write")
    },
    ("rlimit", "setrlimit"): _order("capability(sys_resource) > module", "kernel/sys.c do_prlimit"),
}


def classes_of(name: str) -> tuple[str, ...]:
    """The classes that have an operation of a name, of those that are listed."""
    return tuple(cls for cls, one in _ORDERS if one == name)


def operations() -> tuple[str, ...]:
    """The names of the operations that are listed, in order."""
    return tuple(dict.fromkeys(name for _, name in _ORDERS))


def listed_order(cls: str, name: str) -> Order | None:
    """The order of an operation, if its class is one of these; else by its name alone, if it can
    be told by that.
    """
    if any(cls == one for one, _ in _ORDERS):
        return order_of(cls, name)
    classes = classes_of(name)
    return _ORDERS[classes[0], name] if len(classes) == 1 else None


def order_of(cls: str, name: str) -> Order:
    """The order of an operation of a class; that of the class's other calls for one not listed."""
    found = _ORDERS.get((cls, name))
    if found is None:
        found = _OPEN if cls == "file" else _SOCKET
    return found
