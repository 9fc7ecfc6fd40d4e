"""File modes and access control lists.

Sources: `ls -l` for the text, the kernel's include/uapi/linux/posix_acl.h and posix_acl_xattr.h for
access control lists.
"""

from __future__ import annotations

import re
import stat
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

READ, WRITE, EXECUTE = 4, 2, 1
#: The largest mode: a file type, three special bits and nine permissions.
LARGEST = 0o177777

Tag = Literal["owner", "user", "group-owner", "group", "mask", "other"]

_TYPES = {
    "-": stat.S_IFREG,
    "d": stat.S_IFDIR,
    "l": stat.S_IFLNK,
    "c": stat.S_IFCHR,
    "b": stat.S_IFBLK,
    "p": stat.S_IFIFO,
    "s": stat.S_IFSOCK,
}
_TEXT = re.compile(r"([-dlcbps]?)([r-][w-][xsS-])([r-][w-][xsS-])([r-][w-][xtT-])([+.@]?)")
_XATTR_VERSION = 2
_ENTRY = struct.Struct("<HHI")
_TAGS: dict[int, Tag] = {
    0x01: "owner",
    0x02: "user",
    0x04: "group-owner",
    0x08: "group",
    0x10: "mask",
    0x20: "other",
}
_WRITTEN: dict[Tag, str] = {
    "owner": "user",
    "user": "user",
    "group-owner": "group",
    "group": "group",
    "mask": "mask",
    "other": "other",
}
_NAMED = ("user", "group")
_ACL_TEXT = re.compile(r"(user|u|group|g|mask|m|other|o):(\d{0,10}):([r-][w-][x-])")
#: Entries that a list may have here; the kernel's own limit is the size of a file system's block.
_MOST_ENTRIES = 4096


@dataclass(frozen=True, slots=True)
class AclEntry:
    """One line of an access control list; `id` applies only to `user` and `group`."""

    tag: Tag
    permissions: int
    id: int = 0


@dataclass(frozen=True, slots=True)
class Inode:
    """What is known of a file, directory or process; None is unknown.

    A process has an owner (its real, effective and saved user) and a group, and no mode.
    """

    owner: int | None = None
    group: int | None = None
    mode: int | None = None
    acl: tuple[AclEntry, ...] = ()


def mode_of(text: str) -> int:
    """Parse a mode: octal digits (`0644`, `100644`) or `ls -l` (`-rw-r--r--`); ValueError."""
    if re.fullmatch(r"(?:0o)?[0-7]{1,7}", text):
        mode = int(text, 8)
        if mode <= LARGEST:
            return mode
    match = _TEXT.fullmatch(text)
    if match is None:
        raise ValueError(f"`{text}` is not a mode: 0644, 0100644 or -rw-r--r--")
    kind, *triples, mark = match.groups()
    if mark == "+":
        raise ValueError(f"`{text}` has an access control list, which it does not show")
    mode = _TYPES[kind] if kind else 0
    specials = (stat.S_ISUID, stat.S_ISGID, stat.S_ISVTX)
    for triple, shift, special in zip(triples, (6, 3, 0), specials, strict=True):
        bits = (triple[0] == "r") * READ | (triple[1] == "w") * WRITE
        bits |= (triple[2] in "xst") * EXECUTE
        mode |= bits << shift | (triple[2] in "sStT") * special
    return mode


def mode_text(bits: int) -> str:
    """Three permissions as `rw-`."""
    return "".join(
        letter if bits & bit else "-" for letter, bit in (("r", READ), ("w", WRITE), ("x", EXECUTE))
    )


def acl_text(acl: Sequence[AclEntry]) -> str:
    """A list in the form that `acl_of` reads."""
    return ",".join(
        f"{_WRITTEN[entry.tag]}:{entry.id if entry.tag in _NAMED else ''}:"
        f"{mode_text(entry.permissions)}"
        for entry in acl
    )


def acl_of(text: str) -> tuple[AclEntry, ...]:
    """Parse the output of `getfacl --numeric --omit-header`, split at commas or lines.

    Raises ValueError.
    """
    entries = []
    for word in text.replace(",", " ").split():
        match = _ACL_TEXT.fullmatch(word)
        if match is None:
            raise ValueError(f"`{word}` is not an entry of an access control list: user:1000:rw-")
        kind, number, triple = match[1][0], match[2], match[3]
        bits = sum(bit for char, bit in zip(triple, (4, 2, 1), strict=True) if char != "-")
        tag: Tag
        if number and kind in "mo":
            raise ValueError(f"`{word}`: {match[1]} takes no number")
        if kind == "u":
            tag = "user" if number else "owner"
        elif kind == "g":
            tag = "group" if number else "group-owner"
        else:
            tag = "mask" if kind == "m" else "other"
        entries.append(AclEntry(tag, bits, int(number or 0)))
    return checked(tuple(entries))


def acl_of_xattr(data: bytes) -> tuple[AclEntry, ...]:
    """The list in the attribute `system.posix_acl_access`; ValueError."""
    if len(data) < 4 or (len(data) - 4) % _ENTRY.size:
        raise ValueError("a damaged access control list")
    if int.from_bytes(data[:4], "little") != _XATTR_VERSION:
        raise ValueError("an access control list of an unknown version")
    entries = []
    for tag, bits, number in _ENTRY.iter_unpack(data[4:]):
        if tag not in _TAGS:
            raise ValueError("an access control list with an unknown kind of entry")
        entries.append(AclEntry(_TAGS[tag], bits & 7, number if _TAGS[tag] in _NAMED else 0))
    return checked(tuple(entries))


def checked(acl: tuple[AclEntry, ...]) -> tuple[AclEntry, ...]:
    """The list, if the kernel accepts it (`posix_acl_valid`); ValueError.

    It has one entry each for the owner, the owning group and others, and a mask where users or
    groups are named.
    """
    if len(acl) > _MOST_ENTRIES:
        raise ValueError("an access control list of too many entries")
    tags = [entry.tag for entry in acl]
    for tag in ("owner", "group-owner", "other"):
        if acl and tags.count(tag) != 1:
            raise ValueError(f"an access control list has one entry for {tag}")
    masks, named = tags.count("mask"), "user" in tags or "group" in tags
    if masks > 1 or (named and not masks):
        raise ValueError("an access control list that names users or groups has one mask")
    return acl
