"""Small bundles that would take much: each is refused before it does."""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence

import pytest

from lsmc.output import inventory
from lsmc.policy import Policy
from lsmc.tables import bundle
from lsmc.tables.errors import BundleError
from lsmc.tables.layout import (
    ATTACHMENT_WORDS,
    GROUP_WORDS,
    PROFILE_WORDS,
    SPAN_WORDS,
    UNIT_WORDS,
    USE_WORDS,
    Section,
)
from tests.fuzz.targets.bundle import answers, bundle_bytes, pack, unpack

Tables = dict[Section, bytes]


def tables_of(flat: bytes) -> Tables:
    """The sections of an unpacked bundle."""
    found = {}
    at = 0
    for section in Section:
        length = int.from_bytes(flat[at : at + 4], "little")
        found[section] = flat[at + 4 : at + 4 + length]
        at += 4 + length
    return found


def packed(tables: Tables) -> bytes:
    """The bundle of some sections, with every checksum right."""
    return pack(b"".join(struct.pack("<I", len(tables[s])) + tables[s] for s in Section))


def rows(tables: Tables, section: Section, width: int) -> list[list[int]]:
    """The records of a section."""
    words = struct.unpack(f"<{len(tables[section]) // 4}I", tables[section])
    return [list(words[at : at + width]) for at in range(0, len(words), width)]


def written(records: Sequence[Sequence[int]]) -> bytes:
    """The words of some records."""
    return b"".join(struct.pack(f"<{len(record)}I", *record) for record in records)


def more_names(tables: Tables) -> None:
    """Texts that overlap, each nearly all of the section."""
    size = len(tables[Section.STRINGS])
    ends = [[0], [size]] * (len(tables[Section.STRING_OFFSETS]) // 8) + [[size]]
    tables[Section.STRING_OFFSETS] = written(ends)


def all_in_first(
    section: Section, width: int, column: int, of: Section, size: int
) -> Callable[[Tables], None]:
    """A change after which every record of a section refers to all members of another."""

    def change(tables: Tables) -> None:
        records = rows(tables, section, width)
        for record in records:
            record[column : column + 2] = 0, len(tables[of]) // 4 // size
        tables[section] = written(records)

    return change


BOMBS: dict[str, Callable[[Tables], None]] = {
    "texts": more_names,
    "uses": all_in_first(Section.PROFILES, PROFILE_WORDS, 8, Section.USES, USE_WORDS),
    "settings": all_in_first(Section.PROFILES, PROFILE_WORDS, 10, Section.PAIRS, 2),
    "limits": all_in_first(Section.PROFILES, PROFILE_WORDS, 12, Section.PAIRS, 2),
    "rules": all_in_first(Section.UNITS, UNIT_WORDS, 0, Section.RULES, 8),
    "groups": all_in_first(Section.UNITS, UNIT_WORDS, 2, Section.GROUPS, GROUP_WORDS),
    "includes": all_in_first(Section.USES, USE_WORDS, 1, Section.VIAS, 1),
    "numbers": all_in_first(Section.GROUPS, GROUP_WORDS, 3, Section.GROUP_RULES, 1),
    "conditions": all_in_first(Section.ATTACHMENTS, ATTACHMENT_WORDS, 2, Section.PAIRS, 2),
}


@pytest.mark.parametrize("name", BOMBS)
def test_records_that_share_what_they_refer_to(name: str) -> None:
    """Each record that names a whole section would take the square of the bundle's size."""
    tables = tables_of(unpack(bundle_bytes()))
    BOMBS[name](tables)
    with pytest.raises(BundleError, match=r"overlap|does not exist|accepts a rule"):
        answers(packed(tables))


def test_the_bundle_itself_is_whole() -> None:
    """The tests above fail for what they change."""
    answers(packed(tables_of(unpack(bundle_bytes()))))


def test_a_profile_that_uses_a_unit_again_and_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """A use takes three words, the unit may have thousands of rules."""
    monkeypatch.setattr(bundle, "SPARE", 0)
    monkeypatch.setattr(bundle, "SHARE", 1)
    tables = tables_of(unpack(bundle_bytes()))
    uses = rows(tables, Section.USES, USE_WORDS)
    largest = max(uses, key=lambda use: rows(tables, Section.UNITS, UNIT_WORDS)[use[0]][1])
    ends = uses[-1][1] + uses[-1][2]
    again = [[largest[0], ends, 0]] * 5000
    profiles = rows(tables, Section.PROFILES, PROFILE_WORDS)
    profiles[-1][9] += len(again)
    tables[Section.USES] = written([*uses, *again])
    tables[Section.PROFILES] = written(profiles)
    policy = Policy(packed(tables))
    with pytest.raises(BundleError, match="the bundle's size"):
        inventory.as_json(policy, None)


def read_places(policy: Policy) -> None:
    """Read every place with its texts."""
    for number in range(len(tables_of(unpack(bundle_bytes()))[Section.SPANS]) // (4 * SPAN_WORDS)):
        policy.engine.bundle.place(number)


def read_groups(policy: Policy) -> None:
    """Read every group."""
    inventory.as_json(policy, None)


@pytest.mark.parametrize("read", [read_places, read_groups])
def test_what_is_read_has_a_budget(
    read: Callable[[Policy], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A group is a thousandth of what it unpacks to, and a long text may be named often."""
    monkeypatch.setattr(bundle, "SPARE", 500)
    monkeypatch.setattr(bundle, "SHARE", 0)
    policy = Policy(bundle_bytes())
    with pytest.raises(BundleError, match="the bundle's size"):
        read(policy)


def group_at(tables: Tables, number: int) -> tuple[int, int, int, int]:
    """Where the data of a group begins and ends, its states, and its exceptions."""
    offset, length, *_ = rows(tables, Section.GROUPS, GROUP_WORDS)[number]
    states, exceptions, *_ = struct.unpack_from("<4I", tables[Section.GROUP_DATA], offset)
    return offset, offset + length, states, exceptions


def without_a_class(tables: Tables, number: int) -> None:
    """Let no byte be of one class that rows name."""
    _, end, _, exceptions = group_at(tables, number)
    data = bytearray(tables[Section.GROUP_DATA])
    named = data[end - 256 - exceptions]
    greatest = max(data[end - 256 : end])
    other = greatest if named != greatest else 0
    data[end - 256 : end] = data[end - 256 : end].replace(bytes((named,)), bytes((other,)))
    data[end - 1] = greatest
    tables[Section.GROUP_DATA] = bytes(data)


def with_equal_labels(tables: Tables, number: int) -> None:
    """Let a row say twice where one class leads."""
    _, end, _, exceptions = group_at(tables, number)
    data = bytearray(tables[Section.GROUP_DATA])
    labels = slice(end - 256 - exceptions, end - 256)
    data[labels] = bytes((data[labels.start],)) * exceptions
    tables[Section.GROUP_DATA] = bytes(data)


@pytest.mark.parametrize("change", [without_a_class, with_equal_labels])
def test_a_table_that_no_automaton_gives(change: Callable[[Tables, int], None]) -> None:
    """An edge for no byte, or two for one: refused when the table is opened, whoever walks it."""
    intact = tables_of(unpack(bundle_bytes()))
    refused = 0
    for number in range(len(rows(intact, Section.GROUPS, GROUP_WORDS))):
        tables = dict(intact)
        change(tables, number)
        try:
            answers(packed(tables))
        except BundleError as fault:
            refused += "no byte" in str(fault) or "not ascend" in str(fault)
    assert refused
