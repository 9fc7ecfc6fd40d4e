"""What a security module gives to an editor of its policy, beside lint and layout."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from lsmc.compiler.inputs import DiskFiles


class Editing(NamedTuple):
    """What a module gives to an editor.

    Attributes:
        base: the directory of the includes of a file, by where the file lies; None where that
            does not tell it.
    """

    base: Callable[[str, DiskFiles], str | None]
