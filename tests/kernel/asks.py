"""The questions that the kernel asks while an act is performed, one after the other.

They are a fact of the kernel (security/apparmor/lsm.c and the files that it calls).  `expect` has
the answers.
"""

from __future__ import annotations

import errno
import stat
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import NamedTuple

from lsmc.layers.capabilities import ALL
from lsmc.layers.context import Context
from tests.kernel.cases import (
    CAPABILITY_BITS,
    ROOT,
    UNCONFINED,
    Case,
    Made,
    file,
    ids_of,
    made,
)

SIGNALS = {0: "exists", 1: "hup", 9: "kill", 10: "usr1", 15: "term", 17: "chld", 18: "cont"}
FAMILIES = {1: "unix", 2: "inet", 10: "inet6", 16: "netlink"}
TYPES = {1: "stream", 2: "dgram", 3: "raw", 5: "seqpacket"}
RESOURCES = {4: "core", 5: "rss", 7: "nofile", 11: "sigpending"}
_MOUNT_FLAGS = {
    0x1: "ro",
    0x2: "nosuid",
    0x20: "remount",
    0x1000: "bind",
    0x2000: "move",
    0x4000: "rec",
    0x40000: "private",
    0x80000: "slave",
    0x100000: "shared",
}
_TWO_PATHS, _NEW = 0x3000, 0x1C3020
_NODES = {"p": stat.S_IFIFO, "c": stat.S_IFCHR, "s": stat.S_IFSOCK, "f": stat.S_IFREG}

Files = Mapping[str, Made]


class Ask(NamedTuple):
    """One question of the kernel; `operation` is its name in the audit log.

    With `perms` it is about permissions of a class, which `op` names then.  With `joined` set it is
    asked together with the one before it, whatever came of that.  With a `context` the layers round
    the profile are asked too; `parts` are then the questions to the profile, where there are more
    than one.
    """

    subject: str
    op: str
    object: str
    operation: str
    owner: bool = True
    fields: Mapping[str, str] = {}
    refusal: int = errno.EACCES
    joined: bool = False
    perms: tuple[str, ...] = ()
    context: Context | None = None
    parts: tuple[Ask, ...] = ()


def asks(case: Case) -> Iterator[Ask]:
    """The questions of an act, in the order of the kernel."""
    what, *rest = case.act
    files = {entry.path: entry for entry in map(made, case.setup)}
    yield from _ASKS[what](case, rest, files)


# ---- contexts


def _process(case: Case) -> Context | None:
    """What is known of the process, for cases that ask all layers."""
    if case.ids == ROOT:
        return None
    one = ids_of(case.ids)
    caps = one.caps
    held = ALL if caps is None else {name for name, bit in CAPABILITY_BITS if caps >> bit & 1}
    return Context(uid=one.uid, gid=one.gid, groups=one.groups, caps=held)


def _context(case: Case, files: Files, path: str) -> Context | None:
    """The context of an access to a file."""
    process = _process(case)
    if process is None:
        return None
    folder = files.get(path.rstrip("/").rpartition("/")[0] + "/") or made(file("/"))
    around = replace(
        process, dir_owner=folder.uid, dir_group=folder.gid, dir_mode=folder.mode & 0o7777
    )
    if case.act[0] == "mknod":
        return replace(around, mode=_NODES[case.act[1]] | 0o644)
    entry = files.get(path)
    if entry is None:
        return around
    return replace(around, owner=entry.uid, group=entry.gid, mode=entry.mode)


# ---- files


def _on_file(
    case: Case, files: Files, op: str, operation: str, path: str, of: str | None = None
) -> Ask:
    """A question about a path, and the file `of` that says whose it is."""
    entry = files.get(of or path)
    owner = entry is None or entry.uid == ids_of(case.ids).uid  # what is new is one's own
    return Ask(case.subject, op, path, operation, owner, context=_context(case, files, of or path))


def _open(case: Case, words: list[str], files: Files) -> Iterator[Ask]:
    mode, path = words
    if path in files and files[path].kind == "l":
        path = files[path].text  # what a symbolic link leads to is asked about
    if "c" in mode:
        yield _on_file(case, files, "create", "mknod", path)
        yield _on_file(case, files, "write", "open", path)._replace(context=None)
        return
    names = {"r": "open", "rR": "read", "w": "write", "wW": "write", "wa": "append"}
    letters = "".join(c for c in mode if c in "rw")
    yield _on_file(case, files, names.get(mode, letters), "open", path)
    if "t" in mode:
        yield _on_file(case, files, "truncate", "truncate", path)


def _lock(case: Case, words: list[str], files: Files) -> Iterator[Ask]:
    kind, path = words
    exclusive = kind == "exclusive"
    yield _on_file(case, files, "rw" if exclusive else "open", "open", path)
    yield _on_file(case, files, "wk" if exclusive else "lock", "file_lock", path)


def _map(case: Case, words: list[str], files: Files) -> Iterator[Ask]:
    yield _on_file(case, files, "open", "open", words[0])
    yield _on_file(case, files, "rm", "file_mmap", words[0])


def _rename(case: Case, words: list[str], files: Files) -> Iterator[Ask]:
    old, new = words
    whole = _on_file(case, files, "rename", "rename", old)
    parts = (
        _on_file(case, files, "rw", "rename_src", old),
        _on_file(case, files, "w", "rename_dest", new, old),
    )
    if whole.context is None:
        yield from parts
    else:
        yield whole._replace(fields={"target": new}, parts=parts)


def _link(case: Case, words: list[str], files: Files) -> Iterator[Ask]:
    old, new = words
    yield _on_file(case, files, "link", "link", new, old)._replace(fields={"target": old})


def _last(case: Case, words: list[str], files: Files) -> Iterator[Ask]:
    """An act that is called as its operation and ends in the path that it is about."""
    yield _on_file(case, files, case.act[0], case.act[0], words[-1])


# ---- processes, sockets


def _capable(case: Case, words: list[str], files: Files) -> Iterator[Ask]:
    del files
    refusal = errno.EACCES if words[0] == "sys_nice" else errno.EPERM
    context = _process(case)
    yield Ask(case.subject, "capable", words[0], "capable", refusal=refusal, context=context)


def _socket(case: Case, words: list[str], files: Files) -> Iterator[Ask]:
    del files
    step, family, kind, _, *port = words
    for op in dict.fromkeys(("socket_create", step)):
        yield Ask(
            case.subject,
            op,
            FAMILIES[int(family)],
            {"socket_create": "create"}.get(op, op),
            fields={"type": TYPES[int(kind)]} | ({"port": port[0]} if port and op == step else {}),
            context=_process(case),
        )


def _kill(case: Case, words: list[str], files: Files) -> Iterator[Ask]:
    del files
    fields = {"signal": SIGNALS[int(words[0])]}
    peer, _, ids = case.peer.partition("@")
    send = Ask(case.subject, "signal_send", peer, "signal", fields=fields)
    receive = Ask(peer, "signal_receive", case.subject, "signal", fields=fields, joined=True)
    context = _process(case)
    if context is None:
        yield from (send, receive)
    else:
        context = replace(context, owner=ids_of(ids).uid)
        yield send._replace(context=context, parts=(send, receive))


def _trace(case: Case, words: list[str], files: Files) -> Iterator[Ask]:
    del files, words
    if case.subject != UNCONFINED:  # which may trace everything
        own, other = {
            "trace": ("ptrace_trace", "ptrace_tracedby"),
            "peek": ("ptrace_read", "ptrace_readby"),
        }[case.act[0]]
        # get_robust_list(2) has one error for all reasons
        refusal = errno.EPERM if case.act[0] == "peek" else errno.EACCES
        yield Ask(case.subject, own, case.peer, "ptrace", refusal=refusal)
        yield Ask(case.peer, other, case.subject, "ptrace", refusal=refusal, joined=True)


def _limit(case: Case, words: list[str], files: Files) -> Iterator[Ask]:
    del files
    number, value = words
    fields = {"value": value}
    yield Ask(case.subject, "setrlimit", RESOURCES[int(number)], "setrlimit", fields=fields)


# ---- mounts


def _named(path: str, files: Files) -> str:
    """A path as the kernel writes it: a directory ends in a slash."""
    entry = files.get(path) or files.get(path + "/")
    return path + "/" if entry is not None and entry.kind in "dm" else path


def _mount(case: Case, words: list[str], files: Files) -> Iterator[Ask]:
    source, target, kind, number = words
    flags = int(number, 16)
    options = ",".join(word for flag, word in _MOUNT_FLAGS.items() if flags & flag)
    fields = {"options": options}
    if flags & _TWO_PATHS:
        fields["source"] = _named(source, files)
    if not flags & _NEW:
        fields |= {"source": source, "fstype": kind}
    yield Ask(case.subject, "mount", _named(target, files), "mount", fields=fields)


def _umount(case: Case, words: list[str], files: Files) -> Iterator[Ask]:
    yield Ask(case.subject, "umount", _named(words[0], files), "umount")


def _pivot(case: Case, words: list[str], files: Files) -> Iterator[Ask]:
    new, old = (_named(path, files) for path in words)
    yield Ask(case.subject, "pivot_root", new, "pivotroot", fields={"oldroot": old})


# ---- changes of profile


def _change(case: Case, words: list[str], files: Files) -> Iterator[Ask]:
    del files
    yield Ask(case.subject, case.act[0], words[0], case.act[0])


def _onexec(case: Case, words: list[str], files: Files) -> Iterator[Ask]:
    del files
    target, path = words
    yield Ask(case.subject, "change_profile", target, "change_onexec", perms=("onexec",))
    yield Ask(case.subject, "onexec", target, "exec", fields={"exec": path}, perms=("onexec",))


_ASKS = {
    "open": _open,
    "lock": _lock,
    "map": _map,
    "rename": _rename,
    "link": _link,
    "capable": _capable,
    "socket": _socket,
    "kill": _kill,
    "trace": _trace,
    "peek": _trace,
    "mount": _mount,
    "umount": _umount,
    "pivot_root": _pivot,
    "change_profile": _change,
    "change_hat": _change,
    "onexec": _onexec,
    "setrlimit": _limit,
    **dict.fromkeys(("symlink", "unlink", "mkdir", "rmdir", "mknod"), _last),
    **dict.fromkeys(("chmod", "chown", "truncate", "getattr", "exec"), _last),
}
