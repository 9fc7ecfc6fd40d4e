"""What SELinux answers of an operation of the kernel: classes and permissions, and the hook.

Source: the kernel's security/selinux/hooks.c.  An object is a context, a type, or a path that the
policy labels.
"""

from __future__ import annotations

import posixpath
from collections.abc import Sequence
from stat import S_IFBLK, S_IFCHR, S_IFDIR, S_IFIFO, S_IFLNK, S_IFMT, S_IFSOCK

from lsmc.engine.verdict import RequestError
from lsmc.stack.calls import HookCall, KernelCall
from lsmc.stack.capabilities import NAMES

_IN_DIRECTORY = ("inode_permission", "directory", "dir:write,search")
#: By operation, in the kernel's order: the hook, whose context is asked, class and permissions.
_HOOKS: dict[str, tuple[tuple[str, str, str], ...]] = {
    "open": (("inode_permission", "object", "file:read"), ("file_open", "object", "file:open")),
    "read": (("inode_permission", "object", "file:read"), ("file_open", "object", "file:open")),
    "write": (("inode_permission", "object", "file:write"), ("file_open", "object", "file:open")),
    "append": (
        ("inode_permission", "object", "file:append"),
        ("file_open", "object", "file:open"),
    ),
    "truncate": (
        ("inode_permission", "object", "file:write"),
        ("inode_setattr", "object", "file:setattr"),
    ),
    "unlink": (
        _IN_DIRECTORY,
        ("inode_unlink", "directory", "dir:search,remove_name"),
        ("inode_unlink", "object", "file:unlink"),
    ),
    "rmdir": (
        _IN_DIRECTORY,
        ("inode_rmdir", "directory", "dir:search,remove_name"),
        ("inode_rmdir", "object", "dir:rmdir"),
    ),
    "chmod": (("inode_setattr", "object", "file:setattr"),),
    "chown": (("inode_setattr", "object", "file:setattr"),),
    "getattr": (("inode_getattr", "object", "file:getattr"),),
    "lock": (("file_lock", "object", "file:lock"),),
    "signal_send": (("task_kill", "object", "process:signal"),),
    "ptrace_trace": (("ptrace_access_check", "object", "process:ptrace"),),
    "ptrace_read": (("ptrace_access_check", "object", "file:read"),),
}
#: Classes of inodes by the type bits of their modes.
_CLASSES = {
    S_IFDIR: "dir",
    S_IFLNK: "lnk_file",
    S_IFCHR: "chr_file",
    S_IFBLK: "blk_file",
    S_IFIFO: "fifo_file",
    S_IFSOCK: "sock_file",
}
#: Capabilities of the class `capability`; later ones are of `capability2`.
_FIRST_WORD = 32
#: Signals with permissions of their own (`signal_to_av`).
_SIGNALS = {"chld": "sigchld", "kill": "sigkill", "stop": "sigstop", "0": "signull"}


def calls(call: KernelCall) -> Sequence[HookCall]:
    """The requests of an operation; raises `RequestError` for one that is not translated."""
    if call.op == "capable":
        late = call.object in NAMES[_FIRST_WORD:]
        request = {"op": f"capability{'2' * late}:{call.object}", "object": "self"}
        return (HookCall("capable", request, "EPERM"),)
    asked = _HOOKS.get(call.op)
    if asked is None:
        raise RequestError(f"what selinux asks of `{call.op}` is not translated: ask it alone")
    found = []
    for hook, of, op in asked:
        name = _directory(call) if of == "directory" else call.label or call.object
        asks = _signal(call) if call.op == "signal_send" else op
        if of == "object" and call.cls == "file":
            asks = asks.replace("file:", f"{_class(call)}:", 1)
        found.append(HookCall(hook, {"op": asks, "object": name}))
    return found


def _class(call: KernelCall) -> str:
    """The class of an inode, by the type of its mode; a directory also by its name."""
    mode = call.context.mode
    if mode is None or not S_IFMT(mode):
        return "dir" if call.object.endswith("/") else "file"
    return _CLASSES.get(S_IFMT(mode), "file")


def _signal(call: KernelCall) -> str:
    signal = str(call.fields.get("signal", "term")).lower().removeprefix("sig")
    return f"process:{_SIGNALS.get(signal, 'signal')}"


def _directory(call: KernelCall) -> str:
    """The context of the directory, or its path."""
    if call.directory is not None:
        return call.directory
    if call.label is not None:
        raise RequestError("the label of the directory is not given: --directory selinux=CONTEXT")
    return posixpath.dirname(call.object.rstrip("/")) or "/"
