"""A log record of Smack as data: which label asked what of which other, and how it ended.

The fields are those that the kernel writes (security/smack/smack_access.c `smack_log_callback`,
security/lsm_audit.c), under its own names but for `fn` (operation), `requested` (mask) and `comm`
(command), which are called as in the records of other modules.  Strings keep
undecodable bytes as surrogates (`surrogateescape`), as paths do in the rest of lsmc.
"""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

from lsmc.logs.pairs import Fields, Value
from lsmc.logs.record import LogPlace, Outcome

#: A decision, a use of a rule with `b`, a refusal that an unconfined label turned into a report.
Type = Literal["DENIED", "GRANTED", "BRINGUP", "UNCONFINED", "INVALID"]


class Record(NamedTuple):
    """One record; None means that it says nothing of a field.

    Attributes:
        event_type: how the access ended.
        operation: the kernel function that asked; of other lines than decisions what they name.
        subject: the label that asked.
        object: the label that was asked.
        mask: the letters that were asked for; empty for a request that asks for none.
        unconfined: whether the `subject` or the `object` is the unconfined label.
        audit_id: the serial number of the event.
        epoch: when, in seconds since 1970.
        pid: the process that asked.
        command: the program that asked.
        name: the object's own name, without its directory.
        fields: whatever else the record names, in its order.
        event: what other records of the same event say of the system call.
        paths: the files of the system call with their inodes and labels, where they are known.
        source: where it stands.
    """

    event_type: Type = "INVALID"
    operation: str | None = None
    subject: str | None = None
    object: str | None = None
    mask: str | None = None
    unconfined: str | None = None
    audit_id: int | None = None
    epoch: int | None = None
    pid: int | None = None
    command: str | None = None
    name: str | None = None
    fields: Fields = ()
    event: Fields = ()
    paths: tuple[tuple[str, int, str], ...] = ()
    source: LogPlace | None = None

    def field(self, name: str) -> Value | None:
        """The value of a field that the record itself names."""
        return next((value for key, value in self.fields if key == name), None)

    @property
    def path(self) -> str | None:
        """The whole name of the object, where the record or its event has it."""
        written = self.field("path")
        if isinstance(written, str):
            return written
        inode = self.field("ino")
        return next((name for name, number, _ in self.paths if number == inode), None)

    @property
    def kind(self) -> str:
        """What happened, in a word."""
        return self.event_type

    @property
    def outcome(self) -> Outcome:
        """What happened, in the words that all modules share."""
        return _OUTCOMES.get(self.event_type, "none")

    @property
    def remark(self) -> str:
        """What is to be known of the record, for people."""
        if self.event_type == "BRINGUP":
            return "the rule has `b`: its use is reported"
        if self.unconfined:
            return f"the {self.unconfined}'s label is unconfined: let through and reported"
        if self.mask == "":
            return "it asks for nothing, which still needs a rule"
        return ""

    @property
    def bare(self) -> bool:
        """Whether no field is set but the kind and the place."""
        return not any(self[1:-1])

    def at(self, source: LogPlace) -> Record:
        """The same record, at a place."""
        return self._replace(source=source)

    def to_json(self) -> dict[str, Any]:
        """The fields that are set, in a fixed order, ready for `json.dumps`."""
        found: dict[str, Any] = {
            name: value
            for name, value in zip(_JSON_NAMES, self[:_FIRST], strict=True)
            if value is not None
        }
        for key, value in self.fields:
            found.setdefault(key, value)
        if self.path is not None:
            found.setdefault("path", self.path)
        if self.event:
            found["event"] = dict(self.event)
        if self.source is not None:
            found["source"] = self.source._asdict()
        return found


#: The fields that stand in JSON under their own names.
_FIRST = Record._fields.index("fields")
_JSON_NAMES = Record._fields[:_FIRST]
_OUTCOMES: dict[str, Outcome] = {
    "DENIED": "refused",
    "GRANTED": "allowed",
    "BRINGUP": "allowed",
    "UNCONFINED": "complained",
}
