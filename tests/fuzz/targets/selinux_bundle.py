"""Bundles of SELinux policy: as bytes, and with every checksum made right again.

The first byte of an input says which of the two.  The second form holds the sections one after the
other, each behind its length, so that a change reaches what the checksums protect.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable

from lsmc.modules.selinux.tables.layout import Section
from lsmc.tables.sections import pack_sections
from tests.fuzz.target import Target
from tests.modules.selinux.hostile import ask_everything, samples, sections_of

_LENGTH = struct.Struct("<I")
#: Numbers that stand at the edges of tables.
WORDS = tuple(_LENGTH.pack(number) for number in (0, 1, 2, 40, 1 << 31, (1 << 32) - 1))


def seeds() -> Iterable[bytes]:
    """Bundles of small policies, in both forms."""
    for sample in samples():
        yield b"\0" + sample
        parts = sections_of(sample)
        yield b"\1" + b"".join(_LENGTH.pack(len(part)) + part for part in parts.values())


def run(data: bytes) -> None:
    """Put all kinds of questions to a bundle."""
    if data[:1] != b"\1":
        ask_everything(data[1:])
        return
    sections: dict[int, bytes] = {}
    at = 1
    for number in Section:
        length = int.from_bytes(data[at : at + _LENGTH.size], "little")
        at += _LENGTH.size
        sections[number] = data[at : at + length]
        at += length
    ask_everything(pack_sections("selinux", sections))


TARGET = Target("selinux-bundle", run, seeds, WORDS, longest=1 << 15)
