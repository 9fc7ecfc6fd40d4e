"""Entries of the cache that hold streams for a kernel: as bytes, and with the checksum made right.

The forms are those of `cache`, and so is what holds of them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from lsmc.compiler.inputs import Options
from lsmc.modules.apparmor.kernel.render import render
from lsmc.modules.parts import POLICY_ALONE
from tests.fuzz.target import Target, words
from tests.fuzz.targets.cache import BODIES, RAW, REPAIRED, folder, judged, unpack

#: A rule that these lack is told of, so that entries have what is to be said.
FEATURES = "file {mask {create read write exec append}} policy {versions {v7 {yes}}}\n"


def compiled(body: int, directory: Path | None) -> list[tuple[str, bytes]]:
    """The streams with one of the bodies, through the cache if there is one."""
    place = folder()
    (place / "base" / "body").write_text(BODIES[body])
    (place / "features").write_text(FEATURES)
    options = Options(str(place / "base"), features=str(place / "features"))
    cache = str(directory) if directory is not None else None
    found = render([str(place / "policy")], options, 1, POLICY_ALONE, cache)
    return [(one.source, one.data) for one in found]


@cache
def right(body: int) -> list[tuple[str, bytes]]:
    """The streams of a compilation from nothing."""
    return compiled(body, None)


@cache
def entry() -> tuple[Path, bytes]:
    """The place of the entry, and its bytes when nothing is wrong with it."""
    compiled(0, folder() / "kernel-cache")
    (place,) = (folder() / "kernel-cache").iterdir()
    return place, place.read_bytes()


def seeds() -> Iterable[bytes]:
    """The entry in both forms, and with each value of its rows replaced by others."""
    data = entry()[1]
    yield RAW + data
    plain = unpack(data)
    yield REPAIRED + plain
    first, second, streams = plain.split(b"\n", 2)
    rows = json.loads(second)
    for value in (
        None,
        -1,
        1 << 70,
        "\0",
        "\ud800",
        [],
        {},
        [["c", "n", "info", "m", "", "/", 0, 1]],
    ):
        for number, row in enumerate(rows):
            for place in range(len(row)):
                changed = [*row[:place], value, *row[place + 1 :]]
                told = json.dumps([*rows[:number], changed, *rows[number + 1 :]]).encode()
                yield REPAIRED + b"\n".join((first, told, streams))
    yield REPAIRED + first + b"\n" + b"[" * 5000 + b"\n" + streams


def run(data: bytes) -> None:
    """The policy compiles beside any entry."""
    for _ in judged(data, entry()[0], compiled, right):
        pass


WORDS = (
    *words('"read" "exists" "entries" "" null true false -1 0 1 99999999999999999999 [] {} [[]]'),
    b'"\\ud800"',
    b'"info"',
    b'["c", "n", "warning", "m", "", "/", 0, 1], ',
)
TARGET = Target("kernel-cache", run, seeds, WORDS, longest=1 << 15)
