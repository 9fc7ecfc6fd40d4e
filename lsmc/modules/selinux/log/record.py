"""A log record of SELinux as data: which context was refused which permissions on which other.

The fields are those that the kernel (security/selinux/avc.c, security/lsm_audit.c) and the daemons
that ask libselinux write, under their own names and as they wrote them.  Strings keep undecodable
bytes as surrogates (`surrogateescape`), as paths do in the rest of lsmc.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

from lsmc.logs.pairs import Fields, Value
from lsmc.logs.record import LogPlace, Outcome

Type = Literal["AVC", "USER_AVC", "SELINUX_ERR", "NOTICE", "INVALID"]


class Record(NamedTuple):
    """One record; None means that it says nothing of a field.

    Attributes:
        event_type: what wrote it: the kernel's decisions, those of a daemon, the kernel on a label
            that cannot be; `NOTICE` is about no access.
        granted: whether the access was allowed and logged all the same (`auditallow`).
        perms: the permissions, in the record's order; of other than decisions those that it names.
        scontext: the context of who asked; `tcontext` that of the object.
        class_: the class of the object.
        permissive: whether the access was let through although it was refused; kernels before 3.17
            do not say.
        raw_scontext: a context that the policy does not know, in the place of which the other
            stands; likewise `raw_tcontext`.
        audit_id: the serial number of the event.
        epoch: when, in seconds since 1970.
        pid: the process that asked.
        name: the object's own name, without its directory.
        lport: the local port.
        fields: whatever else the record names, in its order.
        event: what other records of the same event say: of the system call, its directory and its
            files.
        paths: the files of the system call, by absolute names where those are known.
        source: where it stands.
    """

    event_type: Type = "INVALID"
    granted: bool | None = None
    perms: tuple[str, ...] = ()
    scontext: str | None = None
    tcontext: str | None = None
    class_: str | None = None
    permissive: bool | None = None
    raw_scontext: str | None = None
    raw_tcontext: str | None = None
    audit_id: int | None = None
    epoch: int | None = None
    pid: int | None = None
    name: str | None = None
    lport: int | None = None
    fields: Fields = ()
    event: Fields = ()
    paths: tuple[str, ...] = ()
    source: LogPlace | None = None

    def field(self, name: str) -> Value | None:
        """The value of a field that the record itself names."""
        return next((value for key, value in self.fields if key == name), None)

    @property
    def command(self) -> str | None:
        """The program that asked."""
        found = self.field("comm") or self.field("cmdline") or dict(self.event).get("exe")
        return None if found is None else str(found)

    @property
    def path(self) -> str | None:
        """The absolute name of the object, where the record or its event has it."""
        written = self.field("path")
        if isinstance(written, str) and written.startswith("/"):
            return written
        named = [path for path in self.paths if path.rpartition("/")[2] == self.name]
        return named[0] if len(named) == 1 else None

    @property
    def subject(self) -> str | None:
        """The context of who asked."""
        return self.scontext

    @property
    def operation(self) -> str | None:
        """The class and the permissions, as questions have them."""
        if self.class_ is None or not self.perms:
            return None
        return f"{self.class_}:{','.join(self.perms)}"

    @property
    def kind(self) -> str:
        """What happened, in a word."""
        if self.event_type in ("AVC", "USER_AVC"):
            if self.granted:
                return "GRANTED"
            return "ALLOWED" if self.permissive else "DENIED"
        return "ERROR" if self.event_type == "SELINUX_ERR" else self.event_type

    @property
    def outcome(self) -> Outcome:
        """What happened, in the words that all modules share."""
        return _OUTCOMES.get(self.kind, "none")

    @property
    def remark(self) -> str:
        """What was not right with a label, for people."""
        label = self.raw_scontext or self.raw_tcontext or self.field("invalid_context")
        if label is not None:
            return f"the policy does not know the context `{label}`"
        reason = self.field("reason")
        return f"reason: {reason}" if self.event_type == "SELINUX_ERR" and reason else ""

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
            name: list(value) if isinstance(value, tuple) else value
            for name, value in zip(_JSON_NAMES, self[:_FIRST], strict=True)
            if value is not None and value != ()
        }
        for key, value in self.fields:
            found.setdefault(key, value)
        if self.event:
            found["event"] = dict(self.event)
        if self.paths:
            found["paths"] = list(self.paths)
        if self.source is not None:
            found["source"] = self.source._asdict()
        return found


#: The fields that stand in JSON under their own names.
_FIRST = Record._fields.index("fields")
_JSON_NAMES = tuple(name.removesuffix("_") for name in Record._fields[:_FIRST])
_OUTCOMES: dict[str, Outcome] = {
    "DENIED": "refused",
    "ALLOWED": "complained",
    "GRANTED": "allowed",
    "ERROR": "refused",
}
