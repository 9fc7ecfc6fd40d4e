"""Draws policies with rules that overlap, and cases about them.

Every family of rules has a function that draws a policy and the cases for it.  Names are few and
short, so that globs meet; what is drawn depends on the seed alone.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from pathlib import Path

from lsmc import PolicyError, compile_text
from tests.kernel import changes, files, held, identities, others, peers, sockets
from tests.kernel.cases import Case, Group

Family = Callable[[random.Random], tuple[str, list[Case]]]
#: Each family with its share of the groups.
FAMILIES: tuple[tuple[str, Family, int], ...] = (
    ("files", files.files, 7),
    ("held", held.held, 2),
    ("links", files.links, 2),
    ("execs", files.execs, 4),
    ("capabilities", others.capabilities, 1),
    ("sockets", sockets.sockets, 5),
    ("signals", peers.signals, 1),
    ("traces", peers.traces, 1),
    ("mounts", others.mounts, 2),
    ("changes", changes.changes, 3),
    ("limits", others.limits, 1),
    ("unmediated", others.unmediated, 1),
    ("identities", identities.identities, 4),
    ("powers", identities.powers, 3),
)


def groups(seed: int, count: int, features: Path) -> Iterator[Group]:
    """Groups with `count` cases in all; the same for the same arguments."""
    rng = random.Random(seed)
    shares = [family for family in FAMILIES for _ in range(family[2])]
    turn = 0
    while count > 0:
        name, family, _ = shares[turn % len(shares)]
        text, cases = family(rng)
        if not compiles(text, features):
            continue  # modes of execution that conflict
        turn += 1
        cases = list(dict.fromkeys(cases))[:count]
        count -= len(cases)
        yield Group(name, text, tuple(cases))


def compiles(text: str, features: Path) -> bool:
    """Whether lsmc takes a policy as the release does that compiles it for the kernels asked."""
    try:
        compile_text(text, features=features, target="3.0")
    except PolicyError:
        return False
    return True
