"""Rules about numbers of calls: the pairs of types that two policies judge differently."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import NamedTuple

from lsmc.modules.selinux.diff.bdd import TRUE
from lsmc.modules.selinux.diff.effective import bits_of
from lsmc.modules.selinux.diff.sides import Side
from lsmc.modules.selinux.tables.layout import EXTENDED_KINDS, NOTHING, ExtendedRecord


class Numbers(NamedTuple):
    """What is judged of a pair: class, permission, source and target by bit."""

    cls: str
    what: str
    source: int
    target: int


#: When what kind of rule has which numbers, as bits.
Judgement = dict[tuple[int, int], int]


def differences(old: Side, new: Side) -> Iterator[tuple[Numbers, str | None, str | None]]:
    """Pairs of types whose numbers are judged differently, with what each policy says in words."""
    before, after = _judgements(old), _judgements(new)
    for pair in sorted(before.keys() | after.keys()):
        was, now = before.get(pair, {}), after.get(pair, {})
        if was != now:
            yield pair, _text(was), _text(now)


def _judgements(side: Side) -> dict[Numbers, Judgement]:
    found: dict[Numbers, Judgement] = defaultdict(lambda: defaultdict(int))
    names = side.tables.names
    for rule in side.tables.extended:
        numbers = _mask(side, rule)
        node = TRUE if rule.truth == NOTHING else side.node(rule.truth)
        for source in bits_of(side.members(rule.source)):
            for target in bits_of(side.targets(source, rule.source, rule.target)):
                pair = Numbers(names.classes[rule.cls], names.texts[rule.what], source, target)
                found[pair][rule.kind, node] |= numbers
    return {pair: dict(judgement) for pair, judgement in found.items()}


def _mask(side: Side, rule: ExtendedRecord) -> int:
    mask = 0
    for first, last in side.tables.numbers(rule):
        if first <= last < 1 << 16:
            mask |= (1 << last + 1) - (1 << first)
    return mask


def _text(judgement: Judgement) -> str | None:
    parts = []
    for (kind, _), mask in sorted(judgement.items()):
        numbers = list(bits_of(mask))
        shown = " ".join(map(hex, numbers[:4])) + (" ..." if len(numbers) > 4 else "")
        parts.append(f"{EXTENDED_KINDS[kind]} {shown} ({len(numbers)})")
    return "; ".join(parts) or None
