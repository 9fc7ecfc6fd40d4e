"""A Smack policy as data: its rows in the order of loading, and what they come to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

from lsmc.modules.smack.syntax import Row
from lsmc.modules.smack.values import Named


class Rule(NamedTuple):
    """One row: it sets bits of the access of a pair of labels, and clears others.

    A row of an access file clears all that it does not set; a change sets first and clears then.
    `row` is the row as written.
    """

    subject: str
    object: str
    sets: int
    clears: int
    row: Row
    change: bool = False


class Pair(NamedTuple):
    """The access of a pair of labels, and its rows in the order of loading."""

    access: int
    rows: tuple[Rule, ...]

    @property
    def deciding(self) -> tuple[Rule, ...]:
        """The last row that sets all of the access, and the changes after it."""
        return self.rows[last_load([row.change for row in self.rows]) :]


def last_load(changes: Sequence[bool]) -> int:
    """The number of the last row that is no change, 0 if all are changes."""
    return max((at for at, change in enumerate(changes) if not change), default=0)


def after(access: int, rule: Rule) -> int:
    """The access of a pair after one more row (`smk_set_access`)."""
    return (access | rule.sets) & ~rule.clears


@dataclass(frozen=True)
class Policy:
    """A policy.

    Attributes:
        rules: the rows in the order of loading.
        unconfined: the label whose refusals are only reported; None for none.
        onlycap: the labels that CAP_MAC_OVERRIDE is limited to; none for no limit.
        outside: how many rows of each other kind there are; they decide nothing here.
    """

    rules: tuple[Rule, ...]
    unconfined: Named | None = None
    onlycap: tuple[Named, ...] = ()
    outside: Mapping[str, int] = field(default_factory=dict)

    @cached_property
    def pairs(self) -> Mapping[tuple[str, str], Pair]:
        """The pairs of labels that have rows, in the order of their first row."""
        return pairs_of(self.rules)


def pairs_of(rules: Iterable[Rule]) -> dict[tuple[str, str], Pair]:
    """The access of each pair that some rows name."""
    found: dict[tuple[str, str], list[Rule]] = {}
    for rule in rules:
        found.setdefault((rule.subject, rule.object), []).append(rule)
    return {pair: Pair(_access(rows), tuple(rows)) for pair, rows in found.items()}


def _access(rows: Iterable[Rule]) -> int:
    access = 0
    for row in rows:
        access = after(access, row)
    return access
