"""What Smack answers of an operation of the kernel, and at which hook.

Source: the kernel's security/smack/smack_lsm.c.  An object is a label; that of its directory is
asked only where it is given.
"""

from __future__ import annotations

from collections.abc import Sequence

from lsmc.engine.verdict import RequestError
from lsmc.modules.smack.operations import ACCESS
from lsmc.stack.calls import HookCall, KernelCall

_IN_DIRECTORY = ("inode_permission", "directory", "wx")
#: By operation, in the kernel's order: the hook, whose label is asked, and the letters.
_HOOKS: dict[str, tuple[tuple[str, str, str], ...]] = {
    "open": (("inode_permission", "object", "r"), ("file_open", "object", "r")),
    "read": (("inode_permission", "object", "r"), ("file_open", "object", "r")),
    "write": (("inode_permission", "object", "w"), ("file_open", "object", "r")),
    "append": (("inode_permission", "object", "wa"), ("file_open", "object", "r")),
    "exec": (("inode_permission", "object", "x"), ("file_open", "object", "r")),
    "truncate": (("inode_permission", "object", "w"), ("inode_setattr", "object", "w")),
    "create": (_IN_DIRECTORY,),
    "mkdir": (_IN_DIRECTORY,),
    "mknod": (_IN_DIRECTORY,),
    "symlink": (_IN_DIRECTORY,),
    "link": (_IN_DIRECTORY, ("inode_link", "object", "w")),
    "unlink": (_IN_DIRECTORY, ("inode_unlink", "object", "w")),
    "rmdir": (_IN_DIRECTORY, ("inode_rmdir", "object", "w")),
    "rename": (_IN_DIRECTORY, ("inode_rename", "object", "rw")),
    "chmod": (("inode_setattr", "object", "w"),),
    "chown": (("inode_setattr", "object", "w"),),
    "getattr": (("inode_getattr", "object", "r"),),
    "lock": (("file_lock", "object", "l"),),
    "signal_send": (("task_kill", "object", "w"),),
}
#: Operations that are asked by their names, as their checks have rules of their own.
_BY_NAME = {
    "connect": "unix_stream_connect",
    "send": "unix_may_send",
    "ptrace_trace": "ptrace_access_check",
    "ptrace_read": "ptrace_access_check",
}


def calls(call: KernelCall) -> Sequence[HookCall]:
    """The requests of an operation; raises `RequestError` where a label is missing."""
    own: dict[str, str | list[str]] = {}
    if call.context.capabilities is not None:
        own["capabilities"] = sorted(call.context.capabilities)
    if call.cls in ("unix", "ptrace") and call.op in _BY_NAME:
        request = {"op": call.op, "object": _label(call), **own}
        return (HookCall(_BY_NAME[call.op], request),)
    if call.cls == "network":
        return ()
    found = []
    for hook, of, letters in _HOOKS.get(call.op, ()):
        label = call.directory if of == "directory" else _label(call)
        if label is not None:
            request = {"class": ACCESS, "perms": letters, "object": label, **own}
            found.append(HookCall(hook, request))
    return found


def _label(call: KernelCall) -> str:
    if call.label is None:
        raise RequestError("the label of the object is not given: --object smack=LABEL")
    return call.label
