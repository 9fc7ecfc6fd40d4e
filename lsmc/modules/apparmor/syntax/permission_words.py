"""The order of letters in the permission word of a file rule.

It is the order in which AppArmor's own tools write them (`aa-logprof`, `aa-cleanprof`:
apparmor/rule/file.py, `file_permissions`): m r w a l k, then how the file is executed.
"""

from __future__ import annotations

import re

ORDER = "mrwalk"

_PIECE = re.compile(r"[PpCc][IiUu]?[Xx]|[IiUu][Xx]|[Xx]|.", re.DOTALL)


def modes_apart(word: str) -> tuple[str, list[str]]:
    """The letters of a permission word, and the ways to execute that stand in it."""
    pieces = _PIECE.findall(word)
    modes = [piece for piece in pieces if piece[-1] in "xX"]
    return "".join(piece for piece in pieces if piece[-1] not in "xX"), modes


def in_order(word: str) -> str:
    """A permission word with its letters in order; one with several exec modes stays as it is."""
    letters, modes = modes_apart(word)
    if len(modes) > 1:
        return word
    return "".join(sorted(letters, key=_rank) + modes)


def _rank(letter: str) -> int:
    return ORDER.find(letter.lower())
