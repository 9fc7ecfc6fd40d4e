"""Damaged bundles are refused, wherever the damage is."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lsmc.tables.errors import BundleError
from tests.fuzz.targets.bundle import answers, bundle_bytes, refused_or_same


@settings(max_examples=250)
@given(at=st.floats(0, 1, exclude_max=True))
def test_a_truncated_bundle_is_refused(at: float) -> None:
    """Wherever a bundle is cut, it says so."""
    data = bundle_bytes()
    refused_or_same(data[: int(at * len(data))])


@settings(max_examples=500)
@given(at=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
def test_a_flipped_bit_is_noticed(at: float, bit: int) -> None:
    """A changed bit gives an error or no change, never another answer or another exception."""
    data = bytearray(bundle_bytes())
    data[int(at * len(data))] ^= 1 << bit
    refused_or_same(bytes(data))


@settings(max_examples=200)
@given(
    at=st.floats(0, 1, exclude_max=True),
    garbage=st.binary(min_size=1, max_size=16),
)
def test_overwritten_bytes_are_noticed(at: float, garbage: bytes) -> None:
    """The same for several bytes, and for bytes that are added."""
    data = bundle_bytes()
    start = int(at * len(data))
    refused_or_same(data[:start] + garbage + data[start + len(garbage) :])
    refused_or_same(data[:start] + garbage + data[start:])


@given(st.binary(max_size=300))
def test_no_bundle_at_all(data: bytes) -> None:
    """Any other file is refused."""
    with pytest.raises(BundleError):
        answers(data)
