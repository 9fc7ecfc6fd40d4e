"""Discretionary access: mode bits and access control lists, as the kernel evaluates them.

Source: the kernel's fs/namei.c (`acl_permission_check`, `generic_permission`) and fs/posix_acl.c
(`posix_acl_permission`).  An unknown number stands for every number that could make a difference;
when all of these agree, the answer is certain.
"""

from __future__ import annotations

import stat
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from lsmc.stack.context import Context
from lsmc.stack.modes import EXECUTE, READ, WRITE, AclEntry, Inode

Who = Literal["the owner", "the group", "others", "the access control list"]

_OWNER, _GROUP, _OTHER = 6, 3, 0


@dataclass(frozen=True, slots=True)
class ModeBits:
    """Whether the bits allow, None when unknown; whose bits decide, and those bits."""

    allowed: bool | None
    who: Who | None = None
    bits: int = 0


@dataclass(frozen=True, slots=True)
class _World:
    """One possible choice of the unknown numbers."""

    uid: int
    groups: frozenset[int]
    owner: int
    group: int


def access(context: Context, inode: Inode, wanted: int) -> ModeBits:
    """The result of mode and access control list, without any capability.

    Args:
        context: the process.
        inode: a file or directory.
        wanted: bits of `READ`, `WRITE`, `EXECUTE`.
    """
    if inode.mode is None:
        return ModeBits(None)
    found = {_decide(world, inode, inode.mode, wanted) for world in _worlds(context, inode)}
    if len(found) == 1:
        return found.pop()
    answers = {one.allowed for one in found}
    return ModeBits(answers.pop() if len(answers) == 1 else None)


def _decide(world: _World, inode: Inode, mode: int, wanted: int) -> ModeBits:
    if world.uid == world.owner:
        return _bits("the owner", mode >> _OWNER & 7, wanted)
    if inode.acl and mode >> _GROUP & 7:
        return _listed(world, inode.acl, wanted)
    if world.group in world.groups:
        return _bits("the group", mode >> _GROUP & 7, wanted)
    return _bits("others", mode >> _OTHER & 7, wanted)


def _bits(who: Who, bits: int, wanted: int) -> ModeBits:
    return ModeBits(not wanted & ~bits, who, bits)


def _listed(world: _World, acl: Collection[AclEntry], wanted: int) -> ModeBits:
    """The entry for the user, else a group entry with all wanted bits, else that for others."""
    who: Who = "the access control list"
    mask = next((entry.permissions for entry in acl if entry.tag == "mask"), 7)
    for entry in acl:
        if entry.tag == "user" and entry.id == world.uid:
            return _bits(who, entry.permissions & mask, wanted)
    member = False
    for entry in acl:
        own = entry.tag == "group-owner" and world.group in world.groups
        if own or (entry.tag == "group" and entry.id in world.groups):
            member = True
            if not wanted & ~entry.permissions:
                return _bits(who, entry.permissions & mask, wanted)
    if member:
        return ModeBits(False, who, 0)
    return _bits(who, next(entry.permissions for entry in acl if entry.tag == "other"), wanted)


def _worlds(context: Context, inode: Inode) -> Iterator[_World]:
    """Every choice of the unknown numbers that can make a difference.

    Negative numbers differ from all others.  Of the users and groups that a list names, one stands
    for all with the same permissions.
    """
    users = {entry.permissions: entry.id for entry in inode.acl if entry.tag == "user"}
    groups = {entry.permissions: entry.id for entry in inode.acl if entry.tag == "group"}
    several = frozenset(context.groups)
    for uid in _either(context.uid, (*users.values(), inode.owner, -1)):
        for gid in _either(context.gid, (*groups.values(), inode.group, -1)):
            for owner in _either(inode.owner, (uid, -2)):
                for group in _either(inode.group, (gid, -2)):
                    yield _World(uid, several | {gid}, owner, group)


def _either(known: int | None, otherwise: Iterable[int | None]) -> set[int]:
    return {known} if known is not None else {one for one in otherwise if one is not None}


def overriding(mode: int, directory: bool, wanted: int) -> tuple[str, ...]:
    """The capabilities that the kernel tries when the bits refuse, in its order."""
    if directory:
        return ("dac_override",) if wanted & WRITE else ("dac_read_search", "dac_override")
    found: list[str] = ["dac_read_search"] if wanted == READ else []
    if not wanted & EXECUTE or mode & 0o111:
        found.append("dac_override")
    return tuple(found)


def is_directory(inode: Inode, name: str) -> bool:
    """Whether an object is a directory: by its type, else by the `/` at the end of its name."""
    kind = stat.S_IFMT(inode.mode or 0)
    return kind == stat.S_IFDIR if kind else name.endswith("/")
