"""What SELinux answers of an operation of the kernel: classes and permissions, and the hook.

Source: the kernel's security/selinux/hooks.c.  An object is a context, a type, or a path that the
policy labels.
"""

from __future__ import annotations

import posixpath
from collections.abc import Sequence
from stat import S_IFBLK, S_IFCHR, S_IFDIR, S_IFIFO, S_IFLNK, S_IFMT, S_IFSOCK

from lsmc.engine.verdict import RequestError
from lsmc.modules.selinux.socket_hooks import socket_calls
from lsmc.stack.calls import HookCall, KernelCall, Labels
from lsmc.stack.capabilities import NAMES

#: Classes of operations on inodes.
_INODES = ("file", "link")
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
    "link": (
        _IN_DIRECTORY,
        ("inode_link", "directory", "dir:search,add_name"),
        ("inode_link", "target", "file:link"),
    ),
    "mmap_exec": (
        ("mmap_file", "object", "file:map"),
        ("mmap_file", "object", "file:read,execute"),
    ),
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
#: The hook of each operation that makes an inode, and the class that it makes.
_MAKING = {
    "create": ("inode_create", "file"),
    "mkdir": ("inode_mkdir", "dir"),
    "symlink": ("inode_symlink", "lnk_file"),
    "mknod": ("inode_mknod", "file"),
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
    if call.cls in ("network", "unix"):
        own = call.subject
        return tuple(socket_calls(call, lambda cls: _new_label(call, own, "", cls)))
    if call.op in _MAKING:
        return _make(call)
    if call.op == "exec":
        return _execute(call)
    if call.op == "rename":
        return _rename(call)
    asked = _HOOKS.get(call.op)
    if asked is None:
        raise RequestError(f"what selinux asks of `{call.op}` is not translated: ask it alone")
    found = []
    for hook, of, op in asked:
        asks = _signal(call) if call.op == "signal_send" else op
        if of != "directory" and call.cls in _INODES:
            asks = asks.replace("file:", f"{_class(call)}:", 1)
        found.append(_asks(hook, asks, _name(call, of)))
    return found


def _asks(hook: str, op: str, obj: str) -> HookCall:
    return HookCall(hook, {"op": op, "object": obj})


def _name(call: KernelCall, of: str) -> str:
    """The context, or the path, of a party of an operation."""
    if of == "directory":
        return _directory(call, call.object)
    if call.label is not None:
        return call.label
    return call.target if of == "target" else call.object


def _make(call: KernelCall) -> Sequence[HookCall]:
    """A new inode: into its directory, with the label that the policy gives it."""
    hook, cls = _MAKING[call.op]
    directory = _directory(call, call.object)
    if call.op == "mknod":
        cls = _class(call)
    name = posixpath.basename(call.object.rstrip("/"))
    made = _new_label(call, directory, "dir", cls, name)
    return (
        _asks("inode_permission", "dir:write,search", directory),
        _asks(hook, "dir:search,add_name", directory),
        _asks(hook, f"{cls}:create", made),
    )


def _execute(call: KernelCall) -> Sequence[HookCall]:
    """The file, and the task that it becomes, unless that asked for a context (`setexeccon`)."""
    program = _name(call, "object")
    found = [
        _asks("inode_permission", "file:execute", program),
        _asks("file_open", "file:read,open", program),
    ]
    after = _new_label(call, program, "file", "process")
    hook = "bprm_creds_for_exec"
    if after == _labels(call).label("context", object=call.subject):
        return (*found, _asks(hook, "file:execute_no_trans", program))
    entry = {"op": "file:entrypoint", "object": program, "subject": after}
    return (*found, _asks(hook, "process:transition", after), HookCall(hook, entry))


def _rename(call: KernelCall) -> Sequence[HookCall]:
    """An inode from a directory to another; that nothing has the new name before."""
    old, new = (_directory(call, path) for path in (call.object, call.target))
    cls, hook = _class(call), "inode_rename"
    asked = [
        _asks("inode_permission", "dir:write,search", one) for one in dict.fromkeys((old, new))
    ]
    asked.append(_asks(hook, "dir:remove_name,search", old))
    asked.append(_asks(hook, f"{cls}:rename", _name(call, "object")))
    if cls == "dir" and _parent(call.object) != _parent(call.target):
        asked.append(_asks(hook, "dir:reparent", _name(call, "object")))
    return (*asked, _asks(hook, "dir:add_name,search", new))


def _labels(call: KernelCall) -> Labels:
    if call.labels is None:
        raise RequestError(f"the policy tells what selinux asks of `{call.op}`")
    return call.labels


def _new_label(call: KernelCall, of: str, kind: str, cls: str, name: str | None = None) -> str:
    """The label of what the subject makes of a context or a path of a kind; `RequestError`."""
    labels = _labels(call)
    if ":" not in call.subject:
        raise RequestError(f"`{call.op}` is judged by contexts: give that of `{call.subject}`")
    label = labels.file_label(of, kind) if of.startswith("/") else of
    if label is None:
        raise RequestError(f"the policy gives no label to `{of}`")
    return str(labels.label("transition", call.subject, str(label), cls, name))


def _class(call: KernelCall) -> str:
    """The class of an inode, by the type of its mode; a directory also by its name."""
    mode = call.context.mode
    if mode is None or not S_IFMT(mode):
        return "dir" if call.object.endswith("/") else "file"
    return _CLASSES.get(S_IFMT(mode), "file")


def _signal(call: KernelCall) -> str:
    signal = str(call.fields.get("signal", "term")).lower().removeprefix("sig")
    return f"process:{_SIGNALS.get(signal, 'signal')}"


def _directory(call: KernelCall, path: str) -> str:
    """The context of the directory of a path, which is that of the object if given; or its path."""
    if call.directory is not None and _parent(path) == _parent(call.object):
        return call.directory
    if call.label is not None:
        raise RequestError("the label of the directory is not given: --directory selinux=CONTEXT")
    return _parent(path)


def _parent(path: str) -> str:
    return posixpath.dirname(path.rstrip("/")) or "/"
