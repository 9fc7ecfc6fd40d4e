"""One message of a log as a record of SELinux.

A decision is `avc:  denied  { PERMISSION... } for  KEY=VALUE... scontext=S tcontext=T tclass=C`, by
the kernel behind the header of an audit record, by a daemon within `msg='...'` of one, or in the
daemon's own log.  The lines of an event are joined before: those behind the first are of the system
call that the decision was part of.

What stands before the contexts may hold text that somebody else chose (systemd writes the command
line of who asked), so that the last contexts count.
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from lsmc.logs.envelope import Envelope
from lsmc.logs.header import is_front, split, split_shown, stamp
from lsmc.logs.pairs import (
    PAIR,
    SHOWN_PAIR,
    Fields,
    Value,
    in_folder,
    number_of,
    pairs,
    text_of,
    value_of,
)
from lsmc.logs.record import LogError, LogPlace
from lsmc.modules.selinux.log.record import Record, Type

_DECISION = re.compile(r"avc:\s{1,8}(denied|granted)\s{1,8}\{([^{}]*)\}\s*(?:for\b)?")
_NOTICE = re.compile(r"avc:\s{1,8}(?!denied|granted)[a-z]")
#: How kernels before 3.12 began what they wrote of a label that cannot be.
_OLD_ERROR = re.compile(r"(security_\w+):\s+(?:invalid context (\S+)|denied\b)")
_WORD = re.compile(r"[A-Za-z0-9_]{1,255}")
#: Where other than decisions say who and what.
_SOURCES = ("scontext", "oldcontext")
_TARGETS = ("tcontext", "newcontext")
#: What is kept of the other records of an event.
_OF_EVENT = frozenset(
    ("syscall", "success", "exit", "ppid", "auid", "uid", "euid", "exe", "key", "cwd", "proctitle")
)
_ERRORS = frozenset({"SELINUX_ERR", "USER_SELINUX_ERR", "1401", "UNKNOWN[1401]"})
_DAEMONS = frozenset({"USER_AVC", "1107"})
#: The types of records that hold decisions; "" where the transport does not name it.
_DECISIONS = frozenset({"AVC", "1400", "", *_DAEMONS})


class _Message(NamedTuple):
    """A message taken apart: its header, its first line, and the lines of the same event."""

    kind: str
    head: dict[str, Any]
    body: str
    others: list[str]
    pairs: re.Pattern[str] = PAIR


def read_message(message: Envelope, source: LogPlace | None = None) -> Record | None:
    """The record of a message; None where it is somebody else's.

    Raises `LogError` for a record that cannot be read.
    """
    found = _opened(message)
    if found is None:
        return None
    record: Record | None = None
    if found.kind in _ERRORS:
        record = _error(found.body, found.head)
    elif found.kind in _DECISIONS:
        record = _decision(found)
    if record is None:
        return None
    event, paths = _event(found.others)
    return record._replace(event=event, paths=paths, source=source)


def _opened(message: Envelope) -> _Message | None:
    text, *others = message.text.split("\n")
    shown = split_shown(text) if "audit(" in text else None
    if shown is not None:
        kind, serial, body = shown
        return _Message(kind, {"audit_id": serial}, body, others, SHOWN_PAIR)
    header, body = split(text)
    if header is not None:
        return _Message(
            header.kind, {"audit_id": header.serial, "epoch": header.epoch}, body, others
        )
    at = text.find("avc: ")
    if at < 0 or not is_front(text, at):
        return None
    epoch = message.epoch or stamp(text)
    return _Message("", {"epoch": epoch} if epoch else {}, text[at:], others)


def _decision(message: _Message) -> Record | None:
    start, head, body = 0, message.head, message.body
    daemon = message.kind in _DAEMONS
    if daemon:
        start = body.find("msg='") + len("msg='")
        if start < len("msg='"):
            return None
    found = _DECISION.match(body, start)
    event: Type = "USER_AVC" if daemon else "AVC"
    if found is None:
        if _NOTICE.match(body, start):
            return Record("NOTICE", fields=pairs(body[start:]), **head)
        if body.startswith("avc: ", start):
            raise LogError("no `{ PERMISSION }` behind `avc:`", Record(**head))
        return None
    rest = body[found.end() :]
    at = max(rest.rfind(" scontext="), 0)
    contexts = dict(pairs(rest[at:]))
    own = dict(pairs(rest[:at], message.pairs))
    permissive = {"0": False, "1": True}.get(str(contexts.pop("permissive", "")))
    scontext, tcontext, cls, raw_scontext, raw_tcontext = (
        text_of(contexts.pop(key, None))
        for key in ("scontext", "tcontext", "tclass", "srawcon", "trawcon")
    )
    record = Record(
        event_type=event,
        granted=found[1] == "granted",
        perms=tuple(found[2].split()),
        scontext=scontext,
        tcontext=tcontext,
        class_=cls,
        permissive=permissive,
        raw_scontext=raw_scontext,
        raw_tcontext=raw_tcontext,
        pid=number_of(own.pop("pid", None)),
        name=text_of(own.pop("name", None)),
        lport=number_of(own.pop("lport", None)),
        fields=tuple((own | contexts).items()),
        **head,
    )
    return _checked(record)


def _checked(record: Record) -> Record:
    """A decision that says who, what and on what; raises `LogError`."""
    broken = record._replace(event_type="INVALID")
    for value, what in (
        (record.scontext, "scontext"),
        (record.tcontext, "tcontext"),
        (record.class_, "tclass"),
        (record.perms, "permission"),
    ):
        if not value:
            raise LogError(f"it names no {what}: the record is cut off", broken)
    for word in (record.class_ or "", *record.perms):
        if not _WORD.fullmatch(word):
            raise LogError("a class or permission is not a word", broken)
    return record


def _error(body: str, head: dict[str, Any]) -> Record:
    old = _OLD_ERROR.match(body)
    names = dict(pairs(body))
    if old is not None:
        names.setdefault("op", old[1])
        if old[2] is not None:
            names.setdefault("invalid_context", old[2])
    source = next((names.pop(key) for key in _SOURCES if key in names), None)
    target = next((names.pop(key) for key in _TARGETS if key in names), None)
    perms = str(names.pop("perms", ""))
    return Record(
        "SELINUX_ERR",
        perms=tuple(filter(None, perms.split(","))),
        scontext=text_of(source),
        tcontext=text_of(target),
        class_=text_of(names.pop("tclass", None)),
        pid=number_of(names.pop("pid", None)),
        fields=tuple(names.items()),
        **head,
    )


def _event(lines: list[str]) -> tuple[Fields, tuple[str, ...]]:
    """What the other records of an event say, and the files that they name."""
    found: dict[str, Value] = {}
    names: list[str] = []
    for line in lines:
        for key, text in PAIR.findall(line):
            if key in _OF_EVENT and text:
                found.setdefault(key, value_of(key, text))
            elif key == "name" and text:
                names.append(str(value_of(key, text)))
    folder = found.get("cwd")
    if isinstance(folder, str) and folder.startswith("/"):
        names = [in_folder(folder, one) for one in names]
    paths = dict.fromkeys(one for one in names if one.startswith("/"))
    return tuple(found.items()), tuple(paths)
