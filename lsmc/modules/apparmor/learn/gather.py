"""What the programs of a log asked for: its records as accesses, each once.

Memory is bounded by what differs, not by the number of records.  Of records that differ only in
numbers that vary from run to run a few are kept, and the shortest and the longest; of the files of
a directory many.  What is not kept is of the same kind as what is, and the rule is for that kind.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Hashable, Mapping
from operator import attrgetter
from typing import Any, NamedTuple

from lsmc.engine.verdict import UNCONFINED
from lsmc.explain.learning import CannotLearn, Left
from lsmc.explain.varying import folded
from lsmc.logs.record import LogPlace
from lsmc.modules.apparmor.log.classes import mediation_class
from lsmc.modules.apparmor.log.record import Record
from lsmc.modules.apparmor.log.request import asked
from lsmc.modules.apparmor.log.subjects import namespace, subjects

LEARNING = "//null-"
#: Accesses that are kept of a kind, files of one directory, and accesses altogether.
_FEW = 24
_MANY = 512
_MOST = 20_000
#: Flags of a profile, by what the kernel says of a name that it could not find.
FLAGS = {"deleted entry": "mediate_deleted", "disconnected path": "attach_disconnected"}
_STACK = "//&"
#: A new file with the name of the old one, as the kernel shows a deleted file.
_DELETED = re.compile(r" \(deleted\)\Z")

_names = attrgetter("name", "name2", "src_name", "dbus_path", "net_addr", "peer_addr")
#: The rest of what accesses differ in; ports and addresses are left out, as no rule names them.
_rest = attrgetter(
    *("operation", "denied_mask", "mask", "peer", "peer_profile", "signal", "class_", "namespace"),
    *("info", "fs_type", "flags", "rlimit", "value", "network_family", "socket_type", "protocol"),
    *("dbus_bus", "dbus_interface", "dbus_member", "execpath"),
)


class RecordedAccess(NamedTuple):
    """One access of a subject: a record of it, and the requests that the record makes.

    `folder` is the directory of which all files are meant, as the log has too many to keep.
    """

    record: Record
    requests: tuple[Mapping[str, Any], ...]
    folder: str = ""

    @property
    def executes(self) -> str:
        """The program that is executed; empty for other accesses."""
        first = self.requests[0]
        if first.get("class") == "file" and tuple(first["perms"]) == ("x",):
            return str(first["object"])
        return ""


class LoggedSubject:
    """What one subject of the log asked for, and the flags that its profile needs."""

    def __init__(self) -> None:
        self.accesses: list[tuple[RecordedAccess, Hashable]] = []
        self.flags: set[str] = set()


class Gathered:
    """The subjects of a log by name, and the records of which nothing can be learnt."""

    def __init__(self) -> None:
        self.subjects: dict[str, LoggedSubject] = {}
        self._programs: dict[str, str] = {}  # of profiles made for learning that have a number
        self._known: set[Hashable] = set()
        self._shapes: dict[Hashable, tuple[int, int, int]] = {}
        self._folders: dict[Hashable, int] = {}
        self._left: dict[tuple[str, str], tuple[LogPlace | None, int]] = {}

    def add(self, record: Record) -> None:
        """Take a record in; raises `CannotLearn`."""
        if record.outcome in ("none", "other"):
            return
        if record.operation == "exec" and record.name2 and LEARNING in record.name2:
            if len(self._programs) < _MOST:
                self._programs[record.name2] = record.name or ""
            record = record._replace(name2=None)
        profile = self.program_name(record.profile or "")
        names, rest = _names(record), (profile, *_rest(record))
        owner = record.fsuid is not None and record.fsuid == record.ouid
        key = (names, rest, owner)
        if key in self._known:
            return
        shape = (tuple(folded(name) if name else name for name in names), rest, owner)
        length = sum(len(name) for name in names if name)
        kept, short, long = self._shapes.get(shape, (0, length, length))
        folder = _folder(record, rest, owner)
        if (kept >= _FEW and short <= length <= long) or self._folders.get(folder, 0) > _MANY:
            return
        if len(self._known) >= _MOST:
            raise CannotLearn(
                f"the log has more than {_MOST} different accesses: take a part of it with --since"
                " or --profile"
            )
        self._known.add(key)
        self._shapes[shape] = kept + 1, min(short, length), max(long, length)
        if folder is not None:
            self._folders[folder] = self._folders.get(folder, 0) + 1
        self._take(record._replace(profile=profile), folder)

    def program_name(self, profile: str) -> str:
        """A name with the programs in it that numbers stand for (`a//null-1f`)."""
        root, *numbers = profile.split(LEARNING)
        name = before = root
        for number in numbers:
            before += LEARNING + number
            name += LEARNING + (self._programs.get(before) or number)
        return name

    def accesses(self, name: str) -> list[RecordedAccess]:
        """The accesses of a subject, sorted, each once."""
        found: dict[str, RecordedAccess] = {}
        for access, folder in self.subjects[name].accesses:
            if self._folders.get(folder, 0) > _MANY:
                whole = access._replace(folder=posixpath.dirname(access.record.name or ""))
                found.setdefault(f"{whole.folder}/ {access.requests[0]['perms']}", whole)
            else:
                found.setdefault(repr(access.requests), access)
        return [found[text] for text in sorted(found)]

    def left(self) -> list[Left]:
        """The records of which nothing is learnt, with the reasons."""
        return [Left(*found, reason) for (_, reason), found in sorted(self._left.items())]

    def leave(self, record: Record, reason: str) -> None:
        """Count a record of which nothing is learnt."""
        key = record.profile or "", reason
        source, count = self._left.get(key, (record.source, 0))
        if record.source is not None and source is not None:
            source = min(source, record.source)
        self._left[key] = source, count + 1

    def _take(self, record: Record, folder: Hashable) -> None:
        if space := namespace(record):
            self.leave(record, f"the profile belongs to the policy namespace {space}")
            return
        who = subjects(record)
        if not who or who[0] == UNCONFINED:
            self.leave(record, "the task had no profile")
            return
        flag = next((flag for text, flag in FLAGS.items() if text in (record.info or "")), "")
        question = asked(_named(record) if flag and record.name else record)
        if not question.requests or question.by != "rules":
            reason = question.reason or f"the operation {record.operation} asks no rule"
            self.leave(record, reason)
            return
        requests = tuple(
            {name: value for name, value in request.items() if name != "subject"}
            for request in question.requests
        )
        for part in who[0].split(_STACK):
            if part != UNCONFINED:
                subject = self.subjects.setdefault(part, LoggedSubject())
                subject.flags.update((flag,) if flag else ())
                subject.accesses.append((RecordedAccess(record, requests), folder))


def _folder(record: Record, rest: Hashable, owner: bool) -> Hashable:
    """What the files of a directory have in common that are counted together; None for others."""
    folder, base = posixpath.split(record.name or "")
    if not base or len(folder) < 2 or record.operation == "exec":
        return None
    return (folder, rest, owner) if mediation_class(record) == "file" else None


def _named(record: Record) -> Record:
    """A record of a name that was not found as the one that a flag makes of it."""
    name = _DELETED.sub("", record.name or "")
    return record._replace(info=None, errorcode=None, name=f"/{name.lstrip('/')}")
