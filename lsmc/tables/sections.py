"""The sections of a bundle: found, checked and indexed in place."""

import sys
from array import array
from collections.abc import Sequence
from zlib import crc32

from lsmc.tables.errors import BundleError
from lsmc.tables.layout import ENTRY, HEADER, MAGIC, VERSION, Section

Words = Sequence[int]


class Sections:
    """The bytes of a bundle by section; each is verified when it is first used."""

    def __init__(self, data: bytes | memoryview) -> None:
        self.data = memoryview(data)
        self._sections = _section_table(self.data)
        self._words: dict[Section, Words] = {}

    def section_size(self, section: Section) -> int:
        """Bytes in a section."""
        return self._sections[section][1]

    def _body(self, section: Section) -> memoryview:
        offset, length, checksum = self._sections[section]
        body = self.data[offset : offset + length]
        if section is not Section.GROUP_DATA and crc32(body) != checksum:
            raise BundleError(f"section {section.name.lower()} is damaged")
        return body

    def words(self, section: Section) -> Words:
        """A section of 32-bit words."""
        known = self._words.get(section)
        if known is None:
            body = self._body(section)
            if len(body) % 4:
                raise BundleError(f"section {section.name.lower()} has an odd length")
            if sys.byteorder == "little":
                known = body.cast("I")
            else:
                swapped = array("I", body.tobytes())
                swapped.byteswap()
                known = swapped
            self._words[section] = known
        return known

    def _record(self, section: Section, number: int, width: int) -> Words:
        table = self.words(section)
        if not 0 <= number < len(table) // width:
            raise BundleError(f"record {number} of {section.name.lower()} does not exist")
        return table[number * width : (number + 1) * width]

    def _range(self, section: Section, first: int, count: int, width: int = 1) -> Words:
        table = self.words(section)
        if (first + count) * width > len(table):
            raise BundleError(f"a range of {section.name.lower()} does not exist")
        return table[first * width : (first + count) * width]

    def _apart(self, section: Section, number: int, width: int, first: int, end: int) -> None:
        """Check that a record's range ends where that of the next record begins, or before.

        `first` is the column of the range's first member.  Records whose ranges ascend share no
        member, so that all of them together refer to no more than there is.
        """
        table = self.words(section)
        after = (number + 1) * width + first
        if after < len(table) and table[after] < end:
            raise BundleError(
                f"records {number} and {number + 1} of {section.name.lower()} overlap"
            )

    def count(self, section: Section, width: int) -> int:
        """How many records a section has."""
        return len(self.words(section)) // width


def _section_table(data: memoryview) -> dict[Section, tuple[int, int, int]]:
    if len(data) < HEADER.size or bytes(data[:4]) != MAGIC:
        raise BundleError("not a bundle")
    _, version, count, checksum = HEADER.unpack_from(data)
    if version != VERSION:
        raise BundleError(f"bundle format {version}; this version reads format {VERSION}")
    table = data[HEADER.size : HEADER.size + count * ENTRY.size]
    if len(table) != count * ENTRY.size:
        raise BundleError("the bundle is cut short")
    if crc32(table) != checksum:
        raise BundleError("the section table is damaged")
    sections: dict[Section, tuple[int, int, int]] = {}
    for at in range(0, len(table), ENTRY.size):
        number, offset, length, body = ENTRY.unpack_from(table, at)
        if offset + length > len(data):
            raise BundleError("the bundle is cut short")
        try:
            sections[Section(number)] = (offset, length, body)
        except ValueError:
            raise BundleError(f"section {number} is not known") from None
    missing = [section.name.lower() for section in Section if section not in sections]
    if missing:
        raise BundleError(f"section {missing[0]} is missing")
    if max(offset + length for offset, length, _ in sections.values()) != len(data):
        raise BundleError("there are bytes after the last section")
    return sections
