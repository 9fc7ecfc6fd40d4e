"""What a change of an included file does to the profiles that include it.

Most edits of an abstraction change some of its rules and nothing else: the includes of the file
stay, and no rule that decides about execution comes or goes.  Then a profile keeps all that it is,
save for the units of that file.  A `FileRevision` compares two versions of a file and gives these
units anew.  For whatever else an edit does, the profiles must be compiled again: then there is no
`revision`, or `Beyond` is raised.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from lsmc.base.source import Span
from lsmc.ir.model import Rule, Unit
from lsmc.modules.apparmor.classes import CHANGE_PROFILE, ONEXEC
from lsmc.modules.apparmor.lower.units import Environment, FragmentPlan, Lowered, Lowerer
from lsmc.modules.apparmor.resolve.body import Fragment
from lsmc.modules.apparmor.resolve.library import Parsed
from lsmc.modules.apparmor.resolve.variables import ExpansionError
from lsmc.modules.apparmor.syntax import ast


class Beyond(Exception):
    """The profile must be compiled again."""


class Moved(NamedTuple):
    """A place in the old version, and where the same text stands in the new one."""

    old: Span
    new: Span


class RevisedUnit(NamedTuple):
    """The rules of a file that become one unit: those to share, or those of a profile alone.

    A part `stays` when its rules are the same, wherever they stand.
    """

    old: tuple[ast.Rule, ...]
    new: tuple[ast.Rule, ...]
    own: bool
    stays: bool

    @classmethod
    def of(cls, old: tuple[ast.Rule, ...], new: tuple[ast.Rule, ...], own: bool) -> RevisedUnit:
        """The part with these rules before and after."""
        return cls(old, new, own, ast.meaning(old) == ast.meaning(new))

    def moved(self) -> Iterator[Moved]:
        """The rules of a part that stays."""
        for old, new in zip(self.old, self.new, strict=True):
            yield Moved(old.span, new.span)


class _Version(NamedTuple):
    """A version of a file: its rules, and what else it has."""

    fragment: Fragment
    frame: tuple[ast.Include | ast.Abi, ...]
    lowerer: Lowerer

    def plan(self, under: Environment) -> FragmentPlan:
        """How the rules divide; raises `Beyond` when some are refused."""
        plan = self.lowerer.plan(self.fragment, under.features)
        if plan is None:
            self.lowerer.lower(self.fragment, under)
            plan = self.lowerer.plan(self.fragment, under.features)
        if plan is None:
            raise Beyond
        return plan

    def lower(self, own: bool, under: Environment) -> Lowered:
        """One part of the rules; raises `Beyond`."""
        lower = self.lowerer.own if own else self.lowerer.shared
        try:
            lowered = lower(self.fragment, self.plan(under), under)
        except ExpansionError:
            raise Beyond from None
        if lowered.diagnostics:
            raise Beyond
        return lowered


class FileRevision:
    """Two versions of a file that differ in nothing but rules."""

    def __init__(self, old: _Version, new: _Version) -> None:
        self._old, self._new = old, new
        self._parts: dict[str, tuple[RevisedUnit, RevisedUnit]] = {}

    def includes(self) -> Iterator[Moved]:
        """The places that lead to other files."""
        for old, new in zip(self._old.frame, self._new.frame, strict=True):
            yield Moved(old.span, new.span)

    def parts(self, under: Environment) -> tuple[RevisedUnit, RevisedUnit]:
        """The parts of the file: to share, and of a profile alone; raises `Beyond`."""
        known = self._parts.get(under.features.name)
        if known is None:
            old, new = self._old.plan(under), self._new.plan(under)
            shared = RevisedUnit.of(old.shared, new.shared, False)
            known = shared, RevisedUnit.of(old.own, new.own, True)
            self._parts[under.features.name] = known
        return known

    def vanishes(self, under: Environment) -> bool:
        """Whether the old version gives no rule at all; raises `Beyond`."""
        lowered = [self._old.lower(own, under) for own in (False, True)]
        return not any(_rules(one) for one in lowered)

    def unit(self, part: RevisedUnit, under: Environment) -> Unit | None:
        """The new unit of a part; None when neither version gives a rule.  Raises `Beyond`."""
        old, new = self._old.lower(part.own, under), self._new.lower(part.own, under)
        if _outward(old) != _outward(new) or bool(_rules(old)) != bool(_rules(new)):
            raise Beyond
        if not _rules(new):
            return None
        return Unit(new.own) if part.own else new.shared


def _rules(lowered: Lowered) -> tuple[Rule, ...]:
    return lowered.own or lowered.shared.rules


def _outward(lowered: Lowered) -> tuple[object, ...]:
    """What the rest of a profile depends on: rules of execution and of changes of profile."""
    changes = (CHANGE_PROFILE, ONEXEC)
    return lowered.notes, tuple(rule for rule in _rules(lowered) if rule.cls in changes)


def revision(old: Parsed, new: Parsed) -> FileRevision | None:
    """The revision of a file, or None when more than its rules changed."""
    before, after = _version(old), _version(new)
    if before is None or after is None:
        return None
    if ast.meaning(before.frame) != ast.meaning(after.frame):
        return None
    return FileRevision(before, after)


def _version(parsed: Parsed) -> _Version | None:
    """The version of a file that has rules, includes and `abi` lines alone, without errors."""
    items = parsed.tree.items
    rules = tuple(item for item in items if isinstance(item, ast.Rule))
    frame = tuple(item for item in items if isinstance(item, (ast.Include, ast.Abi)))
    if parsed.diagnostics or len(rules) + len(frame) < len(items):
        return None
    span = parsed.tree.span
    key = (span.source, span.start, None, True, False, False)
    return _Version(Fragment(rules, key, ()), frame, Lowerer())
