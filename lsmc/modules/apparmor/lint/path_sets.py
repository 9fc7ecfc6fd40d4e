"""Zones: named sets of objects from a data file, and the rules that speak of them.

A zone has patterns, which say exactly what belongs to it, and examples.  Asked are the objects
that a rule names, a short object of each rule with wildcards, and the examples: every answer is a
decision about one object, so what is reported is true; an object that nobody thought of may be
missed.
"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, NamedTuple

from lsmc.analysis.profile_view import Grants, Held, ProfileView, UnitView, grants, halves, wins
from lsmc.automata.dfa import Dfa
from lsmc.automata.facts import members, objects, starts
from lsmc.automata.partition import partition
from lsmc.automata.pattern import Pattern, union
from lsmc.automata.prefixes import heads
from lsmc.base.text import listing
from lsmc.ir.decision import ALLOW, DENY, Decision
from lsmc.kernels.walk import Walker
from lsmc.modules.apparmor.classes import FILE
from lsmc.modules.apparmor.lint.data import facts
from lsmc.modules.apparmor.lint.tree import Tree
from lsmc.modules.apparmor.lower.aare import parse_glob


@dataclass(frozen=True, slots=True)
class Zone:
    """One entry of a data file."""

    name: str
    inside: Pattern
    outside: Pattern | None
    examples: tuple[bytes, ...]
    by: re.Pattern[str] | None
    fields: dict[str, Any]


def globs(texts: Iterable[str]) -> Pattern:
    """The union of some AppArmor globs."""
    return union(parse_glob(text).pattern for text in texts)


def names(texts: Iterable[str]) -> re.Pattern[str] | None:
    """An expression for names that match one of some shell globs, None for no globs."""
    patterns = [fnmatch.translate(text) for text in texts]
    return re.compile("|".join(patterns)) if patterns else None


def _zone(entry: dict[str, Any]) -> Zone:
    return Zone(
        name=entry["name"],
        inside=globs(entry["paths"]),
        outside=globs(entry["not"]) if entry.get("not") else None,
        examples=tuple(example.encode() for example in entry["examples"]),
        by=names(entry.get("by", ())),
        fields=entry,
    )


class Opening(NamedTuple):
    """A rule that decides about an object of a zone: the permissions, for the owner or others."""

    zone: Zone
    held: Held
    path: bytes
    owner: bool
    perms: int
    decision: Decision


@dataclass(slots=True)
class Zones:
    """The zones of a data file."""

    zones: tuple[Zone, ...]
    _tables: list[tuple[tuple[int, ...], Dfa, Walker]] = field(default_factory=list)
    _heads: tuple[bytes, ...] = ()
    _known: dict[bytes, list[Zone]] = field(default_factory=dict)

    @classmethod
    @lru_cache(maxsize=8)
    def read(cls, name: str) -> Zones:
        """The zones of a data file; built once, whatever is linted."""
        zones = tuple(_zone(entry) for entry in facts(name)["zone"])
        patterns: list[Pattern] = []
        for zone in zones:
            patterns += (zone.inside, zone.outside or union(()))
        tables = [(numbers, dfa, dfa.walker()) for numbers, dfa in partition(patterns)]
        starts = {head for zone in zones for head in heads(zone.inside)}
        return cls(zones, tables, tuple(sorted(starts)))

    def of(self, path: bytes) -> list[Zone]:
        """The zones that an object belongs to."""
        if not path.startswith(self._heads):
            return []
        found = self._known.get(path)
        if found is None:
            numbers = {
                numbers[i]
                for numbers, dfa, walker in self._tables
                for i in dfa.accept_ids_of(walker.walk(path))
            }
            found = self._known[path] = [
                zone
                for number, zone in enumerate(self.zones)
                if 2 * number in numbers and 2 * number + 1 not in numbers
            ]
        return found

    def candidates(self, unit: UnitView, effect: int, perms: int) -> list[tuple[Held, bytes, Zone]]:
        """The rules of a unit with an effect on some permissions, and objects in zones."""
        rules = [
            held
            for held in unit.of(FILE)
            if held.facts.effect == effect and (held.facts.owner | held.facts.other) & perms
        ]
        if not rules:
            return []
        found: dict[tuple[int, str], tuple[Held, bytes, Zone]] = {}
        wanted = {held.facts.id for held in rules}
        listed: set[bytes] = set()
        beginnings: set[bytes] = set()
        for held in rules:
            few = members(held.rule.fields[0])
            if few is not None:
                listed.update(few)
            else:
                beginnings.update(starts(held.rule.fields[0]))
        near = tuple(beginnings)
        for zone in self.zones:
            for path in zone.examples:
                if path not in listed and not path.startswith(near):
                    continue
                for held in unit.matching(bytes((FILE.code,)) + path):
                    if held.facts.id in wanted:
                        found.setdefault((held.facts.id, zone.name), (held, path, zone))
        for held in rules:
            for path in objects(held.rule.fields[0]):
                for zone in self.of(path):
                    found.setdefault((held.facts.id, zone.name), (held, path, zone))
        return list(found.values())

    def openings(
        self, tree: Tree, effect: int, perms: int, *, half: bool | None = None
    ) -> Iterator[tuple[ProfileView, Opening]]:
        """Where the rules of profiles decide about objects of zones.

        With `half` only for the owner (True) or for others (False).
        """
        views: Grants = grants(tree)
        known = {id(unit): self.candidates(unit, effect, perms) for unit in views.units}
        for view in views.confined:
            for use in view.uses:
                for held, path, zone in known[id(use.unit)]:
                    if zone.by is not None and zone.by.match(view.name):
                        continue
                    wanted = FILE.mask(zone.fields["wanted"]) if "wanted" in zone.fields else perms
                    opening = _opening(view, held, path, zone, wanted & perms, effect, half)
                    if opening is not None:
                        yield view, opening


class Opened(NamedTuple):
    """A rule of a profile with all that it opens, one object a zone."""

    view: ProfileView
    held: Held
    openings: tuple[Opening, ...]

    @property
    def first(self) -> Opening:
        """The opening that serves as the witness."""
        return self.openings[0]

    def kinds(self) -> str:
        """The names of the zones for a message."""
        return listing(opening.zone.name for opening in self.openings)


def opened(found: Iterable[tuple[ProfileView, Opening]]) -> Iterator[Opened]:
    """Openings put together by profile and rule."""
    rules: dict[tuple[str, int], tuple[ProfileView, list[Opening]]] = {}
    for view, opening in found:
        key = (view.name, opening.held.facts.id)
        rules.setdefault(key, (view, []))[1].append(opening)
    for view, openings in rules.values():
        yield Opened(view, openings[0].held, tuple(openings))


def _opening(
    view: ProfileView,
    held: Held,
    path: bytes,
    zone: Zone,
    perms: int,
    effect: int,
    half: bool | None,
) -> Opening | None:
    for owner in halves(held.facts, perms):
        if half is not None and owner != half:
            continue
        if zone.fields.get("half") == "other" and owner:
            continue
        decision = view.decide(FILE, path, owner)
        allowed = decision.allow if effect == ALLOW else decision.deny if effect == DENY else 0
        won = wins(decision, held.facts, perms) & allowed
        if won:
            return Opening(
                zone=zone, held=held, path=path, owner=owner, perms=won, decision=decision
            )
    return None
