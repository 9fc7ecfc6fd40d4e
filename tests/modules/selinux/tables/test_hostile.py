"""Damaged bundles: an answer or `BundleError`, whatever the words say."""

from __future__ import annotations

import random

import pytest

from lsmc.modules.selinux.engine import Engine
from lsmc.modules.selinux.tables.layout import Section
from lsmc.tables.errors import BundleError
from lsmc.tables.sections import Sections, pack_sections
from tests.modules.selinux.hostile import ask_everything, samples, sections_of


@pytest.mark.parametrize("section", list(Section), ids=lambda one: one.name)
def test_wrong_words_in_a_section(section: Section) -> None:
    rng = random.Random(section)
    for sample in samples():
        whole = sections_of(sample)
        body = whole[section]
        for _ in range(2):
            ask_everything(pack_sections("selinux", {**whole, section: damaged(body, rng)}))


def damaged(body: bytes, rng: random.Random) -> bytes:
    """A section with a few words or bytes changed, or cut off, or longer."""
    kind = rng.randrange(4)
    if kind == 0:
        return body[: rng.randrange(len(body) + 1) // 4 * 4]
    if kind == 1:
        return body + rng.randbytes(4 * rng.randrange(1, 5))
    if not body:
        return rng.randbytes(4)
    found = bytearray(body)
    for _ in range(rng.randrange(1, 4)):
        at = rng.randrange(len(found)) // 4 * 4
        word = rng.choice((0, 1, 2, 0xFFFFFFFF, 0x80000000, rng.randrange(1 << 32), 40))
        found[at : at + 4] = word.to_bytes(4, "little")[: len(found) - at]
    return bytes(found)


def test_a_checksum_finds_any_other_change() -> None:
    data = bytearray(samples()[0])
    data[-5] ^= 1
    opened = Sections(bytes(data), Section)
    with pytest.raises(BundleError):
        list(map(opened.body, Section))


@pytest.mark.parametrize("length", [0, 10, 100, 1000])
def test_a_bundle_that_is_cut_short(length: int) -> None:
    with pytest.raises(BundleError):
        Engine(samples()[0][:length], "short")
