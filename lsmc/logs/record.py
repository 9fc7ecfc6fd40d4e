"""Log records: what they have in common, and what reading logs needs of a security module.

The reader brings lines and messages; a `LogFormat` makes records of them.  A record is a value of
the module's own type with the few properties that every module's records have.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Protocol

if TYPE_CHECKING:
    from lsmc.logs.envelope import Envelope

#: What a record says of an access: it was refused, it was let through as the subject only logs what
#: it is refused, it was allowed and logged; `other` leaves it open, `none` is about no access.
Outcome = Literal["refused", "complained", "allowed", "other", "none"]


class LogPlace(NamedTuple):
    """The place of a record: the log and the number of its (first) line."""

    file: str
    line: int


class Record(Protocol):
    """A log record, of any module.

    Attributes:
        source: where it stands.
        epoch: when it was written, in seconds since 1970.
        command: the program that asked.
        subject: who asked, as the module names its subjects.
        operation: what was done, as the module calls it.
        kind: the module's word for what happened, in capital letters.
        outcome: the same in the words that all modules share.
        remark: an explanation of the module's own words, for people; empty for none.
        bare: whether only its kind and its place could be read.
    """

    @property
    def source(self) -> LogPlace | None: ...  # noqa: D102
    @property
    def epoch(self) -> int | None: ...  # noqa: D102
    @property
    def command(self) -> str | None: ...  # noqa: D102
    @property
    def subject(self) -> str | None: ...  # noqa: D102
    @property
    def operation(self) -> str | None: ...  # noqa: D102
    @property
    def kind(self) -> str: ...  # noqa: D102
    @property
    def outcome(self) -> Outcome: ...  # noqa: D102
    @property
    def remark(self) -> str: ...  # noqa: D102
    @property
    def bare(self) -> bool: ...  # noqa: D102

    def at(self, source: LogPlace) -> Any:
        """The same record, at a place."""

    def to_json(self) -> dict[str, object]:
        """The fields that are set, in a fixed order, ready for `json.dumps`."""


class LogError(ValueError):
    """A line of the module that cannot be read; `record` has the fields read before the fault."""

    def __init__(self, reason: str, record: Any) -> None:
        super().__init__(reason)
        self.reason = reason
        self.record = record


def _one_line(record: bytes, line: bytes) -> None:
    del record, line


def _never(text: str) -> bool:
    del text
    return False


class LogFormat(NamedTuple):
    """How the records of a module are found and read; what is not given is the plainest there is.

    Attributes:
        marks: bytes of which a line that is worth reading holds some.
        worth_reading: whether a line may hold a record: a quick look that spares the rest of a
            large log.
        goes_on: (record so far, next line) the two as one; None for a line of its own.
        speaks: whether a line is about a decision of the module, though its transport is unknown.
        read: the record of a message at a place; None where it is somebody else's; raises
            `LogError` for a record that cannot be read, and for other text on a decision.
        foreign: what can be shown of a line that is not a record; nothing if None.
        nothing: a record of which nothing is known.
        sign: what tells a record in plain form, as `lsmc.kernels.outlines.outline` wants it.
        own: which fields of a record hold what a sighting has of its own, by its attributes.
    """

    marks: tuple[bytes, ...]
    worth_reading: Callable[[bytes], bool]
    read: Callable[[Envelope, LogPlace], Any | None]
    nothing: Any
    sign: bytes
    own: Mapping[str, str]
    goes_on: Callable[[bytes, bytes], bytes | None] = _one_line
    speaks: Callable[[str], bool] = _never
    foreign: Callable[[str], Any] | None = None
