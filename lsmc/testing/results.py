"""What became of tests, as data for every format."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from lsmc.analysis.access_search import Witness
from lsmc.analysis.mutation import MutationKind
from lsmc.engine.verdict import Verdict
from lsmc.testing.model import Case, Never, TestFile

if TYPE_CHECKING:
    from lsmc.policy import Policy
    from lsmc.testing.coverage import Coverage


class CaseResult(NamedTuple):
    """The answer to a case, and in which way it is not the expected one; `failures` are words."""

    case: Case
    verdict: Verdict
    failures: tuple[str, ...]

    @property
    def holds(self) -> bool:
        """Whether the answer is the expected one."""
        return not self.failures


class NeverResult(NamedTuple):
    """How many subjects were judged, and those that may do it."""

    never: Never
    subjects: int
    breaches: tuple[Witness, ...]

    @property
    def holds(self) -> bool:
        """Whether no subject may do it."""
        return not self.breaches


class Mutant(NamedTuple):
    """A changed rule: where it stands, how it was, how it is, and the test that notices first.

    `text` is empty for a rule that is gone, `noticed` for a mutant that no test notices.
    """

    file: str
    line: int
    column: int
    kind: MutationKind
    before: str
    text: str
    noticed: str


class FileResult(NamedTuple):
    """The results of a test file; `policy` is what was asked."""

    file: TestFile
    policy: Policy
    cases: tuple[CaseResult, ...]
    nevers: tuple[NeverResult, ...]

    @property
    def tests(self) -> Iterator[CaseResult | NeverResult]:
        """All results, cases first."""
        yield from self.cases
        yield from self.nevers


class TestReport(NamedTuple):
    """A run: `coverage` and `mutants` are None where they were not asked for.

    `least` is the coverage in percent that was asked for.
    """

    files: tuple[FileResult, ...]
    coverage: Coverage | None = None
    least: float | None = None
    mutants: tuple[Mutant, ...] | None = None

    @property
    def covers(self) -> bool:
        """Whether the coverage is what was asked for."""
        if self.least is None or self.coverage is None:
            return True
        return self.coverage.percent >= self.least

    @property
    def holds(self) -> bool:
        """Whether all tests hold, and the coverage is what was asked for."""
        return self.covers and all(test.holds for file in self.files for test in file.tests)
