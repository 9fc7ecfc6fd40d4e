"""A log record as data: who was refused what, with the fields that libapparmor's reader finds.

The names are those of libapparmor's `test_multi` output in lower case with `_` for blanks, in its
order, so that a record can be held against other readers field by field.  The meaning of the fields
is that of `aalogparse.h` (libapparmor) and of the kernel's security/apparmor/audit.c, which writes
them. Strings keep undecodable bytes as surrogates (`surrogateescape`), as paths do in the rest of
lsmc.
"""

from __future__ import annotations

import errno
from collections.abc import Mapping
from typing import Literal, NamedTuple

from lsmc.logs.record import LogPlace, Outcome

EventType = Literal[
    "AA_RECORD_INVALID",
    "AA_RECORD_ERROR",
    "AA_RECORD_AUDIT",
    "AA_RECORD_ALLOWED",
    "AA_RECORD_DENIED",
    "AA_RECORD_HINT",
    "AA_RECORD_STATUS",
    "AA_RECORD_KILLED",
]
INVALID: EventType = "AA_RECORD_INVALID"

#: The words of `apparmor="…"` (kernel: `aa_audit_type`).
EVENT_WORDS: dict[str, EventType] = {
    "AUDIT": "AA_RECORD_AUDIT",
    "ALLOWED": "AA_RECORD_ALLOWED",
    "DENIED": "AA_RECORD_DENIED",
    "HINT": "AA_RECORD_HINT",
    "STATUS": "AA_RECORD_STATUS",
    "ERROR": "AA_RECORD_ERROR",
    "KILLED": "AA_RECORD_KILLED",
}
#: The audit types of kernels before 2.6.36 (linux/audit.h, AUDIT_APPARMOR_*).
EVENT_NUMBERS: dict[int, EventType] = {
    1501: "AA_RECORD_AUDIT",
    1502: "AA_RECORD_ALLOWED",
    1503: "AA_RECORD_DENIED",
    1504: "AA_RECORD_HINT",
    1505: "AA_RECORD_STATUS",
    1506: "AA_RECORD_ERROR",
    1507: "AA_RECORD_KILLED",
}


_OUTCOMES: Mapping[EventType, Outcome] = {
    "AA_RECORD_DENIED": "refused",
    "AA_RECORD_KILLED": "refused",
    "AA_RECORD_ERROR": "refused",
    "AA_RECORD_ALLOWED": "complained",
    "AA_RECORD_AUDIT": "allowed",
    "AA_RECORD_STATUS": "none",
    "AA_RECORD_INVALID": "none",
}


class Record(NamedTuple):
    """One record; None means that it says nothing of a field."""

    event_type: EventType = INVALID
    audit_id: str | None = None
    operation: str | None = None
    mask: str | None = None
    denied_mask: str | None = None
    fsuid: int | None = None
    ouid: int | None = None
    profile: str | None = None
    peer_profile: str | None = None
    peer: str | None = None
    name: str | None = None
    command: str | None = None
    name2: str | None = None
    namespace: str | None = None
    attribute: str | None = None
    task: int | None = None
    parent: int | None = None
    token: int | None = None
    info: str | None = None
    peer_info: str | None = None
    errorcode: int | None = None
    pid: int | None = None
    peer_pid: int | None = None
    active_hat: str | None = None
    net_addr: str | None = None
    peer_addr: str | None = None
    network_family: str | None = None
    socket_type: str | None = None
    protocol: str | None = None
    local_addr: str | None = None
    foreign_addr: str | None = None
    local_port: int | None = None
    foreign_port: int | None = None
    execpath: str | None = None
    dbus_bus: str | None = None
    dbus_path: str | None = None
    dbus_interface: str | None = None
    dbus_member: str | None = None
    signal: str | None = None
    fs_type: str | None = None
    flags: str | None = None
    src_name: str | None = None
    class_: str | None = None
    rlimit: str | None = None
    value: int | None = None
    epoch: int | None = None
    audit_subid: int | None = None
    source: LogPlace | None = None

    @property
    def subject(self) -> str | None:
        """The profile."""
        return self.profile

    @property
    def kind(self) -> str:
        """The kernel's word for what happened."""
        return self.event_type.removeprefix("AA_RECORD_")

    @property
    def outcome(self) -> Outcome:
        """What happened, in the words that all modules share."""
        return _OUTCOMES.get(self.event_type, "other")

    @property
    def error_name(self) -> str:
        """`error=` by its name, empty where there is none."""
        number = self.errorcode or 0
        return errno.errorcode.get(number, str(number)) if number else ""

    @property
    def remark(self) -> str:
        """`info=` and `error=` for people."""
        return ", ".join(part for part in (self.info or "", self.error_name) if part)

    @property
    def bare(self) -> bool:
        """Whether no field is set but the kind and the place."""
        return not any(self[1:-1])

    def at(self, source: LogPlace) -> Record:
        """The same record, at a place."""
        return self._replace(source=source)

    def to_json(self) -> dict[str, object]:
        """The fields that are set, in a fixed order, ready for `json.dumps`."""
        found: dict[str, object] = {
            name: value
            for name, value in zip(_JSON_NAMES, self, strict=True)
            if value is not None and name != "source"
        }
        if self.source is not None:
            found["source"] = self.source._asdict()
        return found


_JSON_NAMES = tuple(name.removesuffix("_") for name in Record._fields)
