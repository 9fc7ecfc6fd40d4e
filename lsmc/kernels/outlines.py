"""Lines of logs that differ only in what no two records share: the hot loop of reading logs.

An audit record in its plain form is `FRONT audit(SECONDS.MILLIS:SERIAL): KEY=VALUE ...`.  Programs
do the same thing again and again, so that most records of a log say what an earlier one said, but
for the time, the serial number, the process id and perhaps the name of a file.  The outline of a
record is its text without these.  Whoever has read one record of an outline can read all others by
putting their own parts in the place of its.

An outline is only made where that holds: the parts left out are plain words outside of any quoted
value, what stands before the header belongs to no record, and quotes are closed.  Everything else
is for the reader of all lines, which this module knows nothing of.

The source is compiled by Cython where it can be; uncompiled it runs as it stands.  Compiled,
`_front` and `_find` look at each byte of a line once; uncompiled, they use regular expressions and
the searches of `bytes`, which are as fast as Python gets.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from lsmc.kernels import _nocython as cython

if cython.compiled:
    import cython  # type: ignore[no-redef]

_HEADER = b"audit("
#: What stands before it, as auditd, the kernel and journald write it.
_KINDS = frozenset(
    (
        *(b"", b"msg=", b"type=1400 ", b"type=1107 ", b"type=AVC msg=", b"type=USER_AVC msg="),
        *(b"type=1400 msg=", b"type=1107 msg="),
    )
)
_FRONT = re.compile(
    rb"(?!\{)((?:node=(?! ))?[ !#-&(-<>-~]*)((?:type=[ -~]*?)?(?:msg=)?)" + re.escape(_HEADER)
)
#: Bytes in the value of a name that is left out: printable, and written alike in JSON.
_NAME = bytes(sorted(frozenset(range(0x21, 0x7F)) - frozenset(b'"=\\')))


@cython.cclass
class Sighting:
    """A record in its plain form: its outline, what is its own, and where it was seen.

    Attributes:
        outline: what it shares with others.
        id: `SECONDS.MILLIS:SERIAL`.
        epoch: the seconds since 1970.
        serial: the serial number, in digits.
        name: the value of `name="..."`, empty where it is in the outline.
        pid: the value of `pid=`, in digits, empty where it is in the outline; likewise
            `port`, the value of `lport=` or `src=`.
        host: the host that the line names, empty for none.
        line: the number of the line.
        like: the number by which its outline is known.
    """

    outline = cython.declare("bytes", visibility="public")
    id = cython.declare("str", visibility="public")
    epoch = cython.declare("Py_ssize_t", visibility="public")
    serial = cython.declare("str", visibility="public")
    name = cython.declare("str", visibility="public")
    pid = cython.declare("str", visibility="public")
    port = cython.declare("str", visibility="public")
    host = cython.declare("str", visibility="public")
    line = cython.declare("Py_ssize_t", visibility="public")
    like = cython.declare("Py_ssize_t", visibility="public")


#: Where the parts of a sighting go among the texts that those of an outline share.
PARTS = ("line", "id", "epoch", "serial", "name", "pid", "port")


@cython.locals(parts="list", which="int")
def filled(sighting: Sighting, form: tuple[Any, ...]) -> str:
    """A text made of texts and of parts of a sighting, by their number in `PARTS`."""
    parts: list[str] = []
    for part in form:
        if isinstance(part, str):
            parts.append(part)
            continue
        which = part
        if which == 0:
            parts.append(str(sighting.line))
        elif which == 1:
            parts.append(sighting.id)
        elif which == 2:
            parts.append(str(sighting.epoch))
        elif which == 3:
            parts.append(sighting.serial)
        elif which == 4:
            parts.append(sighting.name)
        elif which == 5:
            parts.append(sighting.pid)
        else:
            parts.append(sighting.port)
    return "".join(parts)


@cython.ccall
@cython.locals(text="const unsigned char*", at="Py_ssize_t", end="Py_ssize_t", size="Py_ssize_t")
@cython.returns("str")
def host_of(line: bytes) -> str:
    """The host that a line of syslog (RFC 3164, or with a time of RFC 3339) or of audisp names."""
    text = line
    size = len(line)
    if line.startswith(b"node="):
        at = 5
    elif size < 16:
        return ""
    elif text[3] == 32 and text[6] == 32 and text[9] == 58 and text[15] == 32:
        at = 16
    elif text[4] == 45 and text[10] == 84:
        at = line.find(b" ") + 1
    else:
        return ""
    end = at
    while end < size and text[end] > 32:
        end += 1
    if not 0 < at < end < size or text[end - 1] == 58 or text[at] == 91:
        return ""  # the name of a program, which comes next, or what the kernel writes
    return text[at:end].decode("utf-8", "surrogateescape")


@cython.cfunc
@cython.locals(text="const unsigned char*", at="Py_ssize_t", most="Py_ssize_t")
@cython.returns("Py_ssize_t")
def _number_end(line: bytes, at: cython.Py_ssize_t, most: cython.Py_ssize_t) -> int:
    """Where a number from 1 on ends, in at most so many digits and as one writes it; else -1."""
    text = line
    most = min(most + at, len(line))
    if at >= most or text[at] < 49 or text[at] > 57:
        return -1
    while at < most and 48 <= text[at] <= 57:
        at += 1
    return at


@cython.cfunc
@cython.locals(text="const unsigned char*", what="const unsigned char*", size="Py_ssize_t")
@cython.returns("bint")
def _ends(line: bytes, at: cython.Py_ssize_t, word: bytes) -> bool:
    """Whether a word ends at a place that is beyond its length."""
    text = line
    what = word
    size = len(word)
    while size > 0:
        size -= 1
        at -= 1
        if text[at] != what[size]:
            return False
    return True


@cython.cclass
class _Places:
    """Where the parts of a record are in its line; -1 for those that are not left out.

    Attributes:
        kind: where the header begins.
        header: where the numbers of the header begin.
        body: where the body begins, with a blank.
        end: where the body ends.
        quotes: the number of double quotes behind the header.
        sign: where the sign begins.
        name: where the only name begins, after its quote, outside of other quotes.
        name_end: where it ends.
        pid: where the last process id begins, outside of quotes.
        port: where the only local port begins, outside of quotes.
    """

    kind = cython.declare("Py_ssize_t")
    header = cython.declare("Py_ssize_t")
    body = cython.declare("Py_ssize_t")
    end = cython.declare("Py_ssize_t")
    quotes = cython.declare("Py_ssize_t")
    sign = cython.declare("Py_ssize_t")
    name = cython.declare("Py_ssize_t")
    name_end = cython.declare("Py_ssize_t")
    pid = cython.declare("Py_ssize_t")
    port = cython.declare("Py_ssize_t")


@cython.cfunc
@cython.locals(text="const unsigned char*", at="Py_ssize_t", size="Py_ssize_t", byte="int")
@cython.locals(kind="Py_ssize_t", message="Py_ssize_t", closed="bint")
@cython.returns("bint")
def _front(line: bytes, found: _Places) -> bool:
    """Find the header behind what belongs to no record."""
    if not cython.compiled:
        match = _FRONT.match(line, 0, line.find(_HEADER) + len(_HEADER))
        if match is None or match[1].rfind(b"[") > match[1].rfind(b"]"):
            return False
        if match[1] and match[1][-1] != 32:
            return False
        found.kind, found.header = match.start(2), match.end(2) + len(_HEADER)
        return match[2] in _KINDS
    text = line
    size = len(line)
    if size < 20 or text[0] == 123:
        return False
    at = 5 if text[0] == 110 and line.startswith(b"node=") and text[5] != 32 else 0
    kind = message = -1
    closed = True
    while True:
        if at >= size or text[at] < 32 or text[at] > 126:
            return False
        byte = text[at]
        if byte == 61:
            if at >= 4 and kind < 0 and _ends(line, at, b"type"):
                kind = at - 4
            elif at >= 3 and message < 0 and _ends(line, at, b"msg"):
                message = at - 3
            else:
                return False
        elif byte in (34, 39):
            return False
        elif byte == 91:
            closed = False
        elif byte == 93:
            closed = True
        elif byte == 40 and at >= 5 and _ends(line, at, b"audit"):
            break
        at += 1
    if message >= 0 and message != at - 9:
        return False
    found.header = at + 1
    if kind < 0:
        kind = message if message >= 0 else at - 5
    found.kind = kind
    if not closed or (kind > 0 and text[kind - 1] != 32):
        return False
    return text[kind : at - 5] in _KINDS


@cython.cfunc
@cython.locals(text="const unsigned char*", at="Py_ssize_t", size="Py_ssize_t")
@cython.locals(quotes="Py_ssize_t", names="Py_ssize_t", ports="Py_ssize_t", byte="int", last="int")
@cython.returns("object")
def _find(line: bytes, sign: bytes, found: _Places) -> None:
    """Find the parts of a record whose body is found."""
    if not cython.compiled:
        _search(line, sign, found)
        return
    text = line
    size = len(line)
    last = sign[len(sign) - 3]
    found.sign = found.name = found.name_end = found.pid = found.port = -1
    found.end = size
    quotes = names = ports = 0
    at = found.body
    while at < size:
        byte = text[at]
        if byte == 34:
            quotes += 1
        elif byte == 61:
            byte = text[at - 1]
            if byte == 101 and _ends(line, at, b"name"):
                names += 1
                if text[at - 5] == 32 and quotes % 2 == 0 and at + 1 < size and text[at + 1] == 34:
                    found.name = at + 2
            elif byte == 100 and text[at - 2] == 105 and text[at - 3] == 112:  # ...pid=
                if text[at - 4] != 95:
                    found.pid = at + 1 if text[at - 4] == 32 and quotes % 2 == 0 else -1
            elif byte == 116 and _ends(line, at, b"lport"):
                ports += 1
                found.port = at + 1 if text[at - 6] == 32 and quotes % 2 == 0 else -1
            elif byte == 99 and _ends(line, at, b"src"):
                ports += 1
                found.port = at + 1 if text[at - 4] == 32 and quotes % 2 == 0 else -1
            if found.sign < 0 and byte == last and at + 1 < size and _ends(line, at + 2, sign):
                found.sign = at + 2 - len(sign)
        elif byte == 29:
            found.end = at
            break
        at += 1
    while at < size:
        if text[at] == 34:
            quotes += 1
        at += 1
    found.quotes = quotes
    if ports != 1:
        found.port = -1
    if names != 1 or found.name < 0:
        found.name = -1
        return
    at = found.name
    while at < found.end and text[at] != 34:
        if text[at] < 33 or text[at] > 126 or text[at] == 61 or text[at] == 92:
            found.name = -1
            return
        at += 1
    if at == found.name or at >= found.end:
        found.name = -1
    found.name_end = at


def _search(line: bytes, sign: bytes, found: _Places) -> None:
    """The same by searches."""
    start = found.body
    found.quotes = line.count(b'"', start)
    found.end = end = line.find(b"\x1d", start) if b"\x1d" in line else len(line)
    found.sign = line.find(sign, start, end)
    found.pid = found.port = found.name = found.name_end = -1
    at = line.rfind(b"pid=", start, end)
    while at >= 0 and line[at - 1] == 95:  # `peer_pid=` is another key
        at = line.rfind(b"pid=", start, at)
    if at >= 0 and line[at - 1] == 32 and line.count(b'"', start, at) % 2 == 0:
        found.pid = at + 4
    if line.count(b"lport=", start, end) + line.count(b"src=", start, end) == 1:
        at = max(line.find(b" lport=", start, end) + 2, line.find(b" src=", start, end))
        if at > 1 and line.count(b'"', start, at) % 2 == 0:
            found.port = at + 5
    at = line.find(b'name="', start, end)
    if at >= 0 and line[at - 1] == 32 and line.count(b"name=", start, end) == 1:
        shut = line.find(b'"', at + 6, end)
        plain = not line[at + 6 : shut].translate(None, _NAME)
        if shut > at + 6 and plain and line.count(b'"', start, at) % 2 == 0:
            found.name, found.name_end = at + 6, shut


_PLACES = _Places()


@cython.cfunc
@cython.locals(text="const unsigned char*", end="Py_ssize_t")
@cython.returns("Py_ssize_t")
def _value_end(line: bytes, at: cython.Py_ssize_t, shut: cython.Py_ssize_t) -> int:
    """Where the value of a key ends that is a number, in a body that ends at `shut`; else -1."""
    text = line
    end = _number_end(line, at, 9)
    if end > shut or (0 <= end < shut and text[end] != 32):
        return -1
    return end


@cython.ccall
@cython.locals(text="const unsigned char*", begin="Py_ssize_t", dot="Py_ssize_t")
@cython.locals(
    colon="Py_ssize_t", at="Py_ssize_t", pid="Py_ssize_t", after="Py_ssize_t", port="Py_ssize_t"
)
@cython.locals(start="Py_ssize_t", name="Py_ssize_t", end="Py_ssize_t", places="_Places")
@cython.locals(shut="Py_ssize_t", size="Py_ssize_t", epoch="Py_ssize_t")
@cython.returns("Sighting")
def outline(line: bytes, sign: bytes) -> Sighting | None:
    """The sighting of a record in a line without its end; None for what is not in plain form.

    Args:
        line: the line.
        sign: bytes with `="` at their end that all records in question hold after a blank or a
            single quote, such as `apparmor="`.
    """
    places = _PLACES
    text = line
    size = len(line)
    if size > 2048 or not _front(line, places):  # longer ones are not worth keeping
        return None
    start = places.header
    dot = _number_end(line, start, 12)
    if dot < 0 or dot == size or text[dot] != 46:
        return None
    colon = dot + 1
    while colon < size and 48 <= text[colon] <= 57:
        colon += 1
    if colon == size or text[colon] != 58 or not 1 < colon - dot <= 13:
        return None
    shut = _number_end(line, colon + 1, 20)
    if shut < 0 or shut + 3 > size or not _ends(line, shut + 3, b"): "):
        return None
    places.body = shut + 2
    _find(line, sign, places)
    at = places.sign
    if places.quotes % 2 or at < 0 or (text[at - 1] != 32 and text[at - 1] != 39):
        return None
    found = Sighting()
    found.id = text[start:shut].decode("ascii")
    epoch = 0
    for at in range(start, dot):
        epoch = epoch * 10 + (text[at] - 48)
    found.epoch = epoch
    found.serial = text[colon + 1 : shut].decode("ascii")
    begin = places.kind
    found.host = host_of(text[:begin]) if begin else ""
    shut = places.end
    pid = places.pid
    after = -1
    found.pid = found.port = found.name = ""
    if pid >= 0 and (after := _value_end(line, pid, shut)) >= 0:
        found.pid = text[pid:after].decode("ascii")
    port = places.port
    end = -1
    if port >= 0 and (end := _value_end(line, port, shut)) >= 0:
        found.port = text[port:end].decode("ascii")
    name = places.name
    if name >= 0:
        found.name = text[name : places.name_end].decode("ascii")
    # what is between the parts left out, from the left
    found.outline = text[begin : start - 6]
    at = places.body
    while True:
        start = shut
        dot = shut
        if at <= pid < start and after >= 0:
            start = pid
            dot = after
        if at <= port < start and end >= 0:
            start = port
            dot = end
        if at <= name < start:
            start = name
            dot = places.name_end
        found.outline += text[at:start]
        if start == shut:
            return found
        at = dot


@cython.cfunc
@cython.locals(text="const unsigned char*", byte="int")
@cython.returns("bint")
def _begins_anew(data: bytes, at: cython.Py_ssize_t, stop: cython.Py_ssize_t) -> bool:
    """Whether a line cannot be the rest of a record that a transport broke."""
    if at >= stop:
        return False
    text = data
    byte = text[at]
    if byte == 116:
        return stop - at > 5 and _ends(data, at + 5, b"type=")
    return 48 <= byte <= 57 or 65 <= byte <= 91


@cython.locals(skipped="Py_ssize_t", near="Py_ssize_t", place="Py_ssize_t", begin="Py_ssize_t")
@cython.locals(end="Py_ssize_t", which="Py_ssize_t", lines="Py_ssize_t", dense="bint")
@cython.locals(sighting="Sighting", text="const unsigned char*")
def scan(
    data: bytes,
    at: cython.Py_ssize_t,
    stop: cython.Py_ssize_t,
    number: cython.Py_ssize_t,
    marks: tuple[bytes, ...],
    places: list[int],
    sign: bytes,
    worth_reading: Callable[[bytes], bool],
    known: dict[bytes, int],
) -> tuple[list[Any], int, int, int]:
    """The records of known outlines among whole lines, up to the first line that may be another.

    Args:
        data: what holds the lines.
        at: where the first line begins.
        stop: where the last line ends, after its line end.
        number: how many lines were before these.
        marks: bytes of which every line of a record holds some.
        places: where the marks are next, as far as known from earlier calls for the same data; at
            first -1 for each.
        sign: as for `outline`.
        worth_reading: whether a line with a mark may be a record.
        known: the numbers of outlines.

    Returns:
        The sightings, where the first line begins that was not read, how many lines are before it,
        and how many of those that were read are no records.
    """
    found: list[Any] = []
    skipped = 0
    text = data
    dense = True  # whether the line before was a record: then this one may well be
    while at < stop:
        if not dense:
            near = stop
            for which, mark in enumerate(marks):
                place = places[which]
                if place < at:
                    place = data.find(mark, at, stop)
                    if place < 0:
                        place = stop
                    places[which] = place
                near = min(near, place)
            begin = stop if near >= stop else data.rfind(b"\n", at, near) + 1
            if begin > at:
                lines = data.count(b"\n", at, begin)
                skipped += lines
                number += lines
                at = begin
                continue
        end = data.find(b"\n", at, stop)
        line = text[at:end]
        sighting = None
        if _begins_anew(data, end + 1, stop):
            sighting = outline(line.rstrip(b"\r") if data[end - 1] == 13 else line, sign)
        like = known.get(sighting.outline) if sighting is not None else None
        if sighting is not None and like is not None:
            number += 1
            sighting.like = like
            sighting.line = number
            found.append(sighting)
            dense = True
        elif dense:
            dense = False
            continue
        elif worth_reading(line):
            return found, at, number, skipped
        else:
            number += 1
            skipped += 1
        at = end + 1
    return found, at, number, skipped
