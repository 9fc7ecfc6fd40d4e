"""Diffs: a name and two texts, read back by a strict reader of its own."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable

from lsmc.base.source import Source
from lsmc.modules.apparmor.syntax.formatter import format_text
from lsmc.modules.apparmor.syntax.parser import parse
from lsmc.output.patch import patch_lines, unified
from tests.cli.test_patches import NAMES, SHAPES
from tests.fuzz.target import Target, words
from tests.fuzz.targets import policy

_HUNK = re.compile(rb"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@\n")
_QUOTED = re.compile(rb'"((?:[ !#-\[\]-~]|\\(?:[abtnvfr"\\]|[0-3][0-7]{2}))*)"\t?')
_PLAIN = re.compile(rb"([ !#-\[\]-~]*[!#-\[\]-~])\t?")
_ESCAPE = re.compile(rb"\\([abtnvfr\"\\]|[0-7]{3})")
_MEANINGS = dict(zip(b'abtnvfr"\\', b'\a\b\t\n\v\f\r"\\', strict=True))


def seeds() -> Iterable[bytes]:
    """Odd names with texts of all shapes, and policy to be formatted."""
    shapes = list(SHAPES.values())
    for number, name in enumerate(NAMES):
        old, new = shapes[number % len(shapes)]
        yield b"\0".join((os.fsencode(name), old.encode("latin-1"), new.encode("latin-1")))
    for number, text in enumerate(policy.seeds()):
        if number % 40 == 0:
            yield b"p\0" + text


def run(data: bytes) -> None:
    """The diff of a file names that file alone, and makes the one text of the other."""
    name, _, rest = data.partition(b"\0")
    before, second, after = rest.partition(b"\0")
    path = f"/no such directory/{os.fsdecode(name) or 'x'}"
    old, new = before.decode("latin-1"), after.decode("latin-1")
    if not second:
        source = Source(path, old)
        new = old if parse(source)[1] else format_text(source)
    patch = unified(path, old, new)
    assert bool(patch) == (old != new), "a diff without a difference, or none"
    if patch:
        wanted = os.fsencode(os.path.realpath(path).lstrip("/"))
        assert applied(patch, wanted, before) == new.encode("latin-1"), "another text"
    for line in patch_lines(patch):
        assert all(text.isprintable() for text, _ in line), "control characters"


def applied(patch: bytes, name: bytes, old: bytes) -> bytes:
    """What a diff of one file makes of a text; AssertionError for anything but such a diff."""
    absent = () if old else (b"/dev/null",)  # a file that may not be there yet
    rows: list[bytes] = []
    for row in lines(patch):
        if row == b"\\ No newline at end of file\n":
            assert rows[-1][:1] in (b" ", b"-", b"+")
            rows[-1] = rows[-1].removesuffix(b"\n")
        else:
            rows.append(row)
    assert header(rows[0], b"--- ") in (b"a/" + name, *absent), "another old name"
    assert header(rows[1], b"+++ ") == b"b/" + name, "another new name"
    given, made = lines(old), list[bytes]()
    at, row = 0, 2
    while row < len(rows):
        hunk = _HUNK.fullmatch(rows[row])
        assert hunk, "not a hunk"
        place, count, new_place, new_count = (1 if n is None else int(n) for n in hunk.groups())
        start = place - bool(count)
        assert at <= start, "hunks out of order"
        made += given[at:start]
        assert new_place - bool(new_count) == len(made), "a wrong place"
        taken, put = list[bytes](), list[bytes]()
        while len(taken) < count or len(put) < new_count:
            row += 1
            for side in {b" ": (taken, put), b"-": (taken,), b"+": (put,)}[rows[row][:1]]:
                side.append(rows[row][1:])
        at = start + count
        assert taken == given[start:at], "another text is replaced"
        made += put
        row += 1
    return b"".join(made + given[at:])


def header(row: bytes, mark: bytes) -> bytes:
    """The name in a header line, as git and patch read it."""
    assert row.startswith(mark), "not a header"
    text = row.removeprefix(mark).removesuffix(b"\n")
    if plain := _PLAIN.fullmatch(text):
        assert (b" " in plain[1]) == text.endswith(b"\t"), "a blank ends the name"
        return plain[1]
    quoted = _QUOTED.fullmatch(text)
    assert quoted, "not a name"
    return _ESCAPE.sub(lambda found: bytes((_meaning(found[1]),)), quoted[1])


def _meaning(escape: bytes) -> int:
    return _MEANINGS[escape[0]] if len(escape) == 1 else int(escape, 8)


def lines(text: bytes) -> list[bytes]:
    """The lines of a text with their ends: a line feed and nothing else ends one."""
    return re.findall(rb"[^\n]*\n|[^\n]+", text)


WORDS = (
    *words("--- +++ @@ -1 +1 @@ a/ b/ ../ // \\ No newline at end of file a.b \\n #include {"),
    *(b"\n", b"\r\n", b"\0", b"\t", b" ", b'"', b"\xff", b"\x1b", b"\xc2\x85", b"\n\n\n"),
)
TARGET = Target("patch", run, seeds, WORDS)
