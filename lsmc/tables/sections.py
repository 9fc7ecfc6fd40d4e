"""The sections of a bundle: found, checked and indexed in place."""

import struct
import sys
from array import array
from collections.abc import Mapping, Sequence
from enum import IntEnum
from zlib import crc32

from lsmc.tables.errors import BundleError
from lsmc.tables.layout import ENTRY, HEADER, MAGIC, VERSION

Words = Sequence[int]

_VERSION = struct.Struct("<4sH")  # what every version of the format begins with


class Sections:
    """The sections of a bundle; each is verified on first use.

    `module` is the name of the bundle's security module, `sections` are the kinds of sections that
    it has.  `trusted` are sections whose parts have checksums of their own.
    """

    def __init__(
        self,
        data: bytes | memoryview,
        sections: type[IntEnum],
        *,
        trusted: frozenset[int] = frozenset(),
    ) -> None:
        """The sections of the bytes; raises `BundleError` unless they are those of `sections`."""
        self.data = memoryview(data)
        self.sections = sections
        self.module, self._sections = _section_table(self.data)
        self._words: dict[int, Words] = {}
        self._trusted = trusted
        unknown = self._sections.keys() - set(sections)
        if unknown:
            raise BundleError(f"section {min(unknown)} is not known")
        missing = [one for one in sections if one not in self._sections]
        if missing:
            raise BundleError(f"section {_name(missing[0])} is missing")

    def section_size(self, section: int) -> int:
        """The number of bytes in a section."""
        return self._sections[section][1]

    def body(self, section: int) -> memoryview:
        """The bytes of a section."""
        offset, length, checksum = self._sections[section]
        body = self.data[offset : offset + length]
        if section not in self._trusted and crc32(body) != checksum:
            raise BundleError(f"section {_name(section)} is damaged")
        return body

    def words(self, section: int) -> Words:
        """A section of 32-bit words."""
        known = self._words.get(section)
        if known is None:
            body = self.body(section)
            if len(body) % 4:
                raise BundleError(f"section {_name(section)} has an odd length")
            if sys.byteorder == "little":
                known = body.cast("I")
            else:
                swapped = array("I", body.tobytes())
                swapped.byteswap()
                known = swapped
            self._words[section] = known
        return known

    def _record(self, section: int, number: int, width: int) -> Words:
        table = self.words(section)
        if not 0 <= number < len(table) // width:
            raise BundleError(f"record {number} of {_name(section)} does not exist")
        return table[number * width : (number + 1) * width]

    def _range(self, section: int, first: int, count: int, width: int = 1) -> Words:
        table = self.words(section)
        if (first + count) * width > len(table):
            raise BundleError(f"a range of {_name(section)} does not exist")
        return table[first * width : (first + count) * width]

    def _apart(self, section: int, number: int, width: int, first: int, end: int) -> None:
        """Check that a record's range ends where that of the next record begins, or before.

        `first` is the column of the range's first member.  Records whose ranges ascend share no
        member, so that all of them together refer to no more than there is.
        """
        table = self.words(section)
        after = (number + 1) * width + first
        if after < len(table) and table[after] < end:
            raise BundleError(f"records {number} and {number + 1} of {_name(section)} overlap")

    def count(self, section: int, width: int) -> int:
        """The number of records in a section, by its size alone."""
        return self.section_size(section) // (4 * width)


def module_of(data: bytes | memoryview) -> str:
    """The name of a bundle's security module; raises `BundleError`."""
    return _section_table(memoryview(data))[0]


def _name(section: int) -> str:
    return section.name.lower() if isinstance(section, IntEnum) else str(section)


def _section_table(data: memoryview) -> tuple[str, dict[int, tuple[int, int, int]]]:
    """The module's name, and the (offset, length, checksum) of each section."""
    if len(data) < _VERSION.size or bytes(data[:4]) != MAGIC:
        raise BundleError("not a bundle")
    _, version = _VERSION.unpack_from(data)
    if version != VERSION:
        raise BundleError(
            f"bundle format {version}; this version reads format {VERSION}:"
            " compile the policy again"
        )
    if len(data) < HEADER.size:
        raise BundleError("the bundle is cut short")
    _, _, count, checksum, module = HEADER.unpack_from(data)
    table = data[HEADER.size : HEADER.size + count * ENTRY.size]
    if len(table) != count * ENTRY.size:
        raise BundleError("the bundle is cut short")
    if crc32(table, crc32(module)) != checksum:
        raise BundleError("the section table is damaged")
    sections: dict[int, tuple[int, int, int]] = {}
    for at in range(0, len(table), ENTRY.size):
        number, offset, length, body = ENTRY.unpack_from(table, at)
        if offset + length > len(data):
            raise BundleError("the bundle is cut short")
        if number in sections:
            raise BundleError(f"section {number} stands twice")
        sections[number] = (offset, length, body)
    ends = (offset + length for offset, length, _ in sections.values())
    if max(ends, default=HEADER.size) != len(data):
        raise BundleError("there are bytes after the last section")
    return module.rstrip(b"\0").decode("ascii", "replace"), sections


def pack_sections(module: str, sections: Mapping[int, bytes]) -> bytes:
    """The bytes of a bundle for a security module from the bytes of its sections, by number."""
    at = HEADER.size + ENTRY.size * len(sections)
    entries: list[bytes] = []
    parts: list[bytes] = []
    for section, body in sections.items():
        padding = -at % 8
        parts += (bytes(padding), body)
        at += padding
        entries.append(ENTRY.pack(section, at, len(body), crc32(body)))
        at += len(body)
    table = b"".join(entries)
    name = module.encode("ascii").ljust(16, b"\0")
    head = HEADER.pack(MAGIC, VERSION, len(entries), crc32(table, crc32(name)), name)
    return b"".join((head, table, *parts))
