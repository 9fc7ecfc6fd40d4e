"""Which alerts have one cause: the same container, operation, program and object."""

from __future__ import annotations

from typing import Any

from lsmc.explain.log_groups import About, Grouping
from lsmc.explain.varying import STAR, folded
from lsmc.modules.kubearmor.log.record import Record

_CLASSES = {
    "File": "file",
    "Process": "process",
    "Network": "network",
    "Capabilities": "capability",
}
#: The width from which the object is not told.
_NO_OBJECT = 2


def _key(record: Record) -> tuple[object, ...]:
    """What equal causes have in common, the most general first."""
    return (
        record.event_type,
        record.subject,
        record.category,
        record.process_name,
        record.data,
        folded(record.resource or ""),
    )


def _names(record: Record) -> str:
    return record.resource or ""


def about(record: Record, width: int = 0) -> About:
    """What a record is about: its object."""
    resource = record.resource or ""
    pattern = STAR if width >= _NO_OBJECT else folded(resource)
    exact = resource if not width else pattern
    cls = _CLASSES.get(record.category or "", "")
    return About(cls=cls, denied="", pattern=pattern, object=exact)


def _without_object(key: Any) -> tuple[object, ...]:
    return tuple(key[:5])


def _program(key: Any) -> tuple[object, ...]:
    return tuple(key[:3])


def _kind(key: Any) -> tuple[object, ...]:
    return tuple(key[:1])


GROUPING = Grouping(
    key=_key,
    about=about,
    names=_names,
    alike=lambda name, _port: folded(name),
    wider=(_without_object, _program, _kind),
)
