"""Entries of the cache: as bytes, and with sizes and the checksum made right again.

The first byte of an input says which of the two.  A damaged entry is as none: the bundle is that of
a compilation from nothing.  One with a right checksum may lie about the policy, which no reader can
know; but nothing goes wrong, whether the policy is as before or an included file has changed.  The
second form is the two heads, each on a line, and the bundle.
"""

from __future__ import annotations

import atexit
import json
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import TypeVar
from zlib import crc32

from lsmc.compiler.cache.entry import _MAGIC, _START
from lsmc.compiler.cache.store import compile_cached
from lsmc.compiler.inputs import Options
from lsmc.modules.apparmor.build.cached import compile_paths
from lsmc.policy import Policy
from lsmc.tables.errors import BundleError
from tests.fuzz.target import Target, words

T = TypeVar("T")
RAW, REPAIRED = b"\0", b"\1"
FILES = {
    "policy/p": "include <tunables>\nprofile p @{bin}/p {\n  include <body>\n  /a r,\n}\n",
    "policy/q": "abi <abi>,\nalias /x -> /y,\nprofile q {\n  include <body>\n}\n",
    "base/tunables": "$on = true\n@{bin}=/bin /usr/bin\n",
    "base/abi": "file {mask {create read write exec append}}\n",
}
BODIES = ("/x/@{profile_name} r,\nptrace,\n", "/x/@{profile_name} rw,\nptrace,\n")


@cache
def folder() -> Path:
    """A directory with the policy; it goes when the process ends."""
    place = Path(tempfile.mkdtemp(prefix="lsmc-fuzz-"))
    atexit.register(shutil.rmtree, place, ignore_errors=True)
    for name in ("policy", "base", "cache"):
        (place / name).mkdir()
    for name, text in FILES.items():
        (place / name).write_text(text)
    return place


def compiled(body: int, directory: Path | None) -> bytes:
    """The bundle with one of the bodies, through the cache if there is one."""
    place = folder()
    (place / "base" / "body").write_text(BODIES[body])
    options = Options(str(place / "base"))
    return bytes(
        compile_cached(
            [place / "policy"], options, jobs=1, compiler=lambda: compile_paths, directory=directory
        )[0]
    )


@cache
def right(body: int) -> bytes:
    """The bundle of a compilation from nothing."""
    return compiled(body, None)


@cache
def entry() -> tuple[Path, bytes]:
    """The place of the entry, and its bytes when nothing is wrong with it."""
    compiled(0, folder() / "cache")
    (place,) = (folder() / "cache").iterdir()
    return place, place.read_bytes()


def unpack(data: bytes) -> bytes:
    """The second form of an entry."""
    _, _, first, second = _START.unpack_from(data)
    middle, end = _START.size + first, _START.size + first + second
    heads = (data[_START.size : middle], data[middle:end].rstrip())
    return b"\n".join((*heads, data[end:]))


def pack(data: bytes) -> bytes:
    """The entry of the second form, whatever stands in it."""
    first, _, rest = data.partition(b"\n")
    second, _, bundle = rest.partition(b"\n")
    second += b" " * (-(len(first) + len(second)) % 8)
    body = _START.pack(0, _MAGIC, len(first), len(second))[4:] + first + second + bundle
    return crc32(body).to_bytes(4, "little") + body


def seeds() -> Iterable[bytes]:
    """The entry in both forms, and with each value of its heads replaced by others."""
    data = entry()[1]
    yield RAW + data
    plain = unpack(data)
    yield REPAIRED + plain
    first, second, bundle = plain.split(b"\n", 2)
    for value in (None, -1, 1 << 70, "\0", "\ud800", [], {}, [["exists", "/", "", ""]]):
        for number, head in enumerate((first, second)):
            parts = json.loads(head)
            for place in range(len(parts)):
                changed = json.dumps([*parts[:place], value, *parts[place + 1 :]]).encode()
                heads = (changed, second) if number == 0 else (first, changed)
                yield REPAIRED + b"\n".join((*heads, bundle))
    yield REPAIRED + b"[" * 5000 + b"\n" + second + b"\n" + bundle
    yield REPAIRED + first + b"\n" + b"[" * 5000 + b"\n" + bundle


def judged(
    data: bytes, place: Path, compiled: Callable[[int, Path], T], right: Callable[[int], T]
) -> Iterator[T]:
    """What the policy compiles to beside an entry, as it was and after a change.

    Beside a damaged entry it is what comes of a compilation from nothing.
    """
    mark, rest = data[:1], data[1:]
    for body in (0, 1):
        place.write_bytes(rest if mark == RAW else pack(rest))
        found = compiled(body, place.parent)
        if mark == RAW:
            assert found == right(body), "a damaged entry changed what is compiled"
        yield found


def run(data: bytes) -> None:
    """The policy compiles beside any entry, and what comes of it answers."""
    for found in judged(data, entry()[0], compiled, right):
        with suppress(BundleError):
            Policy(found).query("p", "read", "/a")


WORDS = (
    *words('"read" "exists" "entries" "" null true false -1 0 1 99999999999999999999 [] {} [[]]'),
    b'"\\ud800"',
    b'"\\u0000"',
    b'["read", "/", "", ""], ',
)
TARGET = Target("cache", run, seeds, WORDS, longest=1 << 15)
