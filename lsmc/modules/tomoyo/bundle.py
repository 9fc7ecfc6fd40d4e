"""The bundle of a TOMOYO policy: what it holds, written and read back with every index checked.

Lines are kept as the text in which the kernel prints them, with the place and the text that was
written; a domain is parsed when it is first asked about.  A record of `LINES` is: file, line,
column, the line as written, the line as printed.  A record of `BLOCKS` is: name space, kind, number
or name, first line, lines.  A record of `DOMAINS` is: name, the line that begins it, profile, the
line that sets it, flags, first use of a group, uses, first line, lines.  A record of `USES` is: the
number of a group, the line that says so.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from enum import IntEnum
from typing import NamedTuple

from lsmc.modules.tomoyo.policy import TomoyoPolicy, WrittenAcl
from lsmc.modules.tomoyo.syntax.reader import Written
from lsmc.modules.tomoyo.vocabulary import FLAGS, MODULE
from lsmc.tables.errors import BundleError
from lsmc.tables.layout import NONE, OWN, words
from lsmc.tables.sections import Sections, pack_sections


class Section(IntEnum):
    """The sections; `ASSUMED` is one word, which says that no file held profiles."""

    TEXT_ENDS = OWN
    TEXTS = OWN + 1
    LINES = OWN + 2
    BLOCKS = OWN + 3
    DOMAINS = OWN + 4
    USES = OWN + 5
    ASSUMED = OWN + 6


class BlockKind(IntEnum):
    """What the lines of a block are."""

    PROFILE = 0
    AGGREGATORS = 1
    TRANSITIONS = 2
    MEMBERS = 3
    ACL_GROUP = 4


_LINE, _BLOCK, _DOMAIN, _USE = 5, 5, 9, 2


class LineRecord(NamedTuple):
    """A line: its place, as it was written, and as the kernel prints it."""

    file: str
    line: int
    column: int
    text: str
    printed: str


class BlockRecord(NamedTuple):
    """Lines of a name space that belong together; `name` is a number of a profile or a group."""

    namespace: str
    kind: BlockKind
    name: str
    lines: range


class DomainRecord(NamedTuple):
    """A domain; `head` and `profile_line` are numbers of lines, None where none is written."""

    name: str
    head: int | None
    profile: int
    profile_line: int | None
    flags: tuple[str, ...]
    uses: tuple[tuple[int, int], ...]
    lines: range


class _Writer:
    """Gathers the records of a bundle."""

    def __init__(self) -> None:
        self.texts: dict[str, int] = {}
        self.lines: list[int] = []
        self.blocks: list[int] = []
        self.domains: list[int] = []
        self.uses: list[int] = []

    def text(self, text: str) -> int:
        """The number of a text."""
        return self.texts.setdefault(text, len(self.texts))

    def line(self, written: Written | None, printed: str) -> int:
        """The number of a new line; NONE for one that is not written."""
        if written is None:
            return NONE
        place = written.span.location()
        self.lines += [self.text(place.file), place.line, place.column]
        self.lines += [self.text(written.text), self.text(printed)]
        return len(self.lines) // _LINE - 1

    def block(
        self, space: str, kind: BlockKind, name: str, lines: Sequence[tuple[object, Written]]
    ) -> None:
        """A block of lines."""
        first = len(self.lines) // _LINE
        for line, written in lines:
            self.line(written, str(line))
        self.blocks += [self.text(space), kind, self.text(name), first, len(lines)]

    def sections(self, *, assumed: bool) -> dict[int, bytes]:
        """The bytes of all sections."""
        texts = [text.encode("latin-1") for text in self.texts]
        ends, at = [], 0
        for text in texts:
            at += len(text)
            ends.append(at)
        return {
            Section.TEXT_ENDS: words(ends),
            Section.TEXTS: b"".join(texts),
            Section.LINES: words(self.lines),
            Section.BLOCKS: words(self.blocks),
            Section.DOMAINS: words(self.domains),
            Section.USES: words(self.uses),
            Section.ASSUMED: words([assumed]),
        }


def pack(policy: TomoyoPolicy) -> bytes:
    """The bundle of a policy without faults."""
    made = _Writer()
    for name, space in policy.spaces.items():
        for number, lines in space.profiles.items():
            pairs = [(f"{one.key}={one.value}", one.written) for one in lines]
            made.block(name, BlockKind.PROFILE, str(number), pairs)
        made.block(name, BlockKind.AGGREGATORS, "", space.aggregators)
        made.block(name, BlockKind.TRANSITIONS, "", space.transitions)
        for (word, group), members in space.members.items():
            made.block(name, BlockKind.MEMBERS, f"{word} {group}", members)
        for number, acls in space.acl_groups.items():
            made.block(name, BlockKind.ACL_GROUP, str(number), acls)
    for domain in policy.domains.values():
        head = made.line(domain.written, domain.name)
        profile_line = made.line(domain.profile_line, f"use_profile {domain.profile}")
        uses = [(number, made.line(one, f"use_group {number}")) for number, one in domain.groups]
        first_use, first = len(made.uses) // _USE, len(made.lines) // _LINE
        made.uses += [value for use in uses for value in use]
        _add_acls(made, domain.acls)
        flags = sum(1 << FLAGS.index(flag) for flag in domain.flags)
        made.domains += [made.text(domain.name), head, domain.profile, profile_line, flags]
        made.domains += [first_use, len(uses), first, len(domain.acls)]
    return pack_sections(MODULE, made.sections(assumed=policy.assumed))


def _add_acls(made: _Writer, acls: Sequence[WrittenAcl]) -> None:
    for acl, written in acls:
        made.line(written, str(acl))


class Bundle(Sections):
    """An open bundle."""

    def __init__(self, data: bytes | memoryview) -> None:
        """The bundle of the bytes; raises `BundleError`."""
        super().__init__(data, Section)
        self._texts: memoryview | None = None
        self._known: dict[int, str] = {}

    @property
    def assumed(self) -> bool:
        """Whether no file held profiles."""
        return bool(self._record(Section.ASSUMED, 0, 1)[0])

    def text(self, number: int) -> str:
        """A text by its number; texts do not overlap, and each is made once."""
        known = self._known.get(number)
        if known is None:
            end = self._record(Section.TEXT_ENDS, number, 1)[0]
            start = self._record(Section.TEXT_ENDS, number - 1, 1)[0] if number else 0
            if self._texts is None:  # its checksum is compared once
                self._texts = self.body(Section.TEXTS)
            if not start <= end <= len(self._texts):
                raise BundleError(f"text {number} does not exist")
            known = self._known[number] = str(self._texts[start:end], "latin-1")
        return known

    def line(self, number: int) -> LineRecord:
        """A line by its number."""
        file, line, column, text, printed = self._record(Section.LINES, number, _LINE)
        return LineRecord(self.text(file), line, column, self.text(text), self.text(printed))

    def _lines(self, first: int, count: int) -> range:
        if first + count > self.count(Section.LINES, _LINE):
            raise BundleError("a range of lines does not exist")
        return range(first, first + count)

    def blocks(self) -> Iterator[BlockRecord]:
        """All blocks, in order."""
        for number in range(self.count(Section.BLOCKS, _BLOCK)):
            space, kind, name, first, count = self._record(Section.BLOCKS, number, _BLOCK)
            if kind not in BlockKind._value2member_map_:
                raise BundleError(f"block {number} is of no known kind")
            lines = self._lines(first, count)
            self._apart(Section.BLOCKS, number, _BLOCK, 3, first + count)
            yield BlockRecord(self.text(space), BlockKind(kind), self.text(name), lines)

    def domains(self) -> Iterator[DomainRecord]:
        """All domains, in order."""
        for number in range(self.count(Section.DOMAINS, _DOMAIN)):
            record = self._record(Section.DOMAINS, number, _DOMAIN)
            name, head, profile, profile_line, flags, first_use, uses, first, count = record
            used = self._range(Section.USES, first_use, uses, _USE)
            self._apart(Section.DOMAINS, number, _DOMAIN, 5, first_use + uses)
            self._apart(Section.DOMAINS, number, _DOMAIN, 7, first + count)
            yield DomainRecord(
                self.text(name),
                None if head == NONE else head,
                profile,
                None if profile_line == NONE else profile_line,
                tuple(flag for bit, flag in enumerate(FLAGS) if flags >> bit & 1),
                tuple(zip(used[::2], used[1::2], strict=True)),
                self._lines(first, count),
            )
