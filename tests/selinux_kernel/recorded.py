"""A kernel's answers in a file: a line of JSON for each policy."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

from tests.selinux_kernel.cases import Answer, Block, Classes, Group, Performed, Question


def written(performed: Iterable[Performed]) -> str:
    """Answers as lines."""
    return "".join(json.dumps(one, separators=(",", ":")) + "\n" for one in performed)


def read(text: str) -> Iterator[Performed]:
    """The answers that were written."""
    for line in text.splitlines():
        (name, policy, blocks), (permissions,), answers = json.loads(line)
        asked = tuple(
            Block(booleans, tuple(_question(*one) for one in questions))
            for booleans, questions in blocks
        )
        found = tuple(Answer(*one) for one in answers)
        yield Performed(Group(name, policy, asked), Classes(permissions), found)


def _question(kind: str, contexts: list[str], cls: str, extra: list[str]) -> Question:
    return Question(kind, tuple(contexts), cls, tuple(extra))
