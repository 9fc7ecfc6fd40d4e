"""The bundle: what is written is read, and what cannot be right is refused with a reason."""

from __future__ import annotations

from pathlib import Path
from zlib import crc32

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import lsmc
from lsmc.policy import Policy
from lsmc.tables.bundle import Bundle
from lsmc.tables.errors import BundleError
from lsmc.tables.layout import ENTRY, HEAD_WORDS, HEADER, MAGIC, VERSION, Section
from tests.strategies import PREAMBLE, compile_both

TEXT = """
profile a /bin/a flags=(complain) {
  include <inc/one>
  /a r, deny /b w, /c px -> b,
  set rlimit nofile <= 5,
  ^hat { /h r, }
}
profile b /bin/b { include <inc/one> capability kill, }
profile :ns:c { }
"""


@pytest.fixture(scope="module")
def data() -> bytes:
    """A bundle of a few profiles that share an include."""
    return compile_both(PREAMBLE + TEXT)[1]


def test_what_is_written_is_read(data: bytes) -> None:
    """Names, modes, limits, hats and namespaces come back."""
    bundle = Bundle(data)
    records = {bundle.profile(n).full_name: bundle.profile(n) for n in range(bundle.profiles)}
    assert list(records) == sorted(records)
    assert set(records) == {"a", "a//hat", "b", ":ns://c"}
    assert records["a"].mode == "complain"
    assert records["a//hat"].is_hat
    assert records["a//hat"].parent == "a"
    assert records[":ns://c"].namespace == "ns"
    assert dict(records["a"].rlimits) == {"nofile": "5"}


def test_a_shared_include_is_stored_once(data: bytes) -> None:
    """Two profiles that include one text use the same unit."""
    bundle = Bundle(data)
    units = [
        {id(unit) for unit, via in bundle.uses(bundle.profile(n)) if via}
        for n in range(bundle.profiles)
        if bundle.profile(n).full_name in {"a", "b"}
    ]
    assert units[0] == units[1] != set()


def test_profiles_are_found_by_name(data: bytes) -> None:
    """By the full name, and only by it."""
    bundle = Bundle(data)
    found = bundle.find_profile("a//hat")
    assert found is not None
    assert bundle.profile_name(found) == "a//hat"
    assert bundle.find_profile("hat") is None
    assert bundle.find_profile("") is None


_PATHS = st.text("ab/", max_size=5).map(lambda end: f"/{end}")


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(_PATHS, st.sampled_from(("", "*", "a*"))), max_size=8), _PATHS)
def test_near_a_path_are_the_attachments_that_begin_as_it_does(
    attached: list[tuple[str, str]], path: str
) -> None:
    """The search for heads finds what a look at each head finds."""
    text = "".join(f"profile p{n} {start}{end} {{ }}\n" for n, (start, end) in enumerate(attached))
    bundle = Bundle(compile_both(PREAMBLE + text)[1])
    words = bundle.words(Section.HEADS)
    near = {
        attachment
        for head, attachment in zip(words[::HEAD_WORDS], words[1::HEAD_WORDS], strict=True)
        if path.startswith(bundle.string(head))
    }
    assert bundle.attachments_near(path.encode()) == sorted(near)


def test_a_saved_policy_is_the_same_when_loaded(data: bytes, tmp_path: Path) -> None:
    """Saving writes the bundle's bytes; loading maps them."""
    path = tmp_path / "p.lsmb"
    Policy(data).save(str(path))
    assert path.read_bytes() == data
    assert lsmc.load(path).profiles == Policy(data).profiles
    assert [entry.name for entry in tmp_path.iterdir()] == ["p.lsmb"]


def with_version(data: bytes, version: int) -> bytes:
    """The bundle with another version in its header."""
    magic, _, *rest = HEADER.unpack_from(data)
    return HEADER.pack(magic, version, *rest) + data[HEADER.size :]


def with_entry(data: bytes, number: int, entry: tuple[int, int, int, int]) -> bytes:
    """The bundle with another entry in its section table, and the checksum made to fit."""
    magic, version, count, _, module = HEADER.unpack_from(data)
    table = bytearray(data[HEADER.size : HEADER.size + count * ENTRY.size])
    ENTRY.pack_into(table, number * ENTRY.size, *entry)
    head = HEADER.pack(magic, version, count, crc32(table, crc32(module)), module)
    return head + bytes(table) + data[HEADER.size + len(table) :]


def entry(data: bytes, number: int) -> tuple[int, int, int, int]:
    """An entry of the section table: section, offset, length, checksum."""
    section, offset, length, checksum = ENTRY.unpack_from(data, HEADER.size + number * ENTRY.size)
    return section, offset, length, checksum


def test_other_files_are_refused(data: bytes) -> None:
    """Nothing, a text, and a bundle of another version say what is wrong."""
    for wrong, reason in (
        (b"", "not a bundle"),
        (b"profile p { }\n" * 10, "not a bundle"),
        (MAGIC, "not a bundle"),
        (with_version(data, VERSION - 1), "compile the policy again"),
        (with_version(data, VERSION + 1), f"reads format {VERSION}"),
        (data[: HEADER.size + 3], "cut short"),
        (data[:-1], "cut short"),
        (data + b"\0", "bytes after the last section"),
    ):
        with pytest.raises(BundleError, match=reason):
            Bundle(wrong)


def test_hostile_section_tables_are_refused(data: bytes) -> None:
    """Sections outside of the file, unknown ones and missing ones, with a checksum that fits."""
    section, offset, length, checksum = entry(data, 0)
    for wrong, reason in (
        ((section, offset, len(data), checksum), "cut short"),
        ((section, 0xFFFFFFFF, length, checksum), "cut short"),
        ((999, offset, length, checksum), "not known"),
        ((int(Section.SPANS), offset, length, checksum), "stands twice"),
    ):
        with pytest.raises(BundleError, match=reason):
            Bundle(with_entry(data, 0, wrong))


@pytest.mark.parametrize("number", range(len(Section)))
def test_a_damaged_section_is_noticed(data: bytes, number: int) -> None:
    """A byte changed in any section: an error when it is read, or the same answer."""
    _, offset, length, _ = entry(data, number)
    if not length:
        return
    damaged = bytearray(data)
    damaged[offset + length // 2] ^= 0x55
    expected = Policy(data).query("a", "read", "/a")
    try:
        found = Policy(bytes(damaged)).query("a", "read", "/a")
    except BundleError:
        return
    assert found == expected


@pytest.mark.parametrize("section", list(Section), ids=lambda section: section.name)
@pytest.mark.parametrize("fill", [0x00, 0x7F, 0xFF])
def test_hostile_sections_never_crash(data: bytes, section: Section, fill: int) -> None:
    """A section of nonsense whose checksum fits gives an error, or an answer, and nothing else."""
    number = next(n for n in range(len(Section)) if entry(data, n)[0] == section)
    _, offset, length, _ = entry(data, number)
    damaged = bytearray(data)
    damaged[offset : offset + length] = bytes((fill,)) * length
    checksum = crc32(damaged[offset : offset + length])
    hostile = with_entry(bytes(damaged), number, (int(section), offset, length, checksum))
    try:
        policy = Policy(hostile)
        for profile in policy.profiles[:4]:
            policy.query(profile, "read", "/a")
            policy.permissions(profile, "capability", "kill")
        policy.query("/bin/a", "exec", "/c")
    except (BundleError, lsmc.UnknownName):
        pass
