"""The order of letters in the permission word of a file rule.

It is the order in which AppArmor's own tools write them (`aa-logprof`, `aa-cleanprof`:
apparmor/rule/file.py, `file_permissions`): m r w a l k, then how the file is executed.
"""

from __future__ import annotations

import re
from typing import NamedTuple

ORDER = "mrwalk"

_PIECE = re.compile(r"[PpCc][IiUu]?[Xx]|[IiUu][Xx]|[Xx]|.", re.DOTALL)


def modes_apart(word: str) -> tuple[str, list[str]]:
    """The letters of a permission word, and the ways to execute that stand in it."""
    pieces = _PIECE.findall(word)
    modes = [piece for piece in pieces if piece[-1] in "xX"]
    return "".join(piece for piece in pieces if piece[-1] not in "xX"), modes


class SuggestedFileRule(NamedTuple):
    """A rule for files as suggestions write it: `owner` and the path, and the permissions."""

    head: str
    permissions: str


_RULE = re.compile(r"((?:owner )?(?:/|@\{|\").*) ([a-zA-Z]+),", re.DOTALL)


def file_parts(rule: str) -> SuggestedFileRule | None:
    """The parts of a suggested rule for files, None for any other."""
    match = _RULE.fullmatch(rule)
    return SuggestedFileRule(match[1], match[2]) if match is not None else None


def with_both(one: str, other: str) -> str:
    """The rule with the permissions of two rules for the same files; empty where none has them.

    Rules that execute say nothing of the owner, and what is added to one says nothing either.
    """
    first, second = file_parts(one), file_parts(other)
    if first is None or second is None:
        return ""
    parts = [modes_apart(rule.permissions) for rule in (first, second)]
    modes = list(dict.fromkeys(mode for _, some in parts for mode in some))
    heads = {first.head, second.head}
    if len(modes) > 1 or (len(heads) > 1 and not modes):
        return ""
    head = min(heads, key=len)
    letters = "".join(dict.fromkeys("".join(some for some, _ in parts)))
    if "w" in letters:
        letters = letters.replace("a", "")
    return f"{head} {in_order(letters + ''.join(modes))},"


def in_order(word: str) -> str:
    """A permission word with its letters in order; one with several exec modes stays as it is."""
    letters, modes = modes_apart(word)
    if len(modes) > 1:
        return word
    return "".join(sorted(letters, key=_rank) + modes)


def _rank(letter: str) -> int:
    return ORDER.find(letter.lower())
