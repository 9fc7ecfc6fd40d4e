"""A smaller policy with the same kind of difference: lines are dropped, then words."""

from __future__ import annotations

import re
from collections.abc import Callable

#: Policies that may be tried for one difference.
BUDGET = 250
#: Blocks, lists, words and single characters that a smaller policy may do without.
_WORD = re.compile(r"\s*\([^()]*\)|\s*[^\s,(){}]+|\s*\S")


def minimise(text: str, has: Callable[[str], bool], budget: int = BUDGET) -> str:
    """The smallest text found for which `has` still holds."""
    left = [budget]

    def tried(candidate: str) -> bool:
        left[0] -= 1
        return left[0] >= 0 and has(candidate)

    lines = _fewer(text.splitlines(), "\n", tried)
    for number, line in enumerate(lines):
        rest = lines[:number], lines[number + 1 :]

        def without(candidate: str, rest: tuple[list[str], list[str]] = rest) -> bool:
            return tried("\n".join((*rest[0], candidate, *rest[1])))

        lines[number] = "".join(_fewer(_WORD.findall(line), "", without))
    return "\n".join(line for line in lines if line.strip()) + "\n"


def _fewer(parts: list[str], glue: str, tried: Callable[[str], bool]) -> list[str]:
    """As few of some parts as still do; runs of them are dropped, long ones first."""
    step = max(1, len(parts) // 2)
    while step:
        at = 0
        while at < len(parts):
            candidate = parts[:at] + parts[at + step :]
            if candidate and tried(glue.join(candidate)):
                parts = candidate
            else:
                at += step
        step //= 2
    return parts
