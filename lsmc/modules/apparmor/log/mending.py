"""Lines that a transport damaged, read where what they said is certain, and named where it is not.

auditd puts a byte 0x1D before the names that it adds for ids, which terminals, browsers and mail
drop or show in other ways, so that the last value runs into the first name. People quote a line, or
end it like a sentence. Programs colour it, or escape its quotes. Each of these is undone and the
result is read as any record; when that fails, the line is reported, as it speaks of AppArmor.

Other texts on denials are not records: what `ausearch -i` and `aa-log` print is made for people and
has lost what a question needs, and a bus daemon's message to a sender names neither bus nor path.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from lsmc.logs.envelope import Envelope
from lsmc.logs.record import LogError, LogPlace
from lsmc.modules.apparmor.log.parse import others, parse_message
from lsmc.modules.apparmor.log.record import INVALID, Record

_EVENTS = "DENIED|ALLOWED|AUDIT|HINT|STATUS|ERROR|KILLED"
#: Marks of text on AppArmor's decisions. `apparmor=1` of the kernel's command line is none.
_RECORD = re.compile(rf"""apparmor=(?:[\\]*["'“”`]|[\\]*(?:&quot;|&#34;)|(?:{_EVENTS})\b)""")
_MESSAGE = "AppArmor policy prevents"
_AA_LOG = re.compile(
    rf"(?:\x1b\[[0-9;]*m|\s)*(?:{_EVENTS})(?:\x1b\[[0-9;]*m)*\s+\S+\s+\S+\s"
    r".*\b(?:comm|requested_mask|denied_mask|mask|capname|peer|bus|label|family)="
)
#: A field of `journalctl -o verbose`; those beside the message may repeat it.
_FIELD = re.compile(r"\s*(_{0,2}[A-Z][A-Z0-9_]*)=")
_INTERPRETED = re.compile(r"audit\(\d{1,4}[/.-]\d{1,2}[/.-]\d{1,4}[ T]")
_COLOUR = re.compile(r"\x1b\[[0-9;]*[mK]")
#: Ids whose names auditd adds, in capital letters (auditd.conf(5), `log_format = ENRICHED`).
_ADDED = re.compile(r"""(?:FSUID|OUID|SAUID|AUID|EUID|SUID|UID|FSGID|EGID|SGID|GID)=["0-9a-z(]""")
#: How the byte 0x1D is shown by those that do not drop it.
_SHOWN = ("^]", "#035", "\\035", "\\x1d", "\\x1D", "\\u001d", "<1D>", "<GS>", "\u241d", "\ufffd")
_AFTER = " \t'\"`.,;:!?)]}>*_|\u2019\u201d\u00bb"
_MOST_AFTER = 8
#: Beyond the kernel's bound for a record (MAX_AUDIT_MESSAGE_LENGTH of linux/audit.h), with room.
_LONGEST = 1 << 16


def read_message(message: Envelope, source: LogPlace | None = None) -> Record | None:
    """The record of a message, mended where that is certain; None where it is somebody else's.

    Raises `LogError` for a record that cannot be read, and for text on AppArmor's decisions that is
    not a record.
    """
    fault: LogError | None = None
    try:
        record = parse_message(message, source)
    except LogError as error:
        record, fault = None, error
    if record is None and (fault is not None or speaks(message.text)):
        record = _mended(message, source)
        if record is None:
            raise fault or LogError(unread(message.text), Record())
    if record is not None and (what := _lacking(record)):
        cut = record._replace(event_type=INVALID)
        raise LogError(f"it names no {what}: the record is cut off", cut)
    return record


def _lacking(record: Record) -> str:
    """What a record does not name that every record does, behind which its end is missing."""
    if record.operation is None:
        return "operation"
    return "" if record.profile or record.name or record.pid else "profile and no object"


def speaks(text: str) -> bool:
    """Whether a line is about a decision of AppArmor, and not another's record that quotes one."""
    field = _FIELD.match(text)
    if field is not None and field[1] != "MESSAGE":
        return False
    if _MESSAGE in text or _AA_LOG.match(text):
        return True
    found = _RECORD.search(text)
    return found is not None and not others(text) and "COMMAND=" not in text[: found.start()]


def unread(text: str) -> str:
    """Why text on AppArmor's decisions is not read, and what to take in its place."""
    if _MESSAGE in text:
        return (
            "this is what a bus daemon tells a sender, without bus and path: take the line with"
            ' `apparmor="DENIED"` of the bus daemon in the journal or the audit log'
        )
    if _INTERPRETED.search(text):
        return "this is what `ausearch -i` prints for people: use `ausearch --raw`"
    if _AA_LOG.match(text):
        return "this is what `aa-log` prints for people: use the log itself"
    return "it speaks of AppArmor, but no record could be found in it"


def _mended(message: Envelope, source: LogPlace | None) -> Record | None:
    for text in _candidates(message.text) if len(message.text) <= _LONGEST else ():
        try:
            record = parse_message(message._replace(text=text), source)
        except LogError:
            continue
        if record is not None:
            return record
    return None


def _candidates(text: str) -> Iterator[str]:
    """The line without what transports add, one after another."""
    field = _FIELD.match(text)
    plain = _COLOUR.sub("", text[field.end() :] if field is not None else text)
    if 'apparmor=\\"' in plain:
        plain = plain.replace('\\"', '"')
    for opened in dict.fromkeys((plain, _opened(plain))):
        yield opened
        cut = _without_names(opened)
        yield cut
        bare = cut.rstrip(_AFTER)
        for length in range(len(cut) - 1, max(len(bare), len(cut) - _MOST_AFTER) - 1, -1):
            yield cut[:length]


def _opened(text: str) -> str:
    """The line without a quote that opens before its record."""
    ends = [at for mark in ("audit(", "apparmor=") if (at := text.find(mark)) >= 0]
    front = text[: min(ends, default=0)].replace("type=", "type ").replace("msg=", "msg ")
    quotes = [at for mark in "'\"`" if (at := front.find(mark)) >= 0]
    if not quotes or "=" in front:
        return text
    at = min(quotes)
    if "audit(" not in text and not text.startswith("apparmor=", at + 1):
        return text
    return f"{text[:at]} {text[at + 1 :]}"


def _without_names(text: str) -> str:
    """The line without the names that auditd added to it."""
    found = _ADDED.search(text)
    if found is None:
        return text
    head = text[: found.start()].rstrip(" ")
    shown = next((mark for mark in _SHOWN if head.endswith(mark)), "")
    return head.removesuffix(shown)
