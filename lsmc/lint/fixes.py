"""Applies the fixes of findings.

Fixes are applied in passes: all that do not overlap, then lint runs again, until there is nothing
left.  After each pass of safe fixes the old and the new policy are compared; a fix that changes a
decision is not applied, and is reported as a fault of its check.  Nothing is written here: the
caller gets the new texts, to show or to write them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Generic

from lsmc.analysis.change import Change
from lsmc.base.diagnostics import Diagnostic, Edit
from lsmc.base.source import Source, Span
from lsmc.compiler.inputs import DiskFiles, OverlaidFiles
from lsmc.lint.builtin.internal_error import CHECK as INTERNAL
from lsmc.lint.model import P
from lsmc.lint.run import Result

MAX_PASSES = 100
Texts = dict[str, str]


@dataclass(slots=True)
class Fixed(Generic[P]):
    """The result: the last lint run, new and old texts by path, and the refused fixes."""

    result: Result[P]
    texts: Texts = field(default_factory=dict)
    before: dict[str, Source] = field(default_factory=dict)
    count: int = 0
    refused: list[Diagnostic] = field(default_factory=list)


class Fixer(Generic[P]):
    """Fixes what `lint` finds in a file system.

    `editable` says which files may be changed, `changes` returns the decisions that differ between
    two policies.
    """

    def __init__(
        self,
        lint: Callable[[DiskFiles], Result[P]],
        editable: Callable[[Diagnostic, str], bool],
        changes: Callable[[P, P], Sequence[Change]],
        files: DiskFiles | None = None,
    ) -> None:
        """`files` is the file system that is changed; by default the disk."""
        self._lint = lint
        self._editable = editable
        self._changes = changes
        self._files = files or DiskFiles()
        self._banned: set[tuple[str, ...]] = set()

    def fix(self, unsafe: bool) -> Fixed[P]:
        """Apply safe fixes until there are none, then the unsafe ones if they are wanted."""
        fixed = Fixed(self._lint(self._files))
        for safe in (True, False) if unsafe else (True,):
            for _ in range(MAX_PASSES):
                chosen = without_overlaps(self._wanted(fixed.result, safe))
                if not chosen:
                    break
                self._apply(fixed, chosen, safe)
        return fixed

    def _wanted(self, result: Result[P], safe: bool) -> list[Diagnostic]:
        return [
            one
            for one in result.findings
            if one.fix is not None
            and one.fix.safe == safe
            and _identity(one) not in self._banned
            and all(self._editable(one, edit.span.source.path) for edit in one.fix.edits)
        ]

    def _apply(self, fixed: Fixed[P], chosen: list[Diagnostic], safe: bool) -> None:
        """Apply some fixes, or half of them if they change a decision; the next pass does the rest.

        Two fixes that are right alone may be wrong together, such as removing either of two rules.
        """
        texts = fixed.texts | edited(chosen)
        result = self._lint(self._overlaid(texts))
        reason = self._objection(fixed.result, result, safe)
        if reason and len(chosen) > 1:
            self._apply(fixed, chosen[: len(chosen) // 2], safe)
            return
        if reason:
            (one,) = chosen
            self._banned.add(_identity(one))
            fixed.refused.append(
                INTERNAL.finding(None, f"the fix of {one.code} at {one.file}:{one.line} {reason}")
            )
            return
        for one in chosen:
            for edit in one.fix.edits if one.fix is not None else ():
                fixed.before.setdefault(edit.span.source.path, edit.span.source)
        fixed.texts, fixed.result = texts, result
        fixed.count += len(chosen)

    def _overlaid(self, texts: Texts) -> DiskFiles:
        changed = {path: text.encode("latin-1") for path, text in texts.items()}
        return OverlaidFiles(changed, self._files)

    def _objection(self, old: Result[P], new: Result[P], safe: bool) -> str:
        """Why the new policy must not replace the old one; empty when it may."""
        errors = [one for one in new.findings if one.severity == "error"]
        if len(errors) > sum(one.severity == "error" for one in old.findings):
            return f"would break the policy: {errors[0]}"
        changes = self._changes(old.policy, new.policy) if safe else []
        if not changes:
            return ""
        first = changes[0]
        what = " ".join(part for part in (first.cls, first.what) if part)
        return f"would change profile `{first.profile}`{f' ({what})' if what else ''}: not applied"


def _identity(finding: Diagnostic) -> tuple[str, ...]:
    span = finding.span
    place = (span.source.path, span.text) if span is not None else ()
    return (finding.code, *place, finding.message)


def without_overlaps(findings: Iterable[Diagnostic]) -> list[Diagnostic]:
    """Findings whose fixes can be applied together: of two that overlap, the first.

    A fix also overlaps with a change of what its finding refers to: of two rules of which each may
    go since the other stays, one goes.
    """
    changed: dict[str, list[Span]] = {}
    needed: dict[str, list[Span]] = {}
    chosen = []
    for finding in findings:
        assert finding.fix is not None
        edits = [edit.span for edit in finding.fix.edits]
        needs = [label.span for label in finding.related]
        if edits and not (
            _meets(edits, changed) or _meets(edits, needed) or _meets(needs, changed)
        ):
            chosen.append(finding)
            for spans, taken in ((edits, changed), (needs, needed)):
                for span in spans:
                    taken.setdefault(span.source.path, []).append(span)
    return chosen


def _meets(spans: Iterable[Span], taken: Mapping[str, Sequence[Span]]) -> bool:
    return any(_clash(span, other) for span in spans for other in taken.get(span.source.path, ()))


def _clash(one: Span, other: Span) -> bool:
    if (one.start, one.end) == (other.start, other.end):
        return True
    return one.start < other.end and other.start < one.end


def edited(findings: Iterable[Diagnostic]) -> Texts:
    """The texts of files after the fixes of some findings, which must not overlap."""
    by_file: dict[str, list[Edit]] = {}
    for finding in findings:
        for edit in finding.fix.edits if finding.fix is not None else ():
            by_file.setdefault(edit.span.source.path, []).append(edit)
    return {path: _apply(edits) for path, edits in by_file.items()}


def _apply(edits: list[Edit]) -> str:
    text = edits[0].span.source.text
    for edit in sorted(edits, key=lambda e: (e.span.start, e.span.end), reverse=True):
        text = text[: edit.span.start] + edit.text + text[edit.span.end :]
    return text
