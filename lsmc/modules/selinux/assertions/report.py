"""What assertions find."""

from __future__ import annotations

from typing import NamedTuple


class Violation(NamedTuple):
    """An error at a place; `related` are other places and what is there."""

    place: int
    name: str
    message: str
    help: str = ""
    related: tuple[tuple[int, str], ...] = ()
