"""Which records of Smack have one cause: the same labels, letters, function and file."""

from __future__ import annotations

from typing import Any

from lsmc.explain.log_groups import About, Grouping
from lsmc.explain.varying import STAR, folded
from lsmc.modules.smack.log.record import Record
from lsmc.modules.smack.operations import ACCESS


def _key(record: Record) -> tuple[object, ...]:
    """What equal causes have in common, the most general first."""
    return (
        record.event_type,
        record.subject,
        record.object,
        record.mask,
        record.operation,
        folded(_name(record)),
    )


def _name(record: Record) -> str:
    """The name of the object: of a file, or of the other program."""
    return record.path or record.name or str(record.field("ocomm") or "")


def about(record: Record, width: int = 0) -> About:
    """What a record is about: the label of its object, and what has it."""
    label = record.object or ""
    named = _name(record) if not width else ""
    exact = f"{label} {named}".strip()
    pattern = f"{label} {folded(named)}".strip()
    if width >= _NO_LABEL:
        exact = pattern = STAR
    return About(cls=ACCESS, denied=record.mask or "", pattern=pattern, object=exact)


def _without_name(key: Any) -> tuple[object, ...]:
    return tuple(key[:4])


def _labels(key: Any) -> tuple[object, ...]:
    return tuple(key[:3])


def _subject(key: Any) -> tuple[object, ...]:
    return tuple(key[:2])


def _kind(key: Any) -> tuple[object, ...]:
    return tuple(key[:1])


#: The width from which the object's label is not told.
_NO_LABEL = 3
GROUPING = Grouping(
    key=_key,
    about=about,
    names=_name,
    alike=lambda name, _port: folded(name),
    wider=(_without_name, _labels, _subject, _kind),
)
