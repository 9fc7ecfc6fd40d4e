"""Removes what transports wrap round a record: journald's JSON, and auditd's enriched text.

Syslog and kernel-ring prefixes (dates in many forms, host, program, `[  12.345678]`) are not
parsed: the record begins where its header does.  journald keeps records of the audit transport
apart from their header: the type, serial number and time are fields beside the message (systemd,
journald-audit.c), and the header is put together again here.  Messages whose bytes are not UTF-8
come as arrays of numbers.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import NamedTuple

from lsmc.base.numbers import natural
from lsmc.base.text import decode, encode
from lsmc.kernels.outlines import host_of

#: auditd's `log_format = ENRICHED` appends names for ids after this character (auditd.conf(5)).
_ENRICHED = "\x1d"
_MICROSECONDS = 1_000_000


class Envelope(NamedTuple):
    """The text of a record; the time and the host that its transport gives it (0, "" for none)."""

    text: str
    epoch: int = 0
    host: str = ""


def unwrap(line: str) -> Envelope | None:
    """The record's own text in a line; None for JSON that is not a journal entry with a message."""
    line = line.rstrip("\r\n")
    if line.startswith("{"):
        try:
            entry = json.loads(line)
        except (ValueError, RecursionError):
            return None
        return from_journal(entry) if isinstance(entry, dict) else None
    return Envelope(line.partition(_ENRICHED)[0], host=host_of(encode(line)))


def from_journal(entry: Mapping[str, object]) -> Envelope | None:
    """The record in a journal entry."""
    text = _text(entry.get("MESSAGE"))
    if not text:
        return None
    text = text.partition(_ENRICHED)[0]
    host = _text(entry.get("_HOSTNAME"))
    micros = _digits(entry, "_SOURCE_REALTIME_TIMESTAMP") or _digits(entry, "__REALTIME_TIMESTAMP")
    if _text(entry.get("_TRANSPORT")) == "audit" and "audit(" not in text:
        kind, _, body = text.partition(" ")
        kind = _text(entry.get("_AUDIT_TYPE_NAME")) or kind
        seconds, rest = divmod(micros, _MICROSECONDS)
        serial = _digits(entry, "_AUDIT_ID")
        text = f"type={kind} msg=audit({seconds}.{rest // 1000:03}:{serial}): {body}"
        return Envelope(text, host=host)
    return Envelope(text, micros // _MICROSECONDS, host)


def _text(value: object) -> str:
    """The text of a field: a text, an array of bytes, or an array of either if it is repeated."""
    for given in (value, value[0] if isinstance(value, list) and value else None):
        if isinstance(given, str):
            return given
        if isinstance(given, list) and given and _are_bytes(given):
            return decode(bytes(given))
    return ""


def _are_bytes(values: list[object]) -> bool:
    return all(isinstance(byte, int) and 0 <= byte < 256 for byte in values)


def _digits(entry: Mapping[str, object], name: str) -> int:
    return natural(_text(entry.get(name)), 18) or 0
