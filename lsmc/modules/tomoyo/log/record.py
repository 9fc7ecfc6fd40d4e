"""A log record of TOMOYO as data: which domain asked for what, and what became of it.

The fields are those of the audit interface, /sys/kernel/security/tomoyo/audit: a header, the
domain, and the request as a line of policy.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Literal, NamedTuple

from lsmc.logs.record import LogPlace, Outcome

#: A refusal, a violation that was let through, an access by a line, a note on a domain, a message
#: of the kernel log.
Type = Literal["DENIED", "PERMISSIVE", "LEARNING", "GRANTED", "NOTE", "STATUS", "INVALID"]


class Record(NamedTuple):
    """One record; None means that it says nothing of a field.

    Attributes:
        event_type: what became of the access.
        domain: who asked.
        request: the access as a line of policy, or what the kernel notes.
        profile: the number of the domain's profile.
        mode: the mode of the profile for such an access.
        granted: whether a line granted it.
        epoch: when, in seconds since 1970.
        pid: the process that asked, as the system numbers it.
        attributes: what the header says of the task, of files and of a new program, by section.
        message: a message of the kernel log.
        source: where it stands.
    """

    event_type: Type = "INVALID"
    domain: str | None = None
    request: str | None = None
    profile: int | None = None
    mode: str | None = None
    granted: bool | None = None
    epoch: int | None = None
    pid: int | None = None
    attributes: tuple[tuple[str, object], ...] = ()
    message: str | None = None
    source: LogPlace | None = None

    @property
    def subject(self) -> str | None:
        """The domain."""
        return self.domain

    @property
    def command(self) -> str | None:
        """The last program of the domain."""
        last = (self.domain or "").rpartition(" ")[2]
        return last.rpartition("/")[2] or None

    @property
    def operation(self) -> str | None:
        """The first two words of the request."""
        return " ".join(self.request.split(" ")[:2]) if self.request is not None else None

    @property
    def object(self) -> str:
        """The rest of the request."""
        return " ".join((self.request or "").split(" ")[2:])

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
        if self.message is not None:
            return self.message
        if self.event_type == "NOTE":
            return NOTES.get((self.request or "").split(" ")[0], "")
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
        found: dict[str, Any] = {"event_type": self.event_type}
        for name in ("domain", "request", "operation"):
            if (value := getattr(self, name)) is not None:
                found[name] = value
        if self.object:
            found["object"] = self.object
        for name in ("profile", "mode", "granted", "epoch", "pid", "message"):
            if (value := getattr(self, name)) is not None:
                found[name] = value
        found.update(_plain(self.attributes))
        if self.source is not None:
            found["source"] = self.source._asdict()
        return found

    @property
    def header(self) -> Mapping[str, Any]:
        """What the header says, as a question has it."""
        return _plain(self.attributes)


def _plain(pairs: tuple[tuple[str, object], ...]) -> dict[str, Any]:
    """Pairs as an object; their own pairs and lists likewise."""
    return {name: _value(value) for name, value in pairs}


def _value(value: object) -> Any:
    if isinstance(value, tuple):
        if value and value[0] == LIST:
            return list(value[1:])
        return _plain(value)
    return value


#: What begins the tuple of a list, to tell it from pairs.
LIST: Final = "[]"
NOTES: Final = {
    "use_profile": "the kernel made the domain, with this profile: nothing was refused",
    "use_group": "the kernel made the domain, with this group of lines: nothing was refused",
    "quota_exceeded": "the domain has max_learning_entry permissions: it learns no more",
    "transition_failed": "a program could not be put into its domain, and stayed in this one",
}
_OUTCOMES: dict[str, Outcome] = {
    "DENIED": "refused",
    "PERMISSIVE": "complained",
    "LEARNING": "complained",
    "GRANTED": "allowed",
}
