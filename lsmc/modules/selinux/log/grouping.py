"""Which records of SELinux have one cause: those that one rule, boolean or label would change.

A decision depends on contexts, class and permissions alone, so that records of many files of one
type are one cause.  Where there are too many, the categories of contexts do not count, which
containers and virtual machines draw by lot, then users, roles and levels, then the object.
"""

from __future__ import annotations

import re
from collections.abc import Hashable
from functools import partial
from typing import Any, NamedTuple

from lsmc.explain.folding import Wider
from lsmc.explain.log_groups import About, Grouping
from lsmc.modules.selinux.log.record import Record

_DIGITS = re.compile(r"\d+")
_MANY = "*"


class _Key(NamedTuple):
    kind: str
    scontext: str
    tcontext: str
    cls: str
    perms: tuple[str, ...]
    more: Hashable


def _key(record: Record) -> _Key:
    return _Key(
        record.kind,
        record.scontext or "",
        record.tcontext or "",
        record.class_ or "",
        tuple(sorted(record.perms)),
        (record.field("ioctlcmd"), record.field("op"), record.raw_tcontext, record.raw_scontext),
    )


def _without_categories(context: str) -> str:
    """A context without the categories of its levels."""
    head, colon, levels = _parted(context)
    return head + colon + "-".join(level.partition(":")[0] for level in levels.split("-"))


def _type_of(context: str) -> str:
    parts = context.split(":", 3)
    return parts[2] if len(parts) > 2 else context


def _parted(context: str) -> tuple[str, str, str]:
    """User, role and type of a context, and its levels."""
    parts = context.split(":", 3)
    return ":".join(parts[:3]), ":" if len(parts) > 3 else "", parts[3] if len(parts) > 3 else ""


def _no_categories(key: Any) -> _Key:
    one: _Key = key
    return one._replace(
        scontext=_without_categories(one.scontext), tcontext=_without_categories(one.tcontext)
    )


def _types(key: Any) -> _Key:
    one: _Key = key
    return one._replace(scontext=_type_of(one.scontext), tcontext=_type_of(one.tcontext), more=())


def _subject(key: Any) -> tuple[str, ...]:
    one: _Key = key
    return one.kind, one.scontext, one.cls


def _first(count: int, key: Any) -> tuple[str, ...]:
    found: tuple[str, ...] = key[:count]
    return found


_WIDER: tuple[Wider, ...] = (
    _no_categories,
    _types,
    _subject,
    partial(_first, 2),
    partial(_first, 1),
)
#: The widths from which the levels, users and roles, and the object are left out.
_TYPES, _NO_OBJECT = 2, 3


def _about(record: Record, width: int) -> About:
    target = record.tcontext or ""
    if width >= _NO_OBJECT:
        target = _MANY
    elif width == _TYPES:
        target = _type_of(target)
    elif width:
        target = _without_categories(target)
    name = object_name(record)
    folded = _DIGITS.sub(_MANY, name)
    return About(
        record.class_ or "",
        " ".join(record.perms),
        target,
        f"{target} {name}" if name and not width and folded == name else target,
    )


def object_name(record: Record) -> str:
    """What the object is called: its path, its name, or a port."""
    if record.path:
        return record.path
    written = record.field("path") or record.name
    if written:
        return str(written)
    port = record.field("dest") or record.field("src") or record.lport
    return f"port {port}" if port is not None else ""


def _names(record: Record) -> Hashable:
    return object_name(record)


def _alike(name: str, port: str) -> Hashable:
    """A key says nothing of either."""
    del name, port
    return None


GROUPING = Grouping(key=_key, about=_about, names=_names, alike=_alike, wider=_WIDER)
