"""One question of the kernel, and what is known of who asks."""

from __future__ import annotations

import errno
import stat
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import NamedTuple

from lsmc.stack.capabilities import ALL
from lsmc.stack.context import Context
from tests.kernel.cases import CAPABILITY_BITS, ROOT, Case, Made, file, ids_of, made

Files = Mapping[str, Made]
NODES = {"p": stat.S_IFIFO, "c": stat.S_IFCHR, "s": stat.S_IFSOCK, "f": stat.S_IFREG}


class Ask(NamedTuple):
    """One question of the kernel; `operation` is its name in the audit log.

    With `perms` it is about permissions of a class, which `op` names then.  With `joined` set it is
    asked together with the one before it, whatever came of that.  With a `context` the layers round
    the profile are asked too.  `parts` are the questions to the profile, where one of ours stands
    for several of the kernel's.
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


Asks = Iterator[Ask]


def files_of(case: Case) -> Files:
    """The files of a case by their paths."""
    return {entry.path: entry for entry in map(made, case.setup)}


def process(case: Case) -> Context | None:
    """What is known of the process, for cases that ask all layers."""
    if case.ids == ROOT:
        return None
    one = ids_of(case.ids)
    caps = one.caps
    held = ALL if caps is None else {name for name, bit in CAPABILITY_BITS if caps >> bit & 1}
    return Context(uid=one.uid, gid=one.gid, groups=one.groups, caps=held)


def around(case: Case, files: Files, path: str) -> Context | None:
    """The context of an access to a file."""
    known = process(case)
    if known is None:
        return None
    folder = files.get(path.rstrip("/").rpartition("/")[0] + "/") or made(file("/"))
    known = replace(
        known, dir_owner=folder.uid, dir_group=folder.gid, dir_mode=folder.mode & 0o7777
    )
    if case.act[0] == "mknod":
        return replace(known, mode=NODES[case.act[1]] | 0o644)
    entry = files.get(path)
    if entry is None:
        return known
    kind = stat.S_IFSOCK if entry.kind == "s" else 0
    return replace(known, owner=entry.uid, group=entry.gid, mode=entry.mode | kind)


def on_file(
    case: Case, files: Files, op: str, operation: str, path: str, of: str | None = None
) -> Ask:
    """A question about a path, and the file `of` that says whose it is."""
    entry = files.get(of or path)
    owner = entry is None or entry.uid == ids_of(case.ids).uid  # what is new is one's own
    return Ask(case.subject, op, path, operation, owner, context=around(case, files, of or path))


def named(path: str, files: Files) -> str:
    """A path as the kernel writes it: a directory ends in a slash."""
    entry = files.get(path) or files.get(path + "/")
    return path + "/" if entry is not None and entry.kind in "dm" else path
