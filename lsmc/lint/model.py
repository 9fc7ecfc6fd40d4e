"""What lint works with: checks, the policy that they judge, and what a security module gives.

A check is a function from policy to findings.  What the policy looks like is between a module and
its checks; lint itself asks of it only what `Lintable` has.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, Protocol, TypeAlias, TypeVar

from lsmc.base.diagnostics import Confidence, Diagnostic, Fix, Label, Severity
from lsmc.base.errors import Error
from lsmc.base.files import StrPath
from lsmc.base.registry import collect
from lsmc.base.source import Source, Span
from lsmc.compiler.inputs import MAX_SOURCE

if TYPE_CHECKING:
    from lsmc.analysis.change import Change
    from lsmc.compiler.inputs import DiskFiles, Options
    from lsmc.lint.rule_docs import Page

#: The package of the codes that lint itself reports.
BUILTIN = "lsmc.lint.builtin"


class SettingError(Error, ValueError):
    """A configuration value that cannot be used, as a clear text; checks may raise it, too."""


def no_assertions(reason: str) -> Callable[[Mapping[str, Any]], object]:
    """What reads assertions for a module without them: any are a `SettingError` with a reason."""

    def read(table: Mapping[str, Any]) -> object:
        if table.get("assertions"):
            raise SettingError(reason)
        return ()

    return read


class CommentedText(NamedTuple):
    """The comments of a file; `start` is the offset of the first other text, None without any.

    `behind` says whether comments may stand behind other text; else they are lines of their own,
    and one that silences findings is for the next line.
    """

    path: str
    comments: Sequence[Span]
    start: int | None
    behind: bool = True


class Lintable(Protocol):
    """The policy that is linted together, as far as lint itself uses it."""

    @property
    def given(self) -> Sequence[str]:
        """The paths of the files that were given and could be read."""

    @property
    def homes(self) -> Mapping[str, str]:
        """The file of each profile by the profile's name."""

    @property
    def sources(self) -> Iterable[Source]:
        """Every text that was read, in a fixed order."""

    @property
    def commented(self) -> Iterator[CommentedText]:
        """The comments of the given files and of all files that they include, in order of path."""

    @property
    def settled(self) -> frozenset[str]:
        """The files whose findings are complete: no profile outside may include them."""


P = TypeVar("P", bound=Lintable)
P_contra = TypeVar("P_contra", bound=Lintable, contravariant=True)


@dataclass(frozen=True, slots=True)
class Check(Generic[P_contra]):
    """One check: a stable code and name, how bad its findings are, and the function.

    `default` is False for checks that run only when selected.  `table` names the settings that
    configuration may give it, with their defaults; the values of one that is a table itself are
    texts, or with `lists` lists of texts.  `basis` is the costly analysis that it shares with other
    checks: they run in one process.  `cost` compares the time that it takes, with its basis, to
    that of others: where there are several processes, the costliest begin first.  `effect` says
    that it judges what rules do, which is unknown while there is an error in them.  `confidence` is
    what the page says under "How sure": `high` where the finding is proved or read off the text,
    `medium` where it is as sure, but what the program needs decides whether it is a fault, `low`
    where it is a guess.
    """

    code: str
    name: str
    severity: Severity
    run: Callable[[P_contra], Iterable[Diagnostic]]
    default: bool = True
    table: Mapping[str, Any] = field(default_factory=dict)
    lists: bool = False
    basis: Callable[[P_contra], Any] | None = None
    cost: int = 0
    effect: bool = False
    confidence: Confidence = "high"

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
        """Build a finding of this check."""
        return Diagnostic(
            code=self.code,
            name=self.name,
            severity=self.severity,
            message=message,
            span=span,
            help=help,
            profile=profile,
            witness=witness,
            related=tuple(related),
            fix=fix,
            confidence=self.confidence,
        )


def elsewhere(policy: Lintable) -> Iterator[Diagnostic]:
    """Report nothing: the function of checks whose findings lint itself reports."""
    del policy
    yield from ()


#: Reads some files to what checks judge, with the errors met: (paths, settings, processes).  It
#: keeps what files that are read apart share.  OSError when a process is lost.
Read: TypeAlias = Callable[
    [Iterable[StrPath], Mapping[str, Any], int], tuple[P, Sequence[Diagnostic]]
]


#: Reads files of a file system that changes to what checks judge, with the errors met, again and
#: again: (file system, paths, settings).
Reread: TypeAlias = Callable[
    ["DiskFiles", Sequence[str], Mapping[str, Any]], tuple[P, Sequence[Diagnostic]]
]


@dataclass(frozen=True)
class Lint(Generic[P]):
    """What a security module gives to lint.

    Attributes:
        checks: all checks by code, in order of code (`checks_in` collects them).
        errors: the names of what the module's compiler refuses, by code.
        error_pages: the pages of these, by code.
        targets: the releases that policy can be read for.
        read_assertions: reads the assertions of a configuration; raises `SettingError`.
        reader: what reads policy under some options, from a file system; the last argument is the
            name and content of a file that is not there, if there is one.
        changes: what two policies decide differently.
        max_source: bytes that a file of policy may have.
        rereader: what reads policy under some options again and again, and keeps what the texts
            that did not change gave; None where all is read anew.
    """

    checks: Mapping[str, Check[P]]
    errors: Mapping[str, str]
    error_pages: Callable[[], Mapping[str, Page]]
    targets: Sequence[str]
    read_assertions: Callable[[Mapping[str, Any]], object]
    reader: Callable[[Options, DiskFiles, tuple[str, bytes] | None], Read[P]]
    changes: Callable[[P, P], Sequence[Change]]
    max_source: int = MAX_SOURCE
    rereader: Callable[[Options], Reread[P]] | None = None

    def rereading(self, options: Options) -> Reread[P]:
        """What reads policy under some options again and again."""
        if self.rereader is not None:
            return self.rereader(options)
        return lambda files, paths, settings: self.reader(options, files, None)(paths, settings, 1)

    @cached_property
    def names(self) -> Mapping[str, str]:
        """The name of every code: what the compiler refuses, and the checks."""
        return {**self.errors, **{code: check.name for code, check in self.checks.items()}}


def checks_in(package: str) -> dict[str, Check[Any]]:
    """The checks of a package, one a module, and those of lint itself, by code in order."""
    found = [check for one in (BUILTIN, package) for check in collect(one, "CHECK").values()]
    return {check.code: check for check in sorted(found, key=lambda check: check.code)}
