"""One line of a log as a record.

A line is three things one inside the other: what the transport put in front (`envelope`), the
header `type=… msg=audit(SECONDS.MILLIS:SERIAL):`, and `key=value` pairs.  The pairs are read from
the left; each key has one kind of value.  Keys that are not known are passed over, since kernels
add some with every few releases; a pair that cannot be read ends the record, and what stood before
it is kept for the report.

Which key fills which field follows libapparmor (`aalogparse`), held against its test data and, by
invented lines, against the library itself: `target` is `name2`, `exe` is `command`, `capname` is
`name`, `label` is `profile`, a bus daemon's `mask` is what it denied, the newer `requested`,
`denied`, `saddr`, `src`, `daddr` and `dest` mean what `requested_mask`, `denied_mask`, `laddr`,
`lport`, `faddr` and `fport` did, a number 0 is not a value except for user ids, and the last of
equal keys counts.  Unlike it, `rlimit` and `value` are kept, and the audit type 1507 and the word
KILLED are known.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from lsmc.base.numbers import natural
from lsmc.logs import audit_values
from lsmc.logs.envelope import Envelope, unwrap
from lsmc.logs.header import Head, is_front, split, stamp
from lsmc.logs.record import LogError, LogPlace
from lsmc.modules.apparmor.log.record import (
    EVENT_NUMBERS,
    EVENT_WORDS,
    INVALID,
    EventType,
    Record,
)


class _Key(NamedTuple):
    """How a key is read: its field, whether it may be quoted, and what an unquoted value means."""

    field: str
    quoted: bool
    bare: Callable[[str], Any] | None


def _quoted(field: str) -> _Key:
    return _Key(field, True, None)


def _string(field: str) -> _Key:
    return _Key(field, True, audit_values.unquoted)


def _word(field: str) -> _Key:
    return _Key(field, True, audit_values.word)


def _number(field: str) -> _Key:
    return _Key(field, False, audit_values.number)


def _address(field: str) -> _Key:
    return _Key(field, True, audit_values.address)


_KEYS: dict[str, _Key] = {
    "operation": _quoted("operation"),
    "name": _string("name"),
    "name2": _string("name2"),
    "target": _string("name2"),
    "namespace": _string("namespace"),
    "profile": _string("profile"),
    "label": _string("profile"),
    "peer_profile": _string("peer_profile"),
    "peer_label": _string("peer_profile"),
    "tcontext": _string("peer_profile"),
    "peer": _string("peer"),
    "comm": _string("command"),
    "exe": _string("command"),
    "execpath": _string("execpath"),
    "capname": _quoted("name"),
    "requested_mask": _quoted("mask"),
    "requested": _quoted("mask"),
    "denied_mask": _quoted("denied_mask"),
    "denied": _quoted("denied_mask"),
    "mask": _quoted("denied_mask"),
    "attribute": _quoted("attribute"),
    "info": _quoted("info"),
    "peer_info": _quoted("peer_info"),
    "class": _quoted("class_"),
    "family": _quoted("network_family"),
    "sock_type": _quoted("socket_type"),
    "protocol": _Key("protocol", True, audit_values.protocol),
    "addr": _Key("net_addr", True, audit_values.socket),
    "peer_addr": _Key("peer_addr", True, audit_values.socket),
    "laddr": _address("local_addr"),
    "saddr": _address("local_addr"),
    "faddr": _address("foreign_addr"),
    "daddr": _address("foreign_addr"),
    "lport": _number("local_port"),
    "src": _number("local_port"),
    "fport": _number("foreign_port"),
    "dest": _number("foreign_port"),
    "bus": _quoted("dbus_bus"),
    "path": _string("dbus_path"),
    "interface": _quoted("dbus_interface"),
    "member": _quoted("dbus_member"),
    "method": _quoted("dbus_member"),
    "signal": _word("signal"),
    "fstype": _string("fs_type"),
    "flags": _string("flags"),
    "srcname": _string("src_name"),
    "rlimit": _word("rlimit"),
    "value": _number("value"),
    "task": _number("task"),
    "parent": _number("parent"),
    "magic_token": _number("token"),
    "pid": _number("pid"),
    "peer_pid": _number("peer_pid"),
    "fsuid": _number("fsuid"),
    "ouid": _number("ouid"),
    "error": _Key("errorcode", False, audit_values.error_number),
}
#: The keys that records have, but for that of the event.
KEYS = frozenset(_KEYS)
_QUOTED = {key: spec.field for key, spec in _KEYS.items() if spec.quoted}
_SOCKETS = ("net_addr", "peer_addr")
_EVENT_KEYS = frozenset({"apparmor", "type"})
_KEEP_ZERO = frozenset({"fsuid", "ouid", "value"})
_ONE = r"""([A-Za-z_][A-Za-z0-9_]*+)=("[^"]*+"|[^\s"']++|(?![^\s']))"""
#: Pairs stand apart by blanks, or by the single quotes in which a bus daemon's message is nested.
_PAIRS = re.compile(_ONE, re.DOTALL)
_WHOLE = re.compile(rf"""(?:[\s']*+{_ONE})*+[\s']*+""", re.DOTALL)
_NEXT = re.compile(rf"""[\s']*+{_ONE}""", re.DOTALL)
_UNKNOWN_TYPE = re.compile(r"UNKNOWN\[(\d{1,9})\]")
_NAMED_TYPES = {f"APPARMOR_{word}": event for word, event in EVENT_WORDS.items()}
_NAMED_TYPES["APPARMOR_KILL"] = _NAMED_TYPES.pop("APPARMOR_KILLED")
_AVC_TYPES = frozenset({"AVC", "USER_AVC"})
_NUMBER_KEY = re.compile(r"\btype=150[1-7]\b")
_DAEMON = re.compile(r"\w\[\d{1,10}\]: (?!\[?\s*\d+\.)(.*)", re.DOTALL)


def parse(line: str) -> Record | None:
    """The record of a line, None if it is not AppArmor's; raises `LogError` for a broken one."""
    envelope = unwrap(line)
    return parse_message(envelope) if envelope is not None else None


def parse_message(envelope: Envelope, source: LogPlace | None = None) -> Record | None:
    """The record of a message that its transport has been taken off; as `parse`."""
    head, body = split(envelope.text)
    if head is None:
        at = body.find("apparmor=")
        if at < 0 or not is_front(body, at):
            return None
        body, kind = body[at:], ""
    else:
        kind = head.kind
        if not _ours(kind, body):
            return None
    found = _id(head) if head is not None else {}
    if head is None and (epoch := envelope.epoch or stamp(envelope.text)):
        found["epoch"] = epoch
    _read(body, kind, found)
    return Record(**found, source=source)


def others(text: str) -> bool:
    """Whether a line is an audit record of another kind, which may quote one of ours."""
    head, body = split(text)
    return head is not None and bool(head.kind) and not _ours(head.kind, body)


def foreign(line: str) -> Record:
    """A line that is not an AppArmor record, as libapparmor shows it: audit id, type and text."""
    envelope = unwrap(line)
    if envelope is None:
        return Record()
    head, body = split(envelope.text)
    if head is None:
        daemon = _DAEMON.search(body)
        return Record(info=daemon[1] if daemon and daemon[1] else None)
    found = _id(head)
    named = head.kind and not head.kind.isdigit() and "[" not in head.kind
    if named and head.kind not in _AVC_TYPES:
        found["operation"] = head.kind
    return Record(info=body or None, **found)


def _id(head: Head) -> dict[str, Any]:
    """The fields of a record that its header gives."""
    found: dict[str, Any] = {"audit_id": head.id}
    found |= {"epoch": head.epoch} if head.epoch else {}
    return found | ({"audit_subid": head.serial} if head.serial else {})


def _ours(kind: str, body: str) -> bool:
    """Whether a record with a header is AppArmor's: SELinux writes `type=AVC` too."""
    if kind in _NAMED_TYPES or kind == "APPARMOR" or "apparmor=" in body:
        return kind in ("", "APPARMOR", "1400", "1107", *_AVC_TYPES, *_NAMED_TYPES) or bool(
            _type_number(kind)
        )
    number = _type_number(kind)
    if 1500 <= number <= 1507 or (not kind and _NUMBER_KEY.search(body)):
        return True
    # without the word for the kind of event, a record of ours lost something
    return 'operation="' in body and kind in ("", "1400", "1107", *_AVC_TYPES)


def _type_number(kind: str) -> int:
    unknown = _UNKNOWN_TYPE.fullmatch(kind)
    digits = unknown[1] if unknown else kind
    return natural(digits) or 0


def _read(body: str, kind: str, found: dict[str, Any]) -> None:
    """Read the pairs into the fields; raises `LogError`."""
    event = EVENT_NUMBERS.get(_type_number(kind), INVALID)
    if kind == "APPARMOR":
        raise LogError(
            "a record of AppArmor 2.0, which is no longer read",
            Record(operation=kind, info=body or None, **found),
        )
    pairs = _PAIRS.findall(body) if _WHOLE.fullmatch(body) else _until_bad(body, found)
    for key, text in pairs:
        if text[:1] == '"' and key in _QUOTED:
            found[_QUOTED[key]] = text[1:-1]
        elif key in _EVENT_KEYS:
            event = _event(key, text, found) or event
        elif key in _KEYS:
            _put(key, text, found)
        elif key == "msg":  # of a bus daemon: what stood before is about the daemon itself
            found.pop("pid", None)
    event = _NAMED_TYPES.get(kind, event)
    if event == INVALID:
        raise LogError("no kind of event", Record(**found))
    found["event_type"] = event
    for field in _SOCKETS:
        if field in found:
            found[field] = audit_values.abstract(found[field])


_KNOWN = re.compile("(?:{})=".format("|".join([*_KEYS, "apparmor", "type"])))


def _put(key: str, text: str, found: dict[str, Any]) -> None:
    """Read an unquoted value into its field; raises `LogError`."""
    field, _, bare = _KEYS[key]
    if bare is None or not text or text[0] == '"':
        why = "quoted" if text[:1] == '"' else "not quoted" if text else "empty"
        raise LogError(f"`{key}` is {why}", Record(**found))
    try:
        value = bare(text)
    except audit_values.BadValueError as fault:
        raise LogError(f"`{key}` is {fault}", Record(**found)) from None
    if key == "target" and found.get("operation") == "ptrace" and not str(value).isprintable():
        # kernels before 4.13 have logged stray memory there
        raise LogError("`target` is not text", Record(**found))
    if value is None or (value == 0 and field not in _KEEP_ZERO):
        found.pop(field, None)
    else:
        found[field] = value


def _until_bad(body: str, found: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """The pairs of a body that is not made of pairs only; raises `LogError` after the last."""
    end = 0
    while match := _NEXT.match(body, end):
        end = match.end()
        yield match[1], match[2]
    rest = body[end:].lstrip(" \t\r\n'")
    if not _KNOWN.match(rest):
        found["info"] = rest
    at = len(body) - len(rest) + 1
    raise LogError(f"no `key=value` at column {at} of the message", Record(**found))


def _event(key: str, text: str, found: dict[str, Any]) -> EventType | None:
    """The event that `apparmor="WORD"` or `type=NUMBER` names."""
    if key == "type":
        if natural(text) is None:
            raise LogError("`type` is not a number", Record(**found))
        return EVENT_NUMBERS.get(_type_number(text))
    event = EVENT_WORDS.get(text.strip('"'))
    if event is None:
        raise LogError("`apparmor` names no kind of event", Record(**found))
    return event
