"""Small bundles that would take much: each is refused before it does."""

from __future__ import annotations

import struct

import pytest

from lsmc.output import inventory
from lsmc.policy import Policy
from lsmc.tables import bundle
from lsmc.tables.errors import BundleError
from lsmc.tables.layout import USE_WORDS, Section
from tests.fuzz.targets.bundle import bundle_bytes, pack, unpack


def sections(flat: bytes) -> dict[Section, tuple[int, int]]:
    """Where the sections of an unpacked bundle begin, and how long they are."""
    found = {}
    at = 0
    for section in Section:
        length = int.from_bytes(flat[at : at + 4], "little")
        found[section] = at + 4, length
        at += 4 + length
    return found


def test_a_chain_of_includes_without_end() -> None:
    """Uses that all name a whole section would take the square of the bundle's size."""
    flat = bytearray(unpack(bundle_bytes()))
    start, _ = sections(bytes(flat))[Section.USES]
    vias, length = sections(bytes(flat))[Section.VIAS]
    more = struct.pack("<I", 0) * (bundle.MAX_CHAIN + 1)
    struct.pack_into("<II", flat, start + 4 * (USE_WORDS - 2), 0, bundle.MAX_CHAIN + 1)
    flat[vias - 4 : vias + length] = (
        struct.pack("<I", length + len(more)) + flat[vias : vias + length] + more
    )
    policy = Policy(pack(bytes(flat)))
    with pytest.raises(BundleError, match="endless chain"):
        inventory.as_json(policy, None)


def test_groups_that_unpack_to_much(monkeypatch: pytest.MonkeyPatch) -> None:
    """A group is a thousandth of what it unpacks to, and may be named often."""
    monkeypatch.setattr(bundle, "MAX_UNPACKED", 1000)
    with pytest.raises(BundleError, match="more than 1000 bytes"):
        inventory.as_json(Policy(bundle_bytes()), None)
