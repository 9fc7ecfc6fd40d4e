"""Draws policies with rules that overlap, and cases about them.

Every family of rules has a function that draws a policy and the cases for it.  Names are few and
short, so that globs meet; what is drawn depends on the seed alone.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from pathlib import Path

from lsmc import PolicyError, compile_text
from tests.kernel import files, identities, others
from tests.kernel.cases import Case, Group

Family = Callable[[random.Random], tuple[str, list[Case]]]
#: Each family with its share of the groups.
FAMILIES: tuple[tuple[str, Family, int], ...] = (
    ("files", files.files, 8),
    ("links", files.links, 2),
    ("execs", files.execs, 5),
    ("capabilities", others.capabilities, 1),
    ("sockets", others.sockets, 1),
    ("signals", others.signals, 1),
    ("traces", others.traces, 1),
    ("mounts", others.mounts, 2),
    ("changes", others.changes, 2),
    ("limits", others.limits, 1),
    ("identities", identities.identities, 6),
)


def groups(seed: int, count: int, features: Path) -> Iterator[Group]:
    """Groups with `count` cases in all; the same for the same arguments."""
    rng = random.Random(seed)
    shares = [family for family in FAMILIES for _ in range(family[2])]
    turn = 0
    while count > 0:
        name, family, _ = shares[turn % len(shares)]
        turn += 1
        text, cases = family(rng)
        if not compiles(text, features):
            continue  # modes of execution that conflict
        cases = list(dict.fromkeys(cases))[:count]
        count -= len(cases)
        yield Group(name, text, tuple(cases))


def compiles(text: str, features: Path) -> bool:
    """Whether lsmc takes a policy."""
    try:
        compile_text(text, features=features)
    except PolicyError:
        return False
    return True
