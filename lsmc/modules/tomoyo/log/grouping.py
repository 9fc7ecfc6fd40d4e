"""Which records of TOMOYO have one cause: the same domain, mode, operation and names."""

from __future__ import annotations

from typing import Any

from lsmc.explain.log_groups import About, Grouping
from lsmc.explain.varying import STAR, folded
from lsmc.modules.tomoyo.log.record import Record
from lsmc.modules.tomoyo.vocabulary import INET

#: The width from which the object is not told.
_NO_OBJECT = 1


def _key(record: Record) -> tuple[object, ...]:
    """What equal causes have in common, the most general first."""
    return (
        record.event_type,
        record.domain,
        record.operation or record.message,
        _folded(record),
    )


def _folded(record: Record) -> str:
    """The object with `*` for what differs from run to run: parts of names, and ports."""
    words = record.object.split(" ")
    ports = record.operation == INET.head
    return " ".join(folded(word) if ports or not word[:1].isdigit() else word for word in words)


def about(record: Record, width: int = 0) -> About:
    """What a record is about: the operation, and what stands behind it."""
    exact, pattern = record.object, _folded(record)
    if width >= _NO_OBJECT:
        exact = pattern = STAR
    return About(cls=record.operation or "", denied="", pattern=pattern, object=exact)


def _without_object(key: Any) -> tuple[object, ...]:
    return tuple(key[:3])


def _domain(key: Any) -> tuple[object, ...]:
    return tuple(key[:2])


def _kind(key: Any) -> tuple[object, ...]:
    return tuple(key[:1])


GROUPING = Grouping(
    key=_key,
    about=about,
    names=lambda record: record.object,
    alike=lambda name, _port: folded(name),
    wider=(_without_object, _domain, _kind),
)
