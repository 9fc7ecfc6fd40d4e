"""The table by which a kernel that has `network`, but no later form of it, judges sockets."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from lsmc.ir.mediation import Effect
from lsmc.ir.model import Rule
from lsmc.modules.apparmor.classes import NETWORK, UNIX
from lsmc.modules.apparmor.kernel.sockets import (
    FAMILY_COUNT,
    NAMED_TYPES,
    UNIX_FAMILY,
    families,
    types,
)
from lsmc.modules.apparmor.lower.context import ANY

_ANY = ANY.pattern
_EVERY = 0xFFFF


class Types(NamedTuple):
    """Types of sockets of a family, as bits: allowed, logged, and refused without a word."""

    allow: int = 0
    audit: int = 0
    quiet: int = 0


def family_table(rules: Iterable[Rule]) -> Sequence[Types]:
    """The types of each family that rules speak of; empty if none does.

    Rules for unix sockets count for their family, but for those that deny: of a family they would
    deny too much (the compiler's af_unix.cc).
    """
    allow, audit, deny, loud = ([0] * FAMILY_COUNT for _ in range(4))
    found = False
    for rule in rules:
        if rule.effect is Effect.PROMPT or rule.cls not in (NETWORK, UNIX):
            continue
        if rule.cls is UNIX and rule.effect is Effect.DENY:
            continue
        found = True
        bits, logged = (deny, loud) if rule.effect is Effect.DENY else (allow, audit)
        for number, kinds in _covered(rule):
            bits[number] |= kinds
            logged[number] |= kinds if rule.audit else 0
    if not found:
        return ()
    return [
        Types(allow[n] & ~deny[n], audit[n] & allow[n] & ~deny[n], deny[n] & ~loud[n])
        for n in range(FAMILY_COUNT)
    ]


def _covered(rule: Rule) -> Iterable[tuple[int, int]]:
    """The families and the bits of their types that a rule speaks of."""
    if rule.cls is UNIX:
        family, kind = [UNIX_FAMILY], rule.fields[0]
    else:
        family, kind = list(families(rule.fields[0])), rule.fields[1]
        if rule.fields[0] == _ANY and kind == _ANY:
            return [(number, _EVERY) for number in family]
    kinds = NAMED_TYPES if kind == _ANY else types(kind)
    return [(number, kinds) for number in family]
