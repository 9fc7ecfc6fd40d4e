"""Reading numbers written in decimal digits."""

from __future__ import annotations

#: Enough for an unsigned number of 64 bits.
MOST_DIGITS = 20


def natural(text: str, most: int = MOST_DIGITS) -> int | None:
    """The value of ASCII digits, or None for anything else or for more digits than `most`.

    `int` accepts digits of every script, and `str.isdigit` even some that `int` refuses.
    """
    if not text.isascii() or not text.isdigit() or len(text) > most:
        return None
    return int(text)
