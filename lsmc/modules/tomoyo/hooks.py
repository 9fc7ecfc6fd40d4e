"""What TOMOYO answers of an operation of the kernel: the words of policy, and the hook.

Sources: security/tomoyo/tomoyo.c and the functions that it calls.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from stat import S_IFBLK, S_IFCHR, S_IFIFO, S_IFMT, S_IFREG, S_IFSOCK, S_IMODE
from typing import Any

from lsmc.engine.verdict import RequestError
from lsmc.modules.tomoyo.operations import ERRNO, hook
from lsmc.modules.tomoyo.vocabulary import TYPES
from lsmc.stack.calls import HookCall, KernelCall
from lsmc.stack.modes import Inode

#: The classes of operations on inodes, and operations whose object is not there before.
_INODES = ("file", "link")
_MAKING = ("create", "mkdir", "mknod", "symlink")


def _path(call: KernelCall) -> str:
    return call.object


def _folder(call: KernelCall) -> str:
    """The name of a directory ends in a slash."""
    return f"{call.object.rstrip('/')}/"


def _pair(call: KernelCall) -> str:
    """The old name and the new one."""
    return f"{call.object} {call.target}"


def _link(call: KernelCall) -> str:
    """The old name, which is the target here, and the new one."""
    return f"{call.target} {call.object}"


def _with(*fields: str, name: Callable[[KernelCall], str] = _path) -> Callable[[KernelCall], str]:
    """A name, and the numbers that fields give."""

    def words(call: KernelCall) -> str:
        found = [name(call)]
        for field in fields:
            if field not in call.fields:
                raise RequestError(f"tomoyo asks with a number here: give `{field}=`")
            found.append(str(call.fields[field]))
        return " ".join(found)

    return words


def _mount(call: KernelCall) -> str:
    """The device, the directory, the type and the flags."""
    device, kind = call.fields.get("source", "<NULL>"), call.fields.get("fstype")
    if call.op == "remount":
        device, kind = "any", "--remount"
    if kind is None:
        raise RequestError("tomoyo asks with the type of the file system: give `fstype=`")
    return f"{device} {_folder(call)} {kind} {call.fields.get('flags', '0')}"


def _roots(call: KernelCall) -> str:
    """The new root and where the old one goes."""
    old = call.fields.get("oldroot")
    if old is None:
        raise RequestError("tomoyo asks with both roots: give `oldroot=`")
    return f"{_folder(call)} {str(old).rstrip('/')}/"


#: By operation: the permission of policy, and the rest of its line.
_FILES: dict[str, tuple[str, Callable[[KernelCall], str]]] = {
    "open": ("read", _path),
    "read": ("read", _path),
    "write": ("write", _path),
    "append": ("append", _path),
    "exec": ("execute", _path),
    "getattr": ("getattr", _path),
    "unlink": ("unlink", _path),
    "rmdir": ("rmdir", _folder),
    "truncate": ("truncate", _path),
    "symlink": ("symlink", _path),
    "create": ("create", _with("perm")),
    "mkdir": ("mkdir", _with("perm", name=_folder)),
    "chmod": ("chmod", _with("perm")),
    "chown": ("chown", _with("to")),
    "link": ("link", _link),
    "rename": ("rename", _pair),
    "mount": ("mount", _mount),
    "remount": ("mount", _mount),
    "umount": ("unmount", _folder),
    "pivot_root": ("pivot_root", _roots),
}
#: What a node is, by the type bits of its mode: the permission of policy, and its numbers.
_NODES = {
    S_IFREG: ("create", ("perm",)),
    S_IFIFO: ("mkfifo", ("perm",)),
    S_IFSOCK: ("mksock", ("perm",)),
    S_IFBLK: ("mkblock", ("perm", "major", "minor")),
    S_IFCHR: ("mkchar", ("perm", "major", "minor")),
}
_SOCKETS = ("bind", "listen", "connect", "send")


def domain_of(subjects: Iterable[str], path: str) -> str:
    """The one domain of a program; raises `RequestError` where there are none or several."""
    found = [name for name in subjects if name.endswith(f" {path}")]
    if len(found) == 1:
        return found[0]
    several = f"several domains: {', '.join(f'`{one}`' for one in found)}" if found else "no domain"
    raise RequestError(f"`{path}` has {several}: give --subject tomoyo=DOMAIN", path)


def calls(call: KernelCall) -> Sequence[HookCall]:
    """The requests of an operation; none for what TOMOYO does not ask."""
    if call.cls in ("network", "unix"):
        return _socket(call) if call.op in _SOCKETS else ()
    found = _node(call) if call.op == "mknod" else _FILES.get(call.op)
    if found is None:
        return ()
    permission, words = found
    request = _asked(call, f"file {permission}", words(call))
    return (HookCall(hook(permission, socket=False), request, ERRNO),)


def _node(call: KernelCall) -> tuple[str, Callable[[KernelCall], str]]:
    """What a node asks, which depends on its type."""
    mode = call.context.mode
    if mode is None:
        raise RequestError("tomoyo asks by the type of the node: give --mode with it (010644)")
    permission, fields = _NODES.get(S_IFMT(mode) or S_IFREG, _NODES[S_IFREG])
    return permission, _with(*fields)


def _socket(call: KernelCall) -> Sequence[HookCall]:
    """The type of the socket, and the address that is used."""
    fields = call.fields
    kind = str(fields.get("type", ""))
    far = call.op in ("connect", "send")
    if call.cls == "unix":
        address = str(fields.get("peer_addr" if far else "addr", call.object))
        if address.startswith("@"):
            address = f"\\000{address[1:]}"
        asked = _asked(call, "network unix", f"{kind} {call.op} {address}")
        found = [HookCall(hook(call.op, socket=True), asked, ERRNO)]
        if call.op == "bind" and address.startswith("/"):  # a file is made
            words = _with("perm")(call._replace(object=address))
            found.append(HookCall("path_mknod", _asked(call, "file mksock", words), ERRNO))
        return found
    family = str(fields.get("family", call.object))
    if family not in ("inet", "inet6") or not kind:
        return ()
    side = "peer_" if far else ""
    where = [str(fields.get(f"{side}{name}", "")) for name in ("ip", "port")]
    if "" in where:
        raise RequestError(f"tomoyo asks with an address: give `{side}ip=` and `{side}port=`")
    words = f"{kind} {call.op} {' '.join(where)}"
    return (HookCall(hook(call.op, socket=True), _asked(call, "network inet", words), ERRNO),)


def _asked(call: KernelCall, head: str, words: str) -> dict[str, Any]:
    """A request, with what conditions may ask of the process and of the inodes."""
    found = {"op": head, "object": words}
    attributes = _attributes(call)
    return {**found, "attributes": attributes} if attributes else found


def _attributes(call: KernelCall) -> dict[str, dict[str, Any]]:
    context = call.context
    task = {
        **dict.fromkeys(("uid", "euid", "suid", "fsuid"), context.uid),
        **dict.fromkeys(("gid", "egid", "sgid", "fsgid"), context.gid),
    }
    found = {"task": task}
    if call.cls in _INODES:
        if call.op not in _MAKING:
            found["path1"] = _inode(context.object, ("uid", "gid", "perm", "type"))
        found["path1.parent"] = _inode(context.directory, ("uid", "gid", "perm"))
    known = {
        section: {name: value for name, value in values.items() if value is not None}
        for section, values in found.items()
    }
    return {section: values for section, values in known.items() if values}


def _inode(inode: Inode, names: tuple[str, ...]) -> dict[str, Any]:
    """What is known of an inode, by the words of conditions."""
    mode = inode.mode
    kind = None
    if mode is not None:
        kind = next((word for word, bits in TYPES.items() if S_IFMT(mode) == bits), "file")
    perm = None if mode is None else S_IMODE(mode)
    values = {"uid": inode.owner, "gid": inode.group, "perm": perm, "type": kind}
    return {name: values[name] for name in names}
