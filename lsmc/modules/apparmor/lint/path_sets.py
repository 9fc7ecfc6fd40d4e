"""Named sets of paths from a data file, and the rules that speak of them.

A set has patterns, which say exactly what belongs to it, and examples.  Asked are the objects
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

from lsmc.analysis.profile_view import Grants, ProfileView, UnitRule, UnitView, halves, wins
from lsmc.automata.dfa import Dfa
from lsmc.automata.facts import members, objects, starts
from lsmc.automata.partition import partition
from lsmc.automata.pattern import Pattern, union
from lsmc.automata.prefixes import heads
from lsmc.base.text import listing
from lsmc.ir.decision import ALLOW, DENY, Decision
from lsmc.kernels.walk import Walker
from lsmc.modules.apparmor.analysis.key_globs import globs
from lsmc.modules.apparmor.classes import FILE
from lsmc.modules.apparmor.lint.data import facts
from lsmc.modules.apparmor.lint.file_rules import speaking_of
from lsmc.modules.apparmor.lint.tree import Tree


@dataclass(frozen=True, slots=True)
class PathSet:
    """One entry of a data file: the paths inside and the examples to ask about."""

    name: str
    inside: Pattern
    outside: Pattern | None
    examples: tuple[bytes, ...]
    by: re.Pattern[str] | None
    fields: dict[str, Any]


def names(texts: Iterable[str]) -> re.Pattern[str] | None:
    """An expression for names that match one of some shell globs, None for no globs."""
    patterns = [fnmatch.translate(text) for text in texts]
    return re.compile("|".join(patterns)) if patterns else None


def _read(entry: dict[str, Any]) -> PathSet:
    return PathSet(
        name=entry["name"],
        inside=globs(entry["paths"]),
        outside=globs(entry["not"]) if entry.get("not") else None,
        examples=tuple(example.encode() for example in entry["examples"]),
        by=names(entry.get("by", ())),
        fields=entry,
    )


class Exposure(NamedTuple):
    """A rule that decides about an object of a set: the permissions, for the owner or others."""

    kind: PathSet
    held: UnitRule
    path: bytes
    owner: bool
    perms: int
    decision: Decision


@dataclass(slots=True)
class PathSets:
    """The path sets of a data file."""

    sets: tuple[PathSet, ...]
    _tables: list[tuple[tuple[int, ...], Dfa, Walker]] = field(default_factory=list)
    _heads: tuple[bytes, ...] = ()
    _known: dict[bytes, list[PathSet]] = field(default_factory=dict)

    @classmethod
    @lru_cache(maxsize=8)
    def read(cls, name: str) -> PathSets:
        """The sets of a data file; built once, whatever is linted."""
        sets = tuple(_read(entry) for entry in facts(name)["set"])
        patterns: list[Pattern] = []
        for kind in sets:
            patterns += (kind.inside, kind.outside or union(()))
        tables = [(numbers, dfa, dfa.walker()) for numbers, dfa in partition(patterns)]
        starts = {head for kind in sets for head in heads(kind.inside)}
        return cls(sets, tables, tuple(sorted(starts)))

    def of(self, path: bytes) -> list[PathSet]:
        """The sets that an object belongs to."""
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
                kind
                for number, kind in enumerate(self.sets)
                if 2 * number in numbers and 2 * number + 1 not in numbers
            ]
        return found

    def candidates(
        self, unit: UnitView, effect: int, perms: int
    ) -> list[tuple[UnitRule, bytes, PathSet]]:
        """The rules of a unit with an effect on some permissions, and objects in sets."""
        rules = speaking_of(unit, perms, effect)
        if not rules:
            return []
        found: dict[tuple[int, str], tuple[UnitRule, bytes, PathSet]] = {}
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
        for kind in self.sets:
            for path in kind.examples:
                if path not in listed and not path.startswith(near):
                    continue
                for held in unit.matching(bytes((FILE.code,)) + path):
                    if held.facts.id in wanted:
                        found.setdefault((held.facts.id, kind.name), (held, path, kind))
        for held in rules:
            for path in objects(held.rule.fields[0]):
                for kind in self.of(path):
                    found.setdefault((held.facts.id, kind.name), (held, path, kind))
        return list(found.values())

    def openings(
        self, tree: Tree, effect: int, perms: int, *, half: bool | None = None
    ) -> Iterator[tuple[ProfileView, Exposure]]:
        """Where the rules of profiles decide about objects of sets.

        With `half` only for the owner (True) or for others (False).
        """
        views: Grants = tree.shared(Grants)
        known = {id(unit): self.candidates(unit, effect, perms) for unit in views.units}
        for view in views.confined:
            for use in view.uses:
                for held, path, kind in known[id(use.unit)]:
                    if kind.by is not None and kind.by.match(view.name):
                        continue
                    wanted = FILE.mask(kind.fields["wanted"]) if "wanted" in kind.fields else perms
                    opening = _opening(view, held, path, kind, wanted & perms, effect, half)
                    if opening is not None:
                        yield view, opening


class ExposingRule(NamedTuple):
    """A rule of a profile with all that it opens, one object a set."""

    view: ProfileView
    held: UnitRule
    openings: tuple[Exposure, ...]

    @property
    def first(self) -> Exposure:
        """The opening that serves as the witness."""
        return self.openings[0]

    def kinds(self) -> str:
        """The names of the sets for a message."""
        return listing(opening.kind.name for opening in self.openings)


def opened(found: Iterable[tuple[ProfileView, Exposure]]) -> Iterator[ExposingRule]:
    """Openings put together by profile and rule."""
    rules: dict[tuple[str, int], tuple[ProfileView, list[Exposure]]] = {}
    for view, opening in found:
        key = (view.name, opening.held.facts.id)
        rules.setdefault(key, (view, []))[1].append(opening)
    for view, openings in rules.values():
        yield ExposingRule(view, openings[0].held, tuple(openings))


def _opening(
    view: ProfileView,
    held: UnitRule,
    path: bytes,
    kind: PathSet,
    perms: int,
    effect: int,
    half: bool | None,
) -> Exposure | None:
    for owner in halves(held.facts, perms):
        if half is not None and owner != half:
            continue
        if kind.fields.get("half") == "other" and owner:
            continue
        decision = view.decide(FILE, path, owner)
        allowed = decision.allow if effect == ALLOW else decision.deny if effect == DENY else 0
        won = wins(decision, held.facts, perms) & allowed
        if won:
            return Exposure(
                kind=kind, held=held, path=path, owner=owner, perms=won, decision=decision
            )
    return None
