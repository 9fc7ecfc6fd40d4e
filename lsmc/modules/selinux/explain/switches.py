"""Which booleans would have to be set otherwise for rules to grant what is asked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import TYPE_CHECKING

from lsmc.modules.selinux.decide.conditions import booleans, holds
from lsmc.modules.selinux.verdicts import Judged

if TYPE_CHECKING:
    from lsmc.modules.selinux.engine import Engine
    from lsmc.modules.selinux.tables.rows import Entry

#: Settings of booleans that are tried, and sufficient ones that are told.
_TRIED = 1 << 12
_TOLD = 8
_ALLOW = 0


def conditional(engine: Engine, judged: Judged, mask: int) -> list[Entry]:
    """The conditional allow rules for a pair of types and some permissions, on or off."""
    cls = judged.access.cls
    if cls is None:
        return []
    rows = engine.tables.conditional
    targets = judged.state.targets(judged.source.type, judged.target.type)
    return [
        entry
        for label in engine.tables.memberships.labels_of(judged.source.type)
        if rows.has(label, cls)
        for target in targets
        for entry in rows.entries_for(label, cls, target)
        if entry.kind == _ALLOW and entry.mask & mask
    ]


def settings(engine: Engine, judged: Judged, mask: int) -> list[dict[str, bool]]:
    """The smallest sets of booleans with other values under which rules grant permissions.

    Each set is needed whole.  Where there are very many booleans, only small sets are looked for.
    """
    entries = conditional(engine, judged, mask)
    always = 0
    for row in engine.tables.memberships.labels_of(judged.source.type):
        for target in judged.state.targets(judged.source.type, judged.target.type):
            always |= _granted(engine, row, target, judged)
    conditions = engine.tables.conditions
    truths = {entry.truth for entry in entries if entry.truth is not None}
    known = sorted({one for truth in truths for one in booleans(conditions[truth >> 1])})
    found: list[frozenset[int]] = []
    for changed in _subsets(known):
        if any(smaller <= changed for smaller in found):
            continue
        values = list(judged.state.values)
        for number in changed:
            values[number] = not values[number]
        granted = always
        for entry in entries:
            if entry.truth is not None and _true(conditions[entry.truth >> 1], entry.truth, values):
                granted |= entry.mask
        if not mask & ~granted:
            found.append(changed)
            if len(found) == _TOLD:
                break
    names, now = engine.tables.names.booleans, judged.state.values
    return [{names[one]: not now[one] for one in sorted(some)} for some in found]


def _granted(engine: Engine, source: int, target: int, judged: Judged) -> int:
    cls = judged.access.cls
    found = 0
    if cls is not None and engine.tables.rows.has(source, cls):
        for entry in engine.tables.rows.entries_for(source, cls, target):
            if entry.kind == _ALLOW:
                found |= entry.mask
    return found


def _true(expression: Sequence[int], truth: int, values: Sequence[bool]) -> bool:
    return holds(expression, values) != bool(truth & 1)


def _subsets(numbers: Sequence[int]) -> Iterator[frozenset[int]]:
    """Sets of some numbers, small ones first; not the empty one."""
    left = _TRIED
    for size in range(1, len(numbers) + 1):
        for some in combinations(numbers, size):
            yield frozenset(some)
            left -= 1
            if not left:
                return
