"""Texts of the system as bytes and back: names that are not UTF-8 keep their bytes."""

from __future__ import annotations


def encode(text: str) -> bytes:
    """The bytes of a text; the inverse of `decode`."""
    return text.encode("utf-8", "surrogateescape")


def decode(data: bytes) -> str:
    """The text of bytes, with a surrogate for each that is not UTF-8."""
    return data.decode("utf-8", "surrogateescape")
