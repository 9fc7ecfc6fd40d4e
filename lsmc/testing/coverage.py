"""Which of the written rules decided a case.

Counted are the rules of the policy that stand in files, those of includes in theirs; what the
compiler adds by itself and what is no rule, such as limits on resources, is not.
"""

from __future__ import annotations

import posixpath
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import NamedTuple, TypeAlias

from lsmc.engine.verdict import RuleRef
from lsmc.policy import Policy
from lsmc.tables.bundle import Bundle
from lsmc.tables.records import Place
from lsmc.testing.results import CaseResult

#: The file, the line and the column of a rule.
Where: TypeAlias = tuple[str, int, int]


class CoveredRule(NamedTuple):
    """A written rule, and how many cases it decided; lines and columns count from 1."""

    line: int
    column: int
    end_line: int
    text: str
    cases: int


class FileCoverage(NamedTuple):
    """The rules of a file, in order."""

    file: str
    rules: tuple[CoveredRule, ...]

    @property
    def covered(self) -> int:
        """How many of them decided a case."""
        return sum(1 for rule in self.rules if rule.cases)


class Coverage(NamedTuple):
    """The files with rules, in order of their paths."""

    files: tuple[FileCoverage, ...]

    @property
    def rules(self) -> int:
        """How many rules there are."""
        return sum(len(file.rules) for file in self.files)

    @property
    def covered(self) -> int:
        """How many rules decided a case."""
        return sum(file.covered for file in self.files)

    @property
    def percent(self) -> float:
        """The covered rules in a hundred; 100 where there are none."""
        return 100 * self.covered / self.rules if self.rules else 100.0


def written_rules(policy: Policy) -> dict[Where, Place]:
    """The written rules of a policy; raises `NoMeaning` for a module without tables of rules."""
    if policy.module.rules is not None:
        listed = policy.module.rules(policy.engine)
        return {(place.file, place.line, place.column): place for place in listed}
    semantics = policy.module.needs(policy.module.semantics, "the coverage of rules")()
    bundle: Bundle = policy.bundle
    numbers: set[int] = set()
    heads: set[int] = set()
    seen: set[int] = set()
    for number in range(bundle.profiles):
        profile = bundle.profile(number)
        if semantics.adds_rules:
            heads.add(profile.place)
        for unit, _ in bundle.uses(profile):
            if id(unit) not in seen:
                seen.add(id(unit))
                numbers.update(unit.rule(index).place for index in range(unit.rules))
    places = (bundle.place(number) for number in sorted(numbers - heads))
    return {(place.file, place.line, place.column): place for place in places}


def coverage(rules: Iterable[dict[Where, Place]], results: Iterable[CaseResult]) -> Coverage:
    """The coverage of the rules of some policies by the cases of all."""
    counts: Counter[Where] = Counter()
    for result in results:
        counts.update(map(_where, result.verdict.rules))
    by_file: dict[str, dict[tuple[int, int], tuple[Place, int]]] = {}
    names: dict[str, str] = {}
    for where, place in (pair for some in rules for pair in some.items()):
        real = posixpath.abspath(place.file)
        names.setdefault(real, place.file)
        known = by_file.setdefault(real, {})
        _, before = known.get(where[1:], (place, 0))
        known[where[1:]] = (place, before + counts.pop(where, 0))
    return Coverage(
        tuple(
            FileCoverage(name, tuple(_rules(by_file[real])))
            for real, name in sorted(names.items(), key=lambda item: item[1])
        )
    )


def _rules(found: dict[tuple[int, int], tuple[Place, int]]) -> Iterator[CoveredRule]:
    for _, (place, cases) in sorted(found.items(), key=lambda item: item[0]):
        yield CoveredRule(place.line, place.column, place.end_line, place.text, cases)


def _where(rule: RuleRef) -> Where:
    return rule.file, rule.line, rule.column
