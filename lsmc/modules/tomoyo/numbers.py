"""Numbers and addresses of policy: as read, as compared, as the kernel prints them."""

from __future__ import annotations

import re
from ipaddress import AddressValueError, IPv6Address
from typing import Final, NamedTuple

from lsmc.base.addresses import v6_text

_DIGITS: Final = {10: re.compile("[0-9]+"), 8: re.compile("[0-7]+"), 16: re.compile("[0-9a-fA-F]+")}
#: The largest unsigned long; longer digits wrap around.
MAX_NUMBER: Final = (1 << 64) - 1


class Value(NamedTuple):
    """A number and the base in which it was written."""

    value: int
    base: int = 10

    def __str__(self) -> str:
        match self.base:
            case 8:
                return f"0{self.value:o}"
            case 16:
                return f"0x{self.value:X}"
        return str(self.value)


class Numbers(NamedTuple):
    """A number, or a range of numbers with both ends."""

    low: Value
    high: Value

    def __str__(self) -> str:
        return str(self.low) if self.low == self.high else f"{self.low}-{self.high}"

    def has(self, value: int) -> bool:
        """Whether a number is among them."""
        return self.low.value <= value <= self.high.value

    @property
    def bounds(self) -> tuple[int, int]:
        """The smallest and the largest number."""
        return self.low.value, self.high.value


def _value(text: str, at: int) -> tuple[Value, int] | None:
    """The number at a place of a text, and where it ends."""
    base = 10
    if text.startswith(("0x", "0X"), at):
        base, at = 16, at + 2
    elif text.startswith("0", at) and text[at + 1 : at + 2] in tuple("01234567"):
        base, at = 8, at + 1
    digits = _DIGITS[base].match(text, at)
    if digits is None:
        return None
    return Value(int(digits[0], base) & MAX_NUMBER, base), digits.end()


def read_numbers(text: str) -> Numbers | str:
    """A number or a range from a word of policy; else what is wrong with it."""
    first = _value(text, 0)
    if first is None:
        return f"`{text}` is not a number"
    low, at = first
    if at == len(text):
        return Numbers(low, low)
    if text[at] != "-":
        return f"`{text}` is not a number: `{text[at:]}` cannot follow `{text[:at]}`"
    second = _value(text, at + 1)
    if second is None or second[1] != len(text):
        return f"`{text}` is not a range: `{text[at + 1 :]}` is not a number"
    if low.value > second[0].value:
        return f"`{text}` holds no number: the first is larger than the second"
    return Numbers(low, second[0])


class Addresses(NamedTuple):
    """An IP address, or a range of addresses with both ends."""

    low: int
    high: int
    version: int

    def __str__(self) -> str:
        low, high = (_address_text(one, self.version) for one in (self.low, self.high))
        return low if self.low == self.high else f"{low}-{high}"

    def has(self, address: Addresses) -> bool:
        """Whether an address, or a whole range, is among them."""
        same = address.version == self.version
        return same and self.low <= address.low and address.high <= self.high


_V4: Final = re.compile(r"[0-9]+(?:\.[0-9]+){3}")
_EXTRA_ZEROS: Final = re.compile(r"(?<![0-9a-fA-F])0+(?=[0-9a-fA-F])")


def _address(text: str) -> tuple[int, int] | None:
    """The number and the IP version of an address."""
    if _V4.fullmatch(text):
        parts = [int(part) for part in text.split(".")]
        return (int.from_bytes(bytes(parts)), 4) if max(parts) < 256 else None
    if ":" not in text or "%" in text:
        return None
    try:
        return int(IPv6Address(_EXTRA_ZEROS.sub("", text))), 6
    except AddressValueError:
        return None


def _address_text(address: int, version: int) -> str:
    if version == 4:
        return ".".join(map(str, address.to_bytes(4)))
    whole = IPv6Address(address)
    groups = whole.exploded.split(":")
    if whole.ipv4_mapped is not None or (groups[4] in ("0000", "0200") and groups[5] == "5efe"):
        # the kernel prints these with the last four bytes as in version 4; an address whose last
        # bytes are no zeros has its longest run of them before
        head = v6_text(address | 0xFFFFFFFF).rsplit(":", 2)[0]
        return f"{head}:{_address_text(address & 0xFFFFFFFF, 4)}"
    return v6_text(address)


def read_addresses(text: str) -> Addresses | str:
    """An address or a range from a word of policy; else what is wrong with it.

    A range whose first address is larger than its second is read, and holds no address.
    """
    first, dash, last = text.partition("-")
    low = _address(first)
    high = _address(last) if dash else low
    for part, found in ((first, low), (last, high)):
        if found is None:
            return f"`{part}` is not an IP address{_address_help(part)}"
    assert low is not None
    assert high is not None
    if low[1] != high[1]:
        return f"`{text}` is not a range: its ends are of different IP versions"
    return Addresses(low[0], high[0], low[1])


def _address_help(part: str) -> str:
    if "/" in part:
        return "; a network is written as a range, FIRST-LAST"
    if part.startswith("["):
        return "; version 6 is written without brackets"
    return ""
