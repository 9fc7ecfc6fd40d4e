"""What checks work on, and what a check is.

A check is a function from a tree of policy to findings.  A tree is everything that was given to
lint: the files with their syntax, the profiles of their IR, and the tables that answer questions
about them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeVar

from lsmc.analysis.rule_search import Question, places
from lsmc.base.diagnostics import Diagnostic, Fix, Label, Severity
from lsmc.base.errors import Error
from lsmc.base.source import Span, to_display
from lsmc.engine.matcher import Matcher
from lsmc.engine.verdict import RequestError, Verdict
from lsmc.ir import model as ir
from lsmc.ir.model import MediationClass
from lsmc.modules.apparmor.compile import Compiled
from lsmc.modules.apparmor.engine import Engine
from lsmc.modules.apparmor.lint.include_graph import IncludeGraph
from lsmc.modules.apparmor.resolve.library import Library
from lsmc.modules.apparmor.subjects import Profiles
from lsmc.tables.records import ProfileRecord

T = TypeVar("T")

#: The packages that hold checks, one a module.
RULE_PACKAGES = ("lsmc.lint.builtin", "lsmc.modules.apparmor.lint.rules")


class SettingError(Error, ValueError):
    """A value in the configuration that cannot be used; checks may raise it, with a clear text."""


@dataclass(frozen=True, slots=True)
class LintedFile:
    """A file that was given: its path and what compiling it gave."""

    path: str
    compiled: Compiled


@dataclass(slots=True)
class LintedProfile:
    """A profile in all its forms: IR, record and matcher in the tables."""

    file: LintedFile
    ir: ir.Profile
    record: ProfileRecord
    tables: Profiles

    @property
    def matcher(self) -> Matcher:
        """The matcher, made when it is first asked for: most checks do without."""
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
class Tree:
    """All that is linted together; `rules` are the IR rules by their number in the tables."""

    files: tuple[LintedFile, ...]
    library: Library
    engine: Engine
    profiles: tuple[LintedProfile, ...]
    rules: tuple[ir.Rule, ...]
    settings: Mapping[str, Any] = field(default_factory=dict)
    _made: dict[object, Any] = field(default_factory=dict, compare=False, repr=False)

    def shared(self, make: Callable[[Tree], T]) -> T:
        """What a function makes of the tree; several checks may ask, it is made once."""
        if make not in self._made:
            self._made[make] = make(self)
        found: T = self._made[make]
        return found

    def answer(self, request: Mapping[str, Any]) -> Verdict | None:
        """What the policy says to a witness, or None where it is no request.

        A pattern with an escaped NUL matches keys whose fields are not those of any request.
        """
        try:
            return self.engine.answer(request).verdict
        except RequestError:
            return None

    def origin(self, number: int) -> Span:
        """Where the rule of a number in the tables is written."""
        return self.rules[number].origin

    @cached_property
    def texts(self) -> tuple[str, ...]:
        """The given files and all that they include, in order of path."""
        graph = self.library.kept(IncludeGraph)
        return tuple(graph.closure(file.path for file in self.files))

    @cached_property
    def by_name(self) -> dict[str, LintedProfile]:
        """The profiles by full name."""
        return {profile.name: profile for profile in self.profiles}

    def setting(self, check: str, name: str, default: Any) -> Any:
        """A value of a check's own table in the configuration."""
        return self.settings.get(check, {}).get(name, default)


@dataclass(frozen=True, slots=True)
class Check:
    """One check: a stable code and name, how bad its findings are, and the function.

    `default` is False for checks that run only when selected.  `table` names the settings that
    configuration may give it, with their defaults; the values of one that is a table itself are
    texts, or with `lists` lists of texts.  `basis` is the costly analysis that it shares with other
    checks: they run in one process.
    """

    code: str
    name: str
    severity: Severity
    run: Callable[[Tree], Iterable[Diagnostic]]
    default: bool = True
    table: Mapping[str, Any] = field(default_factory=dict)
    lists: bool = False
    basis: Callable[[Tree], Any] | None = None

    def finding(
        self,
        span: Span | None,
        message: str,
        *,
        help: str = "",
        profile: str | None = None,
        witness: Mapping[str, Any] | None = None,
        related: Iterable[Label] = (),
        fix: Fix | None = None,
    ) -> Diagnostic:
        """A finding of this check."""
        return Diagnostic(
            self.code,
            self.name,
            self.severity,
            message,
            span,
            help,
            profile,
            witness,
            tuple(related),
            fix,
        )


def elsewhere(tree: Tree) -> Iterator[Diagnostic]:
    """No findings: the function of a check whose findings the frame itself reports."""
    del tree
    yield from ()


def rule_text(span: Span) -> str:
    """A rule as it is quoted in messages: on one line, without its comma."""
    text = to_display(" ".join(span.text.split())).removesuffix(",")
    return text if len(text) <= 100 else text[:99] + "…"
