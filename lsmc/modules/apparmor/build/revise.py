"""Profiles that differ from an earlier run in the rules of included files alone.

They are not compiled again: their units of these files are, once for each set of variable values,
and take the place of the old ones in the bundle of the earlier run.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from typing import NamedTuple

from lsmc.automata.partition import Spare
from lsmc.base.source import Location, Source
from lsmc.ir.model import Unit
from lsmc.modules.apparmor.build.compile import Compiler
from lsmc.modules.apparmor.classes import MODULE
from lsmc.modules.apparmor.lower.environment import Environments, SavedEnvironment
from lsmc.modules.apparmor.lower.revision import Beyond, FileRevision, revision
from lsmc.modules.apparmor.lower.units import Environment
from lsmc.modules.apparmor.resolve.library import Parsed
from lsmc.modules.apparmor.syntax.parser import parse
from lsmc.tables.build import (
    TooComplexError,
    assemble_units,
    build_groups,
    place_row,
    unit_digest,
)
from lsmc.tables.bundle import Bundle
from lsmc.tables.layout import NONE, RULE_SPAN, RULE_WORDS, SPAN_WORDS, UNIT_WORDS, Section
from lsmc.tables.link import LinkInput
from lsmc.tables.records import Place


class RevisionCandidate(NamedTuple):
    """A profile file of which nothing changed but the text of some included files."""

    names: Sequence[str]
    environment: SavedEnvironment
    changed: frozenset[str]


class Revised(NamedTuple):
    """The files that need not be compiled, and the parts that have their profiles.

    The parts are the earlier bundle and the new units, to be linked as number 0 and 1.
    """

    files: Mapping[str, Sequence[str]]
    parts: tuple[LinkInput, ...]


def revise(
    bundle: Bundle,
    digests: Sequence[str],
    candidates: Mapping[str, RevisionCandidate],
    texts: Mapping[str, str],
    front: Compiler,
) -> Revised:
    """Revise what can be of some profile files.

    `digests` are those of the bundle's units.  `texts` has the earlier text of the files that
    changed, `front` reads the present one.
    """
    work = _Work(bundle, front)
    work.compare(texts)
    files = {path: one.names for path, one in candidates.items() if work.file(one)}
    try:
        return Revised(files, work.parts(digests))
    except TooComplexError:  # compiling the files says which rule it is
        return Revised({}, (LinkInput(bundle, digests),))


class _Home(NamedTuple):
    """Where a unit comes from: a changed file, and which of its parts."""

    path: str
    own: bool


class _Work:
    """What is known of the earlier bundle and of the changed files."""

    def __init__(self, bundle: Bundle, front: Compiler) -> None:
        self._bundle = bundle
        self._front = front
        self._environments = Environments(front.library.features_of, front.target)
        self._revisions: dict[str, FileRevision] = {}
        self._numbers = {name: number for number, name in enumerate(bundle.profile_names())}
        self._spans: dict[Location, int] = {}
        self._units: dict[int, list[int]] = {}  # by the place of their first rule
        self._homes: dict[int, _Home] = {}  # by unit
        self._located: set[str] = set()
        self._moved: dict[int, Place] = {}
        self._replaced: dict[int, dict[int, Unit]] = {}

    def compare(self, texts: Mapping[str, str]) -> None:
        """Take changed files into account, as far as nothing but their rules changed."""
        for path, before in texts.items():
            earlier = Parsed(path, *parse(Source(path, before)))
            try:
                found = revision(earlier, self._front.library.file(path))
            except OSError:
                continue
            if found is not None:
                self._revisions[path] = found
        self._spans = _places(self._bundle, self._revisions)
        rules = self._bundle.words(Section.RULES)[RULE_SPAN::RULE_WORDS]
        units = self._bundle.words(Section.UNITS)
        for number, (first, count) in enumerate(
            zip(units[::UNIT_WORDS], units[1::UNIT_WORDS], strict=True)
        ):
            if count:
                self._units.setdefault(rules[first], []).append(number)

    def file(self, candidate: RevisionCandidate) -> bool:
        """Revise the profiles of a file; whether that was possible."""
        if not candidate.changed <= self._revisions.keys():
            return False
        found: dict[int, dict[int, Unit]] = {}
        try:
            for index, name in enumerate(candidate.names):
                under = self._environments.of(candidate.environment, index)
                for path in candidate.changed - self._located:
                    self._locate(path, under)
                profile = self._numbers.get(name)
                if profile is None:
                    return False
                found[profile] = self._profile(profile, candidate.changed, under)
        except Beyond:
            return False
        self._replaced.update(found)
        return True

    def _locate(self, path: str, under: Environment) -> None:
        """Find what the earlier bundle has of a file; raises `Beyond`."""
        revised = self._revisions[path]
        parts = revised.parts(under)
        for part in parts:
            for rule in part.old:
                for unit in self._units.get(self._spans.get(rule.span.location(), NONE), ()):
                    self._homes[unit] = _Home(path, part.own)
        stay = [part.moved() for part in parts if part.stays]
        for old, new in chain(revised.includes(), *stay):
            number = self._spans.get(old.location())
            if number is not None:
                self._moved[number] = place_row(new)
        self._located.add(path)

    def _profile(self, profile: int, changed: Iterable[str], under: Environment) -> dict[int, Unit]:
        """The units that change in a profile, by place among its uses; raises `Beyond`."""
        uses = self._bundle.use_words(self._bundle.profile_words(profile))
        places = {self._homes[unit]: n for n, (unit, *_) in enumerate(uses) if unit in self._homes}
        replaced: dict[int, Unit] = {}
        for path in changed:
            revised = self._revisions[path]
            parts = [(_Home(path, part.own), part) for part in revised.parts(under)]
            if not any(home in places for home, _ in parts):
                if revised.vanishes(under):
                    raise Beyond
                continue  # another profile of the file includes it
            for home, part in parts:
                unit = None if part.stays else revised.unit(part, under)
                if unit is not None and home in places:
                    replaced[places[home]] = unit
                elif unit is not None or (home in places and not part.stays):
                    raise Beyond
        return replaced

    def parts(self, digests: Sequence[str]) -> tuple[LinkInput, LinkInput]:
        """The earlier bundle with its changes, and the new units; raises `TooComplexError`."""
        news = dict.fromkeys(unit for units in self._replaced.values() for unit in units.values())
        numbers = {unit: (1, number) for number, unit in enumerate(news)}
        marks = [unit_digest(unit) for unit in news]
        known = set(digests)
        spare = Spare()
        groups = {
            id(unit): build_groups(unit.rules, spare=spare)
            for unit, mark in zip(news, marks, strict=True)
            if mark not in known
        }
        replaced = {
            profile: {index: numbers[unit] for index, unit in units.items()}
            for profile, units in self._replaced.items()
        }
        return (
            LinkInput(self._bundle, digests, self._moved, replaced),
            LinkInput(Bundle(assemble_units(MODULE, news, groups)), marks),
        )


def _places(bundle: Bundle, paths: Iterable[str]) -> dict[Location, int]:
    """The places of a bundle that lie in some files, by where they are."""
    wanted = set(paths)
    table = bundle.words(Section.SPANS)
    columns = [table[column::SPAN_WORDS] for column in range(SPAN_WORDS - 1)]
    files = {number for number in set(columns[0]) if bundle.string(number) in wanted}
    return {
        Location(bundle.string(row[0]), *row[1:]): number
        for number, row in enumerate(zip(*columns, strict=True))
        if row[0] in files
    }
