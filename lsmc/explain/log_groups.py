"""The few causes behind many log records.

Records are one cause when they name the same profile, class, operation, permissions and object,
where numbers that differ from run to run (process ids, user ids, descriptors, random names) count
as equal.  Grouping asks no policy and keeps one record of each cause, so memory does not grow with
the log; beyond a bound of causes the records are only counted.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from fnmatch import translate
from functools import lru_cache
from typing import NamedTuple

from lsmc.modules.apparmor.log.classes import mediation_class
from lsmc.modules.apparmor.log.record import Record

#: Causes that are kept, and processes that are named for each.
MAX_CAUSES = 10_000
MAX_PROCESSES = 8
#: The first port of those that the kernel chooses itself (net.ipv4.ip_local_port_range).
_EPHEMERAL = 32_768

_IDS = re.compile(
    r"(?<=/)[0-9]+(?=/|\Z)"
    r"|(?<=:\[)[0-9]+(?=\])"
    r"|(?<=\A:1\.)[0-9]+\Z"
    r"|(?<![0-9])[0-9]{4}-[0-9]{2}-[0-9]{2}(?![0-9])"
    r"|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
    r"|(?<![0-9A-Za-z])[0-9a-f]{16,}(?![0-9A-Za-z])"
    r"|(?<![0-9])(?!25519)[0-9]{4,}(?![0-9:])"  # neither Curve25519 nor a PCI address
)
_NULL = re.compile(r"//null-.*\Z", re.DOTALL)
#: What stands for a number in a pattern.
STAR = "*"


@lru_cache(maxsize=1 << 16)
def folded(text: str) -> str:
    """A name with the numbers that differ from run to run as `*`."""
    return _IDS.sub(STAR, text)


@lru_cache(maxsize=1 << 12)
def _profile(name: str) -> str:
    """A profile's name; those made for learning are one."""
    return _NULL.sub("//null-*", name)


class Cause:
    """Records that ask the same; `record` is the first of them, `pattern` what they are about."""

    __slots__ = (
        "cls",
        "count",
        "first",
        "last",
        "more",
        "pattern",
        "processes",
        "record",
        "varied",
    )

    def __init__(self, record: Record, cls: str, pattern: str) -> None:
        self.record = record
        self.cls = cls
        self.pattern = pattern
        self.count = 0
        self.first: int | None = None
        self.last: int | None = None
        self.processes: dict[str, int] = {}
        self.more = False  # processes beyond those that are kept
        self.varied = False  # whether the objects differ in what was folded

    def add(self, record: Record) -> None:
        """Count one more record."""
        self.count += 1
        epoch = record.epoch
        if epoch is not None:
            if self.first is None or epoch < self.first:
                self.first = epoch
            if self.last is None or epoch > self.last:
                self.last = epoch
        command = record.command
        if command is not None:
            known = self.processes
            if command in known or len(known) < MAX_PROCESSES:
                known[command] = known.get(command, 0) + 1
            else:
                self.more = True
        if not self.varied and (
            record.name != self.record.name or record.name2 != self.record.name2
        ):
            self.varied = True

    @property
    def object(self) -> str:
        """What the records are about: the very file where there is but one."""
        if self.varied or self.cls not in ("file", "link"):
            return self.pattern
        return object_of(self.record, self.cls, str)


class Counts(NamedTuple):
    """What became of the records: grouped, left out by a choice, or beyond the bound."""

    grouped: int
    too_early: int
    other_profiles: int
    statuses: int
    overflow: int


class Causes:
    """Groups records as they come."""

    def __init__(
        self, *, since: float | None = None, profile: str | None = None, most: int = MAX_CAUSES
    ) -> None:
        self.since = since
        self.most = most
        self._wanted = re.compile(translate(profile)) if profile is not None else None
        self._known: dict[tuple[object, ...], Cause] = {}
        self._grouped = self._early = self._others = self._statuses = self._overflow = 0

    @property
    def counts(self) -> Counts:
        """What became of the records so far."""
        return Counts(self._grouped, self._early, self._others, self._statuses, self._overflow)

    def add(self, record: Record) -> None:
        """Take a record; one without a time is never too early."""
        if self.since is not None and record.epoch is not None and record.epoch < self.since:
            self._early += 1
            return
        if self._wanted is not None and not self._wanted.match(record.profile or ""):
            self._others += 1
            return
        if record.event_type in ("AA_RECORD_STATUS", "AA_RECORD_INVALID"):
            self._statuses += 1
            return
        key = _key(record)
        cause = self._known.get(key)
        if cause is None:
            if len(self._known) >= self.most:
                self._overflow += 1
                return
            cls = mediation_class(record)
            cause = self._known[key] = Cause(record, cls, object_of(record, cls))
        self._grouped += 1
        cause.add(record)

    def __len__(self) -> int:
        return len(self._known)

    def sorted(self) -> list[Cause]:
        """The causes, the most frequent first, then by when they were first seen."""
        order = enumerate(self._known.values())
        return [cause for _, cause in sorted(order, key=lambda pair: (-pair[1].count, pair[0]))]


def _key(record: Record) -> tuple[object, ...]:
    """What equal causes have in common."""
    name, name2 = record.name, record.name2
    if record.network_family is None and record.dbus_bus is None and record.src_name is None:
        rest: object = None
    else:
        rest = (
            record.network_family,
            record.socket_type,
            record.protocol,
            folded(record.net_addr or ""),
            folded(record.peer_addr or ""),
            record.local_addr,
            record.foreign_addr,
            _port(record.local_port),
            _port(record.foreign_port),
            record.dbus_bus,
            folded(record.dbus_path or ""),
            record.dbus_interface,
            record.dbus_member,
            folded(record.src_name or ""),
        )
    return (
        record.event_type,
        _profile(record.profile or ""),
        record.operation,
        folded(name) if name else name,
        record.denied_mask or record.mask,
        record.fsuid == record.ouid,
        _profile(name2) if name2 else name2,
        record.peer or record.peer_profile,
        record.signal,
        record.class_,
        record.namespace,
        record.info,
        record.fs_type,
        record.flags,
        record.rlimit,
        rest,
    )


def _port(port: int | None) -> int | None:
    return _EPHEMERAL if port is not None and port >= _EPHEMERAL else port


def object_of(record: Record, cls: str, folded: Callable[[str], str] = folded) -> str:
    """What a record is about, in a few words, with folded numbers."""
    peer = record.peer or record.peer_profile or ""
    name = folded(record.name or "")
    words: tuple[str | None, ...]
    match cls:
        case "link" | "change_profile" | "change_hat":
            words = (name, folded(record.name2 or ""))
            return " -> ".join(word for word in words if word)
        case "network" | "unix":
            words = (
                record.network_family,
                record.socket_type,
                folded(record.net_addr or ""),
                _endpoint(record.local_addr, record.local_port),
                _arrow(folded(record.peer_addr or "")),
                _arrow(_endpoint(record.foreign_addr, record.foreign_port)),
                peer,
            )
        case "dbus":
            where = folded(record.dbus_path or "")
            words = (record.dbus_bus, name, where, record.dbus_interface, record.dbus_member, peer)
        case "signal":
            words = (record.signal, _arrow(peer))
        case "mount" | "pivot_root":
            words = (folded(record.src_name or ""), _arrow(name), record.fs_type, record.flags)
        case "rlimit":
            value = str(record.value) if record.value is not None else ""
            words = (record.rlimit or name, value)
        case "ptrace" | "io_uring":
            words = (peer,)
        case _:
            words = (name, peer)
    return " ".join(word for word in words if word)


def _endpoint(address: str | None, port: int | None) -> str:
    shown = _port(port)
    number = STAR if shown == _EPHEMERAL else str(shown or "")
    return f"{address or ''}{':' if number else ''}{number}"


def _arrow(text: str) -> str:
    return f"-> {text}" if text else ""
