"""A policy as its tables together with the IR they were built from, the input of rule analyses."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Self, TypeVar

from lsmc.analysis.semantics import Semantics
from lsmc.base.source import Span
from lsmc.engine.matcher import Matcher
from lsmc.engine.profiles import ProfileTables
from lsmc.ir.model import Profile, Rule
from lsmc.tables.records import ProfileRecord

T = TypeVar("T")


@dataclass(slots=True)
class LinkedProfile:
    """A profile as IR, as a record of the tables, and as a matcher."""

    ir: Profile
    record: ProfileRecord
    tables: ProfileTables

    @property
    def matcher(self) -> Matcher:
        """The matcher, created on first use: most analyses do not need it."""
        return self.tables.matcher(self.record)

    @property
    def name(self) -> str:
        """The name for people."""
        return self.record.full_name


@dataclass(frozen=True)
class LinkedPolicy:
    """The profiles of a policy; `rules` are the IR rules by their number in the tables."""

    semantics: Semantics
    tables: ProfileTables
    profiles: tuple[LinkedProfile, ...]
    rules: tuple[Rule, ...]
    _made: dict[object, Any] = field(default_factory=dict, init=False, compare=False, repr=False)

    def shared(self, make: Callable[[Self], T]) -> T:
        """The result of a function of the policy, computed once for all callers."""
        if make not in self._made:
            self._made[make] = make(self)
        found: T = self._made[make]
        return found

    def origin(self, number: int) -> Span:
        """Where the rule of a number in the tables is written."""
        return self.rules[number].origin
