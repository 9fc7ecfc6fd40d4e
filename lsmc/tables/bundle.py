"""Reading a bundle: the tables in place, nothing unpacked before it is asked for.

A section's checksum is verified when the section is first used, a group's when the group is; every
number that points somewhere is checked against what it points into.  A damaged or hostile bundle
raises `BundleError`.

One class reads all records, because they share the limit on the memory that reading takes.
"""

from bisect import bisect_left, bisect_right
from itertools import islice
from operator import le
from typing import TYPE_CHECKING
from zlib import crc32

from lsmc.base.text import decode, encode
from lsmc.ir.decision import Facts
from lsmc.ir.mediation import Transition
from lsmc.tables.errors import BundleError
from lsmc.tables.groups import BuiltGroup, decode_dfa, unpacked_size
from lsmc.tables.layout import (
    ATTACHMENT_WORDS,
    GROUP_WORDS,
    HEAD_WORDS,
    NONE,
    PRIORITY_BIAS,
    PROFILE_WORDS,
    RULE_WORDS,
    SPAN_WORDS,
    TRANSITION_WORDS,
    UNIT_WORDS,
    USE_WORDS,
    Section,
)
from lsmc.tables.records import Attached, Group, Place, ProfileRecord, RuleRecord
from lsmc.tables.sections import Sections, Words

if TYPE_CHECKING:
    from lsmc.tables.reach import Reach

#: The bytes that groups and records may take when they are read: so many for each byte of the
#: bundle, and so many more.
SHARE = 64
SPARE = 1 << 26
#: The bytes that a record counts for besides its texts.
_RECORD = 16


_TRUSTED = frozenset((Section.GROUP_DATA,))


class Unit:
    """A unit's groups and rules, each read on first use."""

    __slots__ = (
        "_bundle",
        "_first_group",
        "_first_rule",
        "_groups",
        "_reaches",
        "_rules",
        "groups",
        "rules",
    )

    def __init__(self, bundle: "Bundle", record: Words) -> None:
        self._bundle = bundle
        self._first_rule, self.rules, self._first_group, self.groups = record
        self._groups: list[Group | None] = [None] * self.groups
        self._rules: dict[int, RuleRecord] = {}
        self._reaches: dict[int, Reach] = {}

    @property
    def numbers(self) -> range:
        """The numbers of its rules in the bundle."""
        return range(self._first_rule, self._first_rule + self.rules)

    def reach(self, index: int) -> "Reach":
        """The paths through the group at an index."""
        reach = self._reaches.get(index)
        if reach is None:
            from lsmc.tables.reach import Reach

            group = self.group(index)
            reach = self._reaches[index] = Reach(group.dfa, group.rules)
        return reach

    def group(self, index: int) -> Group:
        """The group at an index."""
        group = self._groups[index]
        if group is None:
            group = self._groups[index] = self._bundle.group(self._first_group + index, self.rules)
        return group

    def rule(self, index: int) -> RuleRecord:
        """The rule at an index."""
        rule = self._rules.get(index)
        if rule is None:
            rule = self._rules[index] = self._bundle.rule(self._first_rule + index)
        return rule


class Bundle(Sections):
    """A bundle over its bytes; `name` is for messages."""

    def __init__(self, data: bytes | memoryview, name: str = "<memory>") -> None:
        super().__init__(data, Section, trusted=_TRUSTED)
        self.name = name
        self._units: dict[int, Unit] = {}
        self._profiles: dict[int, ProfileRecord] = {}
        self._places: dict[int, Place] = {}
        self._transitions: dict[int, Transition] = {}
        self._strings: memoryview | None = None
        self._left = SHARE * len(self.data) + SPARE

    def _spend(self, size: int) -> None:
        """Count bytes that are unpacked for the first time against the limit."""
        self._left -= size
        if self._left < 0:
            raise BundleError(f"to read it takes more than {SHARE} times the bundle's size")

    def strings(self) -> memoryview:
        """The bytes of all texts, one after the other; raises `BundleError` when they overlap.

        Whoever reads many texts calls it first: overlapping, they may make the square of the
        bundle's size.  One text is read without it, since the check takes as long as a question.
        """
        offsets = self.words(Section.STRING_OFFSETS)
        if not all(map(le, offsets, islice(offsets, 1, None))):
            raise BundleError("texts overlap")
        return self._texts()

    def _texts(self) -> memoryview:
        if self._strings is None:
            self._strings = self.body(Section.STRINGS)
        return self._strings

    def _read(self, number: int) -> str:
        """Decode a text that stays in memory."""
        text = self.text(number)
        self._spend(len(text) + _RECORD)
        return decode(text)

    def string(self, number: int) -> str:
        """A text by its number."""
        return decode(self.text(number))

    def text(self, number: int) -> bytes:
        """The bytes of a text by its number."""
        low, high = self._range_of_text(number)
        return bytes(self._texts()[low:high])

    def _start(self, number: int, size: int) -> bytes:
        """The first bytes of a text, so many if it has them."""
        low, high = self._range_of_text(number)
        return bytes(self._texts()[low : min(high, low + size)])

    def _size_of_text(self, number: int) -> int:
        low, high = self._range_of_text(number)
        return high - low

    def _range_of_text(self, number: int) -> tuple[int, int]:
        offsets = self.words(Section.STRING_OFFSETS)
        if number + 1 >= len(offsets):
            raise BundleError(f"text {number} does not exist")
        low, high = offsets[number], offsets[number + 1]
        if not low <= high <= len(self._texts()):
            raise BundleError(f"text {number} lies outside of its section")
        return low, high

    def _word(self, number: int) -> str:
        """A text that must be one word, as every word that a module chooses itself is."""
        word = self._read(number)
        if not word.replace("-", "_").isidentifier() or not word.isascii():
            raise BundleError(f"text {number} is not a word")
        return word

    def place(self, number: int) -> Place:
        """A span by its number."""
        known = self._places.get(number)
        if known is None:
            file, line, column, end_line, end_column, text = self._record(
                Section.SPANS, number, SPAN_WORDS
            )
            known = self._places[number] = Place(
                file=self._read(file),
                line=line,
                column=column,
                end_line=end_line,
                end_column=end_column,
                text=self._read(text),
            )
        return known

    def transition(self, number: int) -> Transition | None:
        """A transition by its number."""
        if number == NONE:
            return None
        known = self._transitions.get(number)
        if known is not None:
            return known
        kind, name, flags = self._record(Section.TRANSITIONS, number, TRANSITION_WORDS)
        known = self._transitions[number] = Transition(
            kind=self._word(kind),
            name=self._read(name),
            inherit=bool(flags & 1),
            unconfined=bool(flags & 2),
            unsafe=bool(flags & 4),
        )
        return known

    def rule(self, number: int) -> RuleRecord:
        """A rule by its number, which is also the id of its facts."""
        head, owner, other, priority, transition, place, *pattern = self._record(
            Section.RULES, number, RULE_WORDS
        )
        effect = head >> 8 & 0xFF
        if effect > 2:
            raise BundleError(f"rule {number} is damaged")
        facts = Facts(
            number,
            effect,
            owner,
            other,
            bool(head >> 16 & 1),
            priority - PRIORITY_BIAS,
            bool(head >> 17 & 1),
            self.transition(transition),
            bool(head >> 18 & 1),
            bool(head >> 19 & 1),
        )
        return RuleRecord(facts, head & 0xFF, place, (pattern[0], pattern[1]))

    def unit(self, number: int) -> Unit:
        """A unit by its number."""
        unit = self._units.get(number)
        if unit is None:
            record = self._record(Section.UNITS, number, UNIT_WORDS)
            first_rule, rules, first_group, groups = record
            if first_group + groups > self.count(Section.GROUPS, GROUP_WORDS):
                raise BundleError(f"unit {number} has groups that do not exist")
            if first_rule + rules > self.count(Section.RULES, RULE_WORDS):
                raise BundleError(f"unit {number} has rules that do not exist")
            self._apart(Section.UNITS, number, UNIT_WORDS, 0, first_rule + rules)
            self._apart(Section.UNITS, number, UNIT_WORDS, 2, first_group + groups)
            unit = self._units[number] = Unit(self, record)
        return unit

    def built_groups(self, unit: int) -> list[BuiltGroup]:
        """The groups of a unit as they are stored, their data still packed."""
        _, _, first, count = self._record(Section.UNITS, unit, UNIT_WORDS)
        return [self.built_group(number) for number in range(first, first + count)]

    def built_group(self, number: int) -> BuiltGroup:
        """A group as it is stored."""
        body, numbers = self._group_data(number)
        return BuiltGroup(tuple(numbers), bytes(body))

    def unit_words(self, number: int) -> Words:
        """The record of a unit."""
        return self._record(Section.UNITS, number, UNIT_WORDS)

    def profile_words(self, number: int) -> Words:
        """The record of a profile."""
        return self._record(Section.PROFILES, number, PROFILE_WORDS)

    def use_words(self, profile: Words) -> list[tuple[int, int, int]]:
        """The units that a profile's record names, each with its range of includes."""
        table = self._range(Section.USES, profile[8], profile[9], USE_WORDS)
        vias = self.count(Section.VIAS, 1)
        found = list(zip(table[::USE_WORDS], table[1::USE_WORDS], table[2::USE_WORDS], strict=True))
        end = 0
        for _, first, count in found:
            if first < end or first + count > vias:
                raise BundleError("a range of vias overlaps another or does not exist")
            end = first + count
        if found:
            last = profile[8] + profile[9] - 1
            self._apart(Section.USES, last, USE_WORDS, 1, end)
        return found

    def pair_words(self, first: int, count: int) -> Words:
        """Names and values by their numbers."""
        return self._range(Section.PAIRS, first, count, 2)

    def _group_data(self, number: int) -> tuple[memoryview, Words]:
        """The packed bytes of a group and its rule numbers."""
        offset, length, checksum, first, count = self._record(Section.GROUPS, number, GROUP_WORDS)
        body = self.body(Section.GROUP_DATA)[offset : offset + length]
        if len(body) != length or crc32(body) != checksum:
            raise BundleError(f"group {number} is damaged")
        self._apart(Section.GROUPS, number, GROUP_WORDS, 3, first + count)
        self._spend(length)
        return body, self._range(Section.GROUP_RULES, first, count)

    def group(self, number: int, rules: int) -> Group:
        """A group by its number, for a unit of so many rules."""
        body, numbers = self._group_data(number)
        if any(n >= rules for n in numbers):
            raise BundleError(f"group {number} accepts a rule that does not exist")
        self._spend(unpacked_size(body))
        dfa = decode_dfa(body, len(numbers))
        return Group(dfa, numbers, len(body), dfa.walker())

    @property
    def profiles(self) -> int:
        """How many profiles there are."""
        return self.count(Section.PROFILES, PROFILE_WORDS)

    def profile_name(self, number: int) -> str:
        """The full name of a profile."""
        return self.string(self._record(Section.PROFILES, number, PROFILE_WORDS)[0])

    def profile_names(self) -> tuple[str, ...]:
        """The full names of all profiles, in the order of their numbers."""
        self.strings()
        return tuple(self.profile_name(number) for number in range(self.profiles))

    def find_profile(self, full_name: str) -> int | None:
        """The number of the profile with a full name, by binary search over the bytes of names."""

        def name(number: int) -> bytes:
            return encode(self.profile_name(number))

        at = bisect_left(range(self.profiles), encode(full_name), key=name)
        return at if at < self.profiles and self.profile_name(at) == full_name else None

    def profile(self, number: int) -> ProfileRecord:
        """A profile by its number."""
        known = self._profiles.get(number)
        if known is not None:
            return known
        (full, name, namespace, parent, mode, flags, mediated, place, first, uses, *rest) = (
            self._record(Section.PROFILES, number, PROFILE_WORDS)
        )
        self._apart(Section.PROFILES, number, PROFILE_WORDS, 8, first + uses)
        self._apart(Section.PROFILES, number, PROFILE_WORDS, 10, max(sum(rest[:2]), sum(rest[2:4])))
        record = ProfileRecord(
            number=number,
            full_name=self._read(full),
            name=self._read(name),
            namespace=self._read(namespace),
            parent=self._read(parent),
            mode=self._word(mode),
            is_hat=bool(flags & 1),
            audit=bool(flags & 2),
            attaches_by_name=bool(flags & 4),
            mediated=frozenset(self._read(mediated).split()),
            place=place,
            first_use=first,
            uses=uses,
            settings=self.pairs(rest[0], rest[1]),
            rlimits=self.pairs(rest[2], rest[3]),
        )
        self._profiles[number] = record
        return record

    def pairs(self, first: int, count: int) -> tuple[tuple[str, str], ...]:
        """Names and values."""
        table = self._range(Section.PAIRS, first, count, 2)
        return tuple(
            (self._read(table[i]), self._read(table[i + 1])) for i in range(0, 2 * count, 2)
        )

    def uses(self, profile: ProfileRecord) -> list[tuple[Unit, tuple[int, ...]]]:
        """A profile's units, each with the places of the includes that led to it."""
        found = self.use_words(self.profile_words(profile.number))
        units = {unit for unit, _, _ in found}
        for unit, _, _ in found if len(units) < len(found) else ():
            self._spend(_RECORD * self.unit(unit).rules)
        return [
            (self.unit(unit), tuple(self._range(Section.VIAS, first, count)))
            for unit, first, count in found
        ]

    def attachments(self) -> list[Attached]:
        """The attachment of each profile that has one, in order of the profiles."""
        return [
            self.attachment(n) for n in range(self.count(Section.ATTACHMENTS, ATTACHMENT_WORDS))
        ]

    def attachment(self, number: int) -> Attached:
        """An attachment by its number."""
        found = Attached(*self._record(Section.ATTACHMENTS, number, ATTACHMENT_WORDS))
        end = found.first_pair + found.pairs
        self._apart(Section.ATTACHMENTS, number, ATTACHMENT_WORDS, 2, end)
        return found

    def attachment_of(self, profile: int) -> Attached | None:
        """The attachment of a profile."""
        table = self.words(Section.ATTACHMENTS)
        numbers = table[::ATTACHMENT_WORDS]
        at = bisect_left(numbers, profile)
        found = at < len(numbers) and numbers[at] == profile
        return self.attachment(at) if found else None

    def attachments_near(self, path: bytes) -> list[int]:
        """The numbers of attachments that may match a path: those that begin as the path does."""
        table = self.words(Section.HEADS)
        near: set[int] = set()
        low, high = 0, len(table) // HEAD_WORDS
        for length in range(len(path) + 1):
            head = path[:length]

            def start(number: int, size: int = length) -> bytes:
                return self._start(table[number * HEAD_WORDS], size)

            low = bisect_left(range(high), head, low, key=start)
            high = bisect_right(range(high), head, low, key=start)
            while low < high and self._size_of_text(table[low * HEAD_WORDS]) == length:
                near.add(table[low * HEAD_WORDS + 1])
                low += 1
            if low == high:  # no head begins with these bytes and goes on
                break
        return sorted(near)
