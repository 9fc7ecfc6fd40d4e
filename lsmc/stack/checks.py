"""The test of each step of an order: users, modes and capabilities, as the kernel checks them.

Sources: the functions that `lsmc.stack.orders` names.  User namespaces are left out: every
capability is taken to apply to the object.
"""

from __future__ import annotations

import stat
from collections.abc import Callable, Mapping
from dataclasses import replace

from lsmc.stack import dac
from lsmc.stack.asking import Asking, Finding, Tried, both, cap, overridden
from lsmc.stack.capabilities import ALL, plain
from lsmc.stack.modes import EXECUTE, READ, WRITE, Inode, mode_text
from lsmc.stack.orders import LayerStep

#: net.ipv4.ip_unprivileged_port_start, unless it was changed.
_FIRST_FREE_PORT = 1024
_PORTS = 65536
_WANTED = {"r": READ, "w": WRITE, "a": WRITE, "x": EXECUTE}
_NAMES = {
    stat.S_IFREG: "regular file",
    stat.S_IFDIR: "directory",
    stat.S_IFLNK: "symbolic link",
    stat.S_IFCHR: "character device",
    stat.S_IFBLK: "block device",
    stat.S_IFIFO: "fifo",
    stat.S_IFSOCK: "socket",
}


def _permission(asking: Asking, inode: Inode, directory: bool, wanted: int) -> Finding:
    """`inode_permission`: the bits, then the capabilities that override them."""
    found = dac.access(asking.context, inode, wanted)
    if inode.mode is None:
        reason = "the mode is not known"
    elif found.who is None:
        reason = "whose bits count is not known"
        if found.allowed is not None:
            has = "is" if found.allowed else "is not"
            reason = f"whichever bits count, {_letters(wanted)} {has} among them"
    else:
        by_list = found.who == "the access control list"
        source = "the access control list gives" if by_list else f"the mode gives {found.who}"
        reason = f"{source} {mode_text(found.bits)}"
        if not found.allowed:
            reason += f", not {_letters(wanted & ~found.bits or wanted)}"
    if wanted & EXECUTE and not directory and inode.mode is None:
        return Finding(found.allowed, reason)  # CAP_DAC_OVERRIDE helps where there is any x
    names = dac.overriding(inode.mode or 0, directory, wanted)
    return overridden(asking, found.allowed, reason, names, "EACCES")


def _letters(bits: int) -> str:
    return mode_text(bits).replace("-", "")


def _search(asking: Asking) -> Finding:
    inode = asking.context.directory
    found = _permission(asking, inode, True, EXECUTE)
    if inode.mode is None and found.allowed is None:
        return Finding(None, "nothing is known of the directory", "", found.tried)
    return found


def _access(asking: Asking) -> Finding:
    inode = asking.context.object
    wanted = 0
    for name in asking.permissions:
        wanted |= _WANTED.get(name, 0)
    if not wanted:
        return Finding(True, "the mode is not asked")
    kind = stat.S_IFMT(inode.mode or 0)
    if wanted & EXECUTE and kind not in (0, stat.S_IFREG):
        return Finding(False, f"a {_NAMES.get(kind, 'special file')} is not executed", "EACCES")
    return _permission(asking, inode, dac.is_directory(inode, asking.object), wanted)


def _create(asking: Asking) -> Finding:
    return _change(asking, asking.context.directory)


def _change(asking: Asking, directory: Inode) -> Finding:
    """Adding or removing a name."""
    found = _permission(asking, directory, True, WRITE | EXECUTE)
    if directory.mode is None and found.allowed is None:
        return Finding(None, "nothing is known of the directory", "", found.tried)
    return found


def _delete(asking: Asking) -> Finding:
    found = _change(asking, asking.context.directory)
    return both(found, _sticky(asking, asking.context.object.owner))


def _sticky(asking: Asking, owner: int | None) -> Finding:
    """In a sticky directory only its owner and that of the object remove it, or CAP_FOWNER."""
    directory, uid = asking.context.directory, asking.context.uid
    if directory.mode is not None and not directory.mode & stat.S_ISVTX:
        return Finding(True, "")
    if uid is not None and uid in (owner, directory.owner):
        return Finding(True, "")
    found = False if None not in (uid, owner, directory.owner, directory.mode) else None
    reason = "the directory is sticky, and neither it nor the object belongs to the user"
    if directory.mode is None:
        reason = ""
    elif found is None:
        reason = "the directory is sticky; who owns what is not known"
    return overridden(asking, found, reason, ("fowner",), "EPERM")


def _rename(asking: Asking) -> Finding:
    old = _delete(asking)
    target = asking.fields.get("target", "")
    here = target and _parent(target) == _parent(asking.object)
    directory = asking.context.directory if here else Inode()
    new = _change(asking, directory)
    if here:
        # what is there already, if anything, would be removed
        there = _sticky(asking, None)
        if there.allowed is None:
            there = Finding(None, "a file of the new name might belong to another user")
        new = both(Finding(new.allowed, ""), there)
    elif new.allowed is None:
        new = Finding(None, "nothing is known of the new name's directory")
    else:
        new = Finding(True, "")
    return both(old, new)


def _parent(path: str) -> str:
    return path.rstrip("/").rpartition("/")[0]


def _owned(asking: Asking) -> tuple[bool | None, str]:
    uid, owner = asking.context.uid, asking.context.owner
    if uid is None or owner is None:
        return None, "whether the user owns the object is not known"
    return uid == owner, f"the user {'owns' if uid == owner else 'does not own'} the object"


def _chmod(asking: Asking) -> Finding:
    found, reason = _owned(asking)
    return overridden(asking, found, reason, ("fowner",), "EPERM")


def _chown(asking: Asking) -> Finding:
    found, reason = _owned(asking)
    if found:
        reason = "the owner may choose among its own groups only"
    return overridden(asking, None if found else found, reason, ("chown",), "EPERM")


def _hardlink(asking: Asking) -> Finding:
    """`may_linkat`: applies where fs.protected_hardlinks is 1, which is not known here."""
    inode = asking.context.object
    tried: tuple[Tried, ...] = ()
    if inode.mode is not None and _safe_source(inode.mode):
        found = _permission(asking, inode, False, READ | WRITE)
        if found.allowed:
            return found
        tried = tuple(replace(one, logged=False) for one in found.tried)
    owned, reason = _owned(asking)
    found = overridden(asking, owned, reason, ("fowner",), "EPERM")
    tried = (*tried, *found.tried)
    if found.allowed:
        return replace(found, tried=tried)
    words = "refused with EPERM where fs.protected_hardlinks is 1, unless the file may be written"
    return Finding(None, f"{found.reason}; {words}", "", tried)


def _safe_source(mode: int) -> bool:
    """Whether a file is regular and gives nobody another user or group (`safe_hardlink_source`)."""
    set_group = stat.S_ISGID | stat.S_IXGRP
    regular = stat.S_IFMT(mode) in (0, stat.S_IFREG)
    return regular and not mode & stat.S_ISUID and mode & set_group != set_group


def _signal(asking: Asking) -> Finding:
    uid, owner = asking.context.uid, asking.context.owner
    if uid is None or owner is None:
        return overridden(asking, None, "the users are not known", ("kill",), "EPERM")
    if uid == owner:
        return Finding(True, "both processes have the same user")
    name = asking.fields.get("signal", "term").lower().removeprefix("sig")
    found = None if name == "cont" else False
    reason = "the other process has another user"
    if found is None:
        reason += ", but may be of the same session"
    return overridden(asking, found, reason, ("kill",), "EPERM")


def _ptrace(asking: Asking) -> Finding:
    context = asking.context
    pairs = ((context.uid, context.owner), (context.gid, context.group))
    if any(a is not None and b is not None and a != b for a, b in pairs):
        return overridden(
            asking, False, "the other process has another user or group", ("sys_ptrace",), "EPERM"
        )
    reason = "the users and groups are not known"
    if None not in (*pairs[0], *pairs[1]):
        reason = "whether the process may be dumped and has no more capabilities is not known"
    return overridden(asking, None, reason, ("sys_ptrace",), "EPERM")


def _connect(asking: Asking) -> Finding:
    """`unix_find_bsd`: the socket's file is looked up, and must be writable."""
    address = asking.fields.get("peer_addr", "")
    if address.startswith("/"):
        found = _permission(asking, asking.context.object, False, WRITE)
        return both(_search(asking), found)
    if not address:
        return Finding(None, "no `peer_addr=` is given")
    return Finding(True, "no file is opened")


def _send(asking: Asking) -> Finding:
    """A datagram to an address is checked as a connection is; other sends open no file."""
    if asking.fields.get("type", "dgram") == "dgram" and asking.fields.get("peer_addr"):
        return _connect(asking)
    return Finding(True, "no file is opened")


def _bind(asking: Asking) -> Finding:
    address = asking.fields.get("addr", asking.object)
    if address.startswith("/"):
        search, made = _search(asking), _create(asking)
        if search.allowed is False:
            return search
        return replace(made, tried=(*search.tried, *made.tried))
    if address in ("", "unix"):
        return Finding(None, "no `addr=` is given")
    return Finding(True, "no file is made")


def _use(asking: Asking) -> Finding:
    name = plain(asking.fields.get("capability", asking.object))
    held_set = asking.context.capabilities
    if name not in ALL or held_set is None:
        known = name in ALL
        reason = f"whether {cap(name)} is held is not known" if known else f"no capability `{name}`"
        return Finding(None, reason)
    held = name in held_set
    words = f"{cap(name)} is {'' if held else 'not '}held"
    return Finding(held, words, "" if held else "EPERM", (Tried(name, held, None, False),))


def _needs(*names: str) -> Callable[[Asking], Finding]:
    return lambda asking: overridden(asking, False, "", names, "EPERM")


def _mknod(asking: Asking) -> Finding:
    mode = asking.context.mode
    kind = stat.S_IFMT(mode or 0) or stat.S_IFREG
    if mode is None:
        return overridden(asking, None, "the type of the node is not known", ("mknod",), "EPERM")
    found = kind not in (stat.S_IFCHR, stat.S_IFBLK)
    words = f"a {_NAMES.get(kind, 'special file')}" + (" needs no capability" if found else "")
    return overridden(asking, found, words, ("mknod",), "EPERM")


def _socket(asking: Asking) -> Finding:
    family = asking.fields.get("family", asking.object)
    kind, protocol = asking.fields.get("type", ""), asking.fields.get("protocol", "")
    if family in ("packet", "xdp"):
        return overridden(asking, False, f"a socket of family {family}", ("net_raw",), "EPERM")
    if family == "key":
        return overridden(asking, False, "a socket of family key", ("net_admin",), "EPERM")
    if family in ("inet", "inet6"):
        if kind == "raw":
            return overridden(asking, False, "a raw socket", ("net_raw",), "EPERM")
        if kind == "dgram" and protocol.startswith("icmp"):
            return Finding(None, "net.ipv4.ping_group_range is not known")
        if kind or protocol in ("tcp", "udp"):
            return Finding(True, "no capability is needed")
        return overridden(asking, None, "no `type=` is given", ("net_raw",), "EPERM")
    if family in ("unix", "netlink"):
        return Finding(True, "no capability is needed")
    return Finding(None, f"not known for family {family}" if family else "no family is given")


def _port(asking: Asking) -> Finding:
    from lsmc.base.numbers import natural

    family = asking.fields.get("family", asking.object)
    if family not in ("inet", "inet6"):
        return Finding(None, f"not known for family {family}" if family else "no family is given")
    port = natural(asking.fields.get("port", ""))
    if port is None or port >= _PORTS:
        words = "no `port=` is given"
        return overridden(asking, None, words, ("net_bind_service",), "EACCES")
    if port == 0 or port >= _FIRST_FREE_PORT:
        return Finding(True, f"port {port} is free to all")
    words = f"port {port} is below {_FIRST_FREE_PORT} (net.ipv4.ip_unprivileged_port_start)"
    return overridden(asking, False, words, ("net_bind_service",), "EACCES")


def _resource(asking: Asking) -> Finding:
    words = "whether the hard limit is raised is not known"
    return overridden(asking, None, words, ("sys_resource",), "EPERM")


def _open(words: str) -> Callable[[Asking], Finding]:
    return lambda asking: Finding(None, words)  # noqa: ARG005 - like every other test


_CHECKS: Mapping[LayerStep, Callable[[Asking], Finding]] = {
    LayerStep("dac", "search"): _search,
    LayerStep("dac", "access"): _access,
    LayerStep("dac", "create"): _create,
    LayerStep("dac", "delete"): _delete,
    LayerStep("dac", "rename"): _rename,
    LayerStep("dac", "chmod"): _chmod,
    LayerStep("dac", "chown"): _chown,
    LayerStep("dac", "hardlink"): _hardlink,
    LayerStep("dac", "signal"): _signal,
    LayerStep("dac", "ptrace"): _ptrace,
    LayerStep("dac", "other"): _open("the other process asks, and its user is not known"),
    LayerStep("dac", "queue"): _open("the owner and the mode of the queue are not known"),
    LayerStep("dac", "connect"): _connect,
    LayerStep("dac", "send"): _send,
    LayerStep("dac", "bind"): _bind,
    LayerStep("capability", "use"): _use,
    LayerStep("capability", "mknod"): _mknod,
    LayerStep("capability", "socket"): _socket,
    LayerStep("capability", "port"): _port,
    LayerStep("capability", "option"): _open("some options need CAP_NET_ADMIN or CAP_NET_RAW"),
    LayerStep("capability", "sys_admin"): _needs("sys_admin"),
    LayerStep("capability", "sys_resource"): _resource,
    LayerStep("bus", "policy"): _open("the configuration of the bus is not known"),
}


def check(step: LayerStep, asking: Asking) -> Finding:
    """The finding of a step that does not belong to a module."""
    return _CHECKS[step](asking)
