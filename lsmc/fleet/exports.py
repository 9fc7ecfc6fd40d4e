"""Exports of log stores: a JSON object a line, whose fields have names of the store's own.

Each line becomes an entry as journald writes it, so that lines keep their numbers.  A line that is
no object, or lacks the message, stays as it is.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from lsmc.base.errors import hint
from lsmc.fleet.sites import MapError

#: What a field may be; those but `message` together name the host.
FIELDS = ("message", "host", "namespace", "pod", "container")
#: Bytes of a line that is looked at.
_LONGEST = 1 << 20


def read_fields(words: Iterable[str]) -> dict[str, str] | None:
    """The fields of `NAME=PATH` words, a path with dots; None without any; raises `MapError`."""
    found: dict[str, str] = {}
    for word in words:
        name, equals, path = word.partition("=")
        if name not in FIELDS:
            raise MapError(f"no field `{name}`{hint(name, FIELDS)}: {', '.join(FIELDS)}")
        if not equals or not path:
            raise MapError(f"`{word}` is not of the form NAME=PATH")
        found[name] = path
    if found and "message" not in found:
        raise MapError("say where the message is: message=PATH")
    return found or None


def exported(pieces: Iterable[bytes], fields: Mapping[str, str]) -> Iterator[bytes]:
    """Lines of an export, in pieces of any size, as entries of a journal."""
    left = b""
    for piece in pieces:
        *lines, left = (left + piece).split(b"\n")
        if lines:
            yield b"".join(_entry(line, fields) + b"\n" for line in lines)
    if left:
        yield _entry(left, fields)


def _entry(line: bytes, fields: Mapping[str, str]) -> bytes:
    if len(line) > _LONGEST:
        return line
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return line
    message = _at(found, fields["message"])
    if message is None:
        return line
    parts = (_at(found, fields[name]) for name in FIELDS[1:] if name in fields)
    entry = {"MESSAGE": message, "_HOSTNAME": "/".join(part for part in parts if part)}
    return json.dumps(entry).encode()


def _at(value: Any, path: str) -> str | None:
    """The text at a path; a name with dots in it may be one key."""
    if not path:
        return value if isinstance(value, str) else None
    if not isinstance(value, dict):
        return None
    if path in value:
        return _at(value[path], "")
    head, _, rest = path.partition(".")
    return _at(value.get(head), rest) if rest else None
