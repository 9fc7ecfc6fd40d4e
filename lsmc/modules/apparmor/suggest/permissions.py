"""Rules for files as suggestions write them, and two of them as one."""

from __future__ import annotations

import re
from typing import NamedTuple

from lsmc.modules.apparmor.syntax.permission_words import in_order, modes_apart


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
