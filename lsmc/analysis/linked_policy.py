"""A policy as its tables and the IR that they were built from: what analyses of rules work on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Self, TypeVar

from lsmc.analysis.rule_search import Question, places
from lsmc.analysis.semantics import Semantics
from lsmc.base.source import Span
from lsmc.engine.matcher import Matcher
from lsmc.engine.profiles import ProfileTables
from lsmc.ir.mediation import MediationClass
from lsmc.ir.model import Profile, Rule
from lsmc.tables.records import ProfileRecord

T = TypeVar("T")


@dataclass(slots=True)
class LinkedProfile:
    """A profile in all its forms: IR, record and matcher in the tables."""

    ir: Profile
    record: ProfileRecord
    tables: ProfileTables

    @property
    def matcher(self) -> Matcher:
        """The matcher, made when it is first asked for: most analyses do without."""
        return self.tables.matcher(self.record)

    @property
    def name(self) -> str:
        """The name for people."""
        return self.record.full_name

    def questions(self, cls: MediationClass | None = None) -> Iterator[Question]:
        """Each rule of the profile with its language, to be asked about."""
        for place in places(self.matcher, cls):
            yield Question(self.matcher, place)


@dataclass(frozen=True)
class LinkedPolicy:
    """The profiles of a policy; `rules` are the IR rules by their number in the tables."""

    semantics: Semantics
    tables: ProfileTables
    profiles: tuple[LinkedProfile, ...]
    rules: tuple[Rule, ...]
    _made: dict[object, Any] = field(default_factory=dict, init=False, compare=False, repr=False)

    def shared(self, make: Callable[[Self], T]) -> T:
        """What a function makes of the policy; whoever asks, it is made once."""
        if make not in self._made:
            self._made[make] = make(self)
        found: T = self._made[make]
        return found

    def origin(self, number: int) -> Span:
        """Where the rule of a number in the tables is written."""
        return self.rules[number].origin
