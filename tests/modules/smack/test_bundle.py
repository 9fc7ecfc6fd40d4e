"""A bundle holds the whole policy, and damaged ones are refused."""

from __future__ import annotations

import struct
from zlib import crc32

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lsmc.base.source import Source
from lsmc.modules.smack.answer import Engine
from lsmc.modules.smack.bundle import MODULE, Section, pack
from lsmc.modules.smack.read import read
from lsmc.tables.errors import BundleError
from lsmc.tables.layout import ENTRY, HEADER
from lsmc.tables.sections import Sections, pack_sections
from tests.modules.smack.support import opened, policies

FILES = {"accesses": "App Sys r\nApp Usr rw\nSys App x", "onlycap": "Sys", "unconfined": "App"}


@given(policies())
def test_a_policy_comes_back(files: dict[str, str]) -> None:
    sources = [Source.from_bytes(name, text.encode("latin-1")) for name, text in files.items()]
    policy, _ = read(sources)
    engine = Engine(pack(policy))
    for (subject, obj), pair in policy.pairs.items():
        assert engine.access(subject, obj) == pair.access
        rows = engine.rows(subject, obj)
        assert [(row.sets, row.clears, row.change) for row in rows] == [
            (row.sets, row.clears, row.change) for row in pair.rows
        ]
        places = [(row.place.file, row.place.line, row.place.text) for row in rows]
        assert places == [
            (row.row.span.source.path, row.row.span.location().line, row.row.text)
            for row in pair.rows
        ]
    unconfined = policy.unconfined.label if policy.unconfined else ""
    assert engine.unconfined == unconfined
    assert engine.onlycap == {one.label for one in policy.onlycap}


def test_the_same_policy_gives_the_same_bytes() -> None:
    assert opened(FILES).bundle.data == opened(FILES).bundle.data


def _words(*values: int) -> bytes:
    return struct.pack(f"<{len(values)}I", *values)


@pytest.mark.parametrize(
    ("section", "body"),
    [
        (Section.LABELS, b"App\nApp\nUsr"),
        (Section.LABELS, b"App"),
        (Section.PAIRS, _words(0, 1, 1, 0)),
        (Section.PAIRS, _words(0, 9, 1, 0, 3)),
        (Section.PAIRS, _words(1, 0, 1, 0, 1, 0, 1, 1, 1, 2)),
        (Section.PAIRS, _words(0, 1, 1, 0, 2)),
        (Section.PAIRS, _words(0, 1, 1, 1, 2)),
        (Section.PAIRS, _words(0, 1, 1, 0, 3, 0, 2, 1, 3, 0)),
        (Section.PAIRS, _words(0, 1, 128, 0, 3)),
        (Section.PAIRS, _words(0, 1, 1, 0, 0xFFFFFFFF)),
        (Section.ROWS, _words(*range(9))),
        (Section.UNCONFINED, _words(7)),
        (Section.ONLYCAP, _words(3)),
    ],
)
def test_tables_that_do_not_agree(section: Section, body: bytes) -> None:
    whole = opened(FILES).bundle
    bodies = {int(one): bytes(whole.body(one)) for one in Section} | {int(section): body}
    with pytest.raises(BundleError):
        Engine(pack_sections(MODULE, bodies))


def test_rows_without_a_file_or_a_text() -> None:
    whole = opened(FILES).bundle
    for section in (Section.FILES, Section.TEXTS):
        bodies = {int(one): bytes(whole.body(one)) for one in Section} | {int(section): b""}
        engine = Engine(pack_sections(MODULE, bodies))
        with pytest.raises(BundleError, match="row 0 has no place or no text"):
            engine.rows("App", "Sys")


@settings(max_examples=300)
@given(st.integers(0, 2000), st.integers(1, 255))
def test_no_changed_byte_goes_unseen(at: int, change: int) -> None:
    """Each section has a checksum, and so has the table of them."""
    data = bytearray(opened(FILES).bundle.data)
    end = HEADER.size + ENTRY.size * len(Section)
    at %= len(data)
    data[at] ^= change
    try:
        engine = Engine(bytes(data))
        for pair in (("App", "Sys"), ("App", "Usr"), ("Sys", "App")):
            engine.rows(*pair)
    except BundleError:
        return
    assert at >= end  # bytes between sections, or a section that no question needs
    whole = Sections(bytes(opened(FILES).bundle.data), Section)
    held = {one: crc32(whole.body(one)) for one in Section}
    touched = [one for one in Section if _differs(bytes(data), one, held[one])]
    assert set(touched) <= {Section.OUTSIDE}


def _differs(data: bytes, section: Section, checksum: int) -> bool:
    try:
        return crc32(Sections(data, Section).body(section)) != checksum
    except BundleError:
        return True
