"""One message of a log as a record of TOMOYO.

A record of the audit interface is three lines: the header, the domain, the request.  In the header,
sections are in braces, with pairs in them; arguments and variables of a new program are quoted
texts in braces of their own, cut to `...` when there is no room.  The kernel log has a few messages
more.
"""

from __future__ import annotations

import re
from calendar import timegm
from collections.abc import Iterator
from typing import Final

from lsmc.base.numbers import natural
from lsmc.logs.envelope import Envelope
from lsmc.logs.header import stamp
from lsmc.logs.record import LogError, LogPlace
from lsmc.modules.tomoyo.log.record import LIST, NOTES, Record, Type
from lsmc.modules.tomoyo.names import is_domain
from lsmc.modules.tomoyo.vocabulary import MODES

#: What every header holds.
SIGN: Final = "# profile="
_HEADER: Final = re.compile(
    r"#(\d{4})/(\d\d)/(\d\d) (\d\d):(\d\d):(\d\d)# profile=(\d{1,3}) mode=(\w{1,16})"
    r" granted=(yes|no) \(global-pid=(\d{1,10})\)"
)
_MESSAGE: Final = re.compile(
    r"(?:ERROR: Domain '(?P<failed>[^']{1,4096})' not (?:ready|defined)\."
    r"|WARNING: Domain '(?P<full>[^']{1,4096})' has too many ACLs to hold\."
    r" Stopped learning mode\."
    r"|(?P<who><[^()]{1,4096}) \( (?P<program>\S{1,4096}) \) is not permitted to update policies\.)"
)
#: Beginnings of these messages, as bytes of a line.
MESSAGES: Final = (
    b"ERROR: Domain '",
    b"WARNING: Domain '",
    b"is not permitted to update policies",
)
_NAMES: Final = ("task", "path1", "path1.parent", "path2", "path2.parent", "exec")
_LISTS: Final = {"argv[]": "argv", "envp[]": "envp"}
_TARGET: Final = "symlink.target"


def read_message(message: Envelope, source: LogPlace | None = None) -> Record | None:
    """The record of a message; None where it is somebody else's.

    Raises `LogError` for a record that cannot be read.
    """
    lines = message.text.replace("\0", "").split("\n")
    header = _HEADER.match(lines[0])
    if header is None:
        return _kernel_message(message, source)
    found = _header(header, source)
    if found.mode not in MODES:
        raise LogError(f"`mode={found.mode}` is no mode", found)
    if len(lines) < 3:
        raise LogError(
            "the record is cut off: a header is followed by the domain and a request", found
        )
    domain, request = lines[1].strip(), lines[2].strip()
    if not is_domain(domain):
        raise LogError(f"`{domain[:80]}` is not a domain", found)
    try:
        attributes = tuple(_sections(iter(lines[0][header.end() :].split())))
    except _Broken as broken:
        raise LogError(str(broken), found._replace(domain=domain, request=request)) from None
    return found._replace(
        event_type=_type(found, request), domain=domain, request=request, attributes=attributes
    )


def _header(match: re.Match[str], source: LogPlace | None) -> Record:
    numbers = [int(one) for one in match.groups()[:6]]
    return Record(
        profile=int(match[7]),
        mode=match[8],
        granted=match[9] == "yes",
        epoch=_epoch(numbers),
        pid=int(match[10]),
        source=source,
    )


def _epoch(numbers: list[int]) -> int | None:
    """The seconds since 1970 of a date; None for one that no calendar has."""
    try:
        return timegm((*numbers, 0, 0, 0))
    except ValueError:
        return None


def _type(record: Record, request: str) -> Type:
    if request.split(" ", maxsplit=1)[0] in NOTES:
        return "NOTE"
    if record.granted:
        return "GRANTED"
    if record.mode == "permissive":
        return "PERMISSIVE"
    return "LEARNING" if record.mode == "learning" else "DENIED"


class _Broken(ValueError):
    """The header is not of its form."""


def _sections(words: Iterator[str]) -> Iterator[tuple[str, object]]:
    """The sections of a header, in order."""
    for word in words:
        name, _, rest = word.partition("=")
        if name == _TARGET:
            yield name, _unquoted(rest)
        elif name in _NAMES and rest == "{":
            yield name, tuple(_pairs(words))
        else:
            raise _Broken(f"`{word[:80]}` is no part of a header")


def _pairs(words: Iterator[str]) -> Iterator[tuple[str, object]]:
    """The pairs of a section, up to its end."""
    for word in words:
        if word == "}":
            return
        name, _, value = word.partition("=")
        if name in _LISTS and value == "{":
            yield _LISTS[name], (LIST, *_list(words))
        elif name == "realpath":
            yield name, _unquoted(value)
        elif name in ("perm", "type"):
            yield name, value
        else:
            number = natural(value)
            if number is None:
                raise _Broken(f"`{word[:80]}` is no pair of a header")
            yield name, number
    raise _Broken("the header is cut off")


def _list(words: Iterator[str]) -> Iterator[str]:
    """The texts of a list, up to its end; those that the kernel has left out are left out."""
    for word in words:
        if word == "}":
            return
        if word != "...":
            yield _unquoted(word)
    raise _Broken("the header is cut off")


def _unquoted(text: str) -> str:
    if len(text) < 2 or text[0] != '"' or text[-1] != '"':
        raise _Broken(f"`{text[:80]}` is not in quotes")
    return text[1:-1]


def _kernel_message(message: Envelope, source: LogPlace | None) -> Record | None:
    found = _MESSAGE.search(message.text)
    if found is None:
        return None
    domain = found["failed"] or found["full"] or found["who"]
    return Record(
        event_type="STATUS",
        domain=domain if is_domain(domain) else None,
        epoch=message.epoch or stamp(message.text) or None,
        message=found[0],
        source=source,
    )
