"""Addresses are written alike by every version of Python."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lsmc.base.addresses import ip_text, v6_text


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("::ffff:1.2.3.4", "::ffff:102:304"),
        ("::", "::"),
        ("1::", "1::"),
        ("0:1:0:0:2:0:0:3", "0:1::2:0:0:3"),
        ("fe80::1%eth0", "fe80::1%eth0"),
        ("10.0.0.1", "10.0.0.1"),
    ],
)
def test_canonical(text: str, canonical: str) -> None:
    assert ip_text(text) == canonical


@given(st.integers(0, (1 << 128) - 1) | st.integers(0, 3).map(lambda n: n << 64 | n))
def test_as_the_library_but_for_addresses_of_version_4(address: int) -> None:
    found = ipaddress.IPv6Address(address)
    if found.ipv4_mapped is None:
        assert v6_text(address) == str(found)
    assert int(ipaddress.IPv6Address(v6_text(address))) == address


def test_what_is_no_address() -> None:
    with pytest.raises(ValueError, match="does not appear to be"):
        ip_text("1.2.3")
