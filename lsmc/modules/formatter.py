"""What a security module's formatter of policy files is, and what it answers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from lsmc.base.diagnostics import Diagnostic


class Formatted(NamedTuple):
    """What became of a file: its new text, or why it stays as it is.

    `faults` are the errors in it, `refused` is what formatting would have changed by a fault of
    ours.
    """

    text: bytes | None
    faults: Sequence[Diagnostic] = ()
    refused: str = ""


class Formatter(Protocol):
    """Puts policy files into good layout; keeps what it compiles to prove that nothing changes."""

    #: Folders of policy that hold no subjects themselves, so that all below them is meant.
    whole: frozenset[str]
    #: Folders of policy whose files are something else.
    other: frozenset[str]

    def read(self, path: str) -> bytes:
        """The content of a file, as the options let it be read; OSError."""

    def format(self, path: str, data: bytes) -> Formatted:
        """The new text of a file."""
