"""The context of an access: the process, the object, its directory and the active modules.

Everything is optional.  What is left out is not judged, with three exceptions that describe a
process: no supplementary groups, and the capabilities of its user (all for user 0, none for
others).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from lsmc.base.errors import Error
from lsmc.base.numbers import natural
from lsmc.stack.capabilities import ALL, capability_set, named
from lsmc.stack.modes import LARGEST, AclEntry, Inode, acl_of, mode_of
from lsmc.stack.modes import checked as checked_acl
from lsmc.stack.modules import checked as checked_modules
from lsmc.stack.modules import modules_of

#: The largest user or group: the number above it, -1, means none.
_LARGEST_ID = 2**32 - 2
_NUMBERS = ("uid", "gid", "owner", "group", "dir_owner", "dir_group")
_MOST_GROUPS = 65536  # NGROUPS_MAX


class ContextError(Error, ValueError):
    """A context contains something impossible."""


@dataclass(frozen=True, slots=True)
class Context:
    """What is known of an access beside the policy; raises `ContextError`.

    Args:
        uid: the user of the process (`fsuid`, and for signals and tracing all its user ids).
        gid: its group, likewise.
        groups: its supplementary groups.
        caps: its effective capabilities, by name; by default those of its user.
        owner: the owner of the object: a file, or the process that is signalled or traced.
        group: the object's group.
        mode: the object's mode with its type; without a type it is a regular file, or a directory
            where the object's name ends in `/`.
        acl: the object's access control list.
        dir_owner: the owner of the directory that holds the object; `dir_group`, `dir_mode` and
            `dir_acl` likewise.
        lsm: the active security modules in order; by default AppArmor is active, and nothing is
            said of others.
    """

    uid: int | None = None
    gid: int | None = None
    groups: Collection[int] = ()
    caps: Collection[str] | None = None
    owner: int | None = None
    group: int | None = None
    mode: int | None = None
    acl: Sequence[AclEntry] = ()
    dir_owner: int | None = None
    dir_group: int | None = None
    dir_mode: int | None = None
    dir_acl: Sequence[AclEntry] = ()
    lsm: Sequence[str] | None = None

    def __post_init__(self) -> None:
        for name in _NUMBERS:
            _number(name, getattr(self, name), _LARGEST_ID)
        for name in ("mode", "dir_mode"):
            _number(name, getattr(self, name), LARGEST)
        if len(self.groups) > _MOST_GROUPS:
            raise ContextError("`groups` has more members than a process can have")
        for group in self.groups:
            _number("groups", group, _LARGEST_ID)
        if self.dir_mode is not None and self.dir_mode >> 12 not in (0, 0o4):
            raise ContextError("`dir_mode` is not the mode of a directory")
        put = object.__setattr__  # the fields keep what they were made from in one form
        put(self, "groups", frozenset(self.groups))
        try:
            if self.caps is not None:
                put(self, "caps", named(list(self.caps)))
            for name in ("acl", "dir_acl"):
                put(self, name, checked_acl(tuple(getattr(self, name))))
            if self.lsm is not None:
                put(self, "lsm", checked_modules(self.lsm))
        except ValueError as fault:
            raise ContextError(str(fault)) from None

    @property
    def object(self) -> Inode:
        """What is known of the object."""
        return Inode(self.owner, self.group, self.mode, tuple(self.acl))

    @property
    def directory(self) -> Inode:
        """What is known of the directory that holds the object."""
        return Inode(self.dir_owner, self.dir_group, self.dir_mode, tuple(self.dir_acl))

    @property
    def capabilities(self) -> frozenset[str] | None:
        """The effective capabilities, None when they are not known."""
        if self.caps is not None:
            return frozenset(self.caps)
        if self.uid is None:
            return None
        return ALL if self.uid == 0 else frozenset()

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Context:
        """The context that a JSON object describes; raises `ContextError`.

        Modes are texts (`0644`, `-rw-r--r--`); lists are arrays, or texts with commas; null counts
        as missing.
        """
        known = [field.name for field in fields(cls)]
        given: dict[str, Any] = {}
        for name, value in values.items():
            if name not in known:
                raise ContextError(f"`{name}` is not part of a context: {' '.join(known)}")
            if value is None:
                continue
            try:
                given[name] = _read(name, value)
            except ValueError as fault:
                raise ContextError(f"`{name}`: {fault}") from None
        return cls(**given)


def _number(name: str, value: object, largest: int) -> None:
    if value is not None and (type(value) is not int or not 0 <= value <= largest):
        raise ContextError(f"`{name}` is not a number from 0 to {largest}")


def _read(name: str, value: Any) -> Any:
    """A field from JSON; ValueError."""
    if name in _NUMBERS:
        return value
    if name in ("mode", "dir_mode", "acl", "dir_acl"):
        if not isinstance(value, str):
            raise ValueError("not a text")
        return mode_of(value) if name.endswith("mode") else acl_of(value)
    if isinstance(value, str):
        return {"caps": capability_set, "lsm": modules_of, "groups": groups_of}[name](value)
    if not isinstance(value, list):
        raise ValueError("neither a list nor a text")
    wanted = int if name == "groups" else str
    if not all(type(one) is wanted for one in value):
        raise ValueError(f"not a list of {'numbers' if wanted is int else 'texts'}")
    return value


def groups_of(text: str) -> tuple[int, ...]:
    """Parse a comma-separated list of groups; ValueError."""
    groups = []
    for word in text.replace(",", " ").split():
        group = natural(word, 10)
        if group is None:
            raise ValueError(f"`{word}` is not a group number")
        groups.append(group)
    return tuple(groups)
