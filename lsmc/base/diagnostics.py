"""Diagnostics: what lsmc reports about a policy, as data.

A fault in the user's policy is a `Diagnostic`, returned and gathered, never an exception inside the
pipeline; `PolicyError` carries them out of the public API.  Messages follow one rule: lower case,
no full stop, the user's words in backticks, what to do in `help`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, NamedTuple

from lsmc.base.errors import Error
from lsmc.base.source import Location, Span

Severity = Literal["error", "warning", "info"]
Confidence = Literal["high", "medium", "low"]


class Label(NamedTuple):
    """A further place that a diagnostic refers to."""

    span: Span
    message: str


class Edit(NamedTuple):
    """Replace a span by a text."""

    span: Span
    text: str


class Fix(NamedTuple):
    """Edits that correct a finding; `safe` when they change no decision."""

    title: str
    edits: tuple[Edit, ...]
    safe: bool = True


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One finding: a stable code and name, where it is, what it says and how to check it.

    `confidence` says how surely somebody has to act on it.
    """

    code: str
    name: str
    severity: Severity
    message: str
    span: Span | None = None
    help: str = ""
    profile: str | None = None
    witness: Mapping[str, Any] | None = None
    related: tuple[Label, ...] = ()
    fix: Fix | None = None
    confidence: Confidence = "high"

    @property
    def location(self) -> Location | None:
        """Where it is, or None for a fault that has no place in a file."""
        return self.span.location() if self.span is not None else None

    @property
    def file(self) -> str | None:
        """Path of the file, as it was given."""
        return self.span.source.path if self.span is not None else None

    @property
    def line(self) -> int | None:
        """1-based line of its start."""
        location = self.location
        return location.line if location else None

    @property
    def column(self) -> int | None:
        """1-based column of its start."""
        location = self.location
        return location.column if location else None

    def __str__(self) -> str:
        location = self.location
        where = f"{location.file}:{location.line}:{location.column}: " if location else ""
        tail = f" ({self.help})" if self.help else ""
        return f"{where}{self.severity}: {self.message} [{self.code}]{tail}"


#: Errors of one text in one file that are told.
_FEW = 3


def few_of_each(errors: Iterable[Diagnostic]) -> list[Diagnostic]:
    """The first errors of each text and file; the last of them says how many more there are.

    All that have a fix stay.
    """
    kept: list[Diagnostic] = []
    places: dict[tuple[object, ...], list[int]] = {}
    more: dict[int, int] = {}
    for one in errors:
        same = places.setdefault((one.code, one.file, one.message), [])
        if len(same) < _FEW or one.fix is not None:
            same.append(len(kept))
            kept.append(one)
        else:
            more[same[_FEW - 1]] = more.get(same[_FEW - 1], 0) + 1
    for at, count in more.items():
        kept[at] = replace(kept[at], message=f"{kept[at].message} (and {count} more like this)")
    return kept


def distinct(diagnostics: Iterable[Diagnostic]) -> list[Diagnostic]:
    """Diagnostics without repetitions: several files or profiles may meet the same one."""
    seen: dict[object, Diagnostic] = {}
    for diagnostic in diagnostics:
        seen.setdefault((diagnostic.code, diagnostic.location, diagnostic.message), diagnostic)
    return list(seen.values())


def catalogued(
    codes: Mapping[str, int],
    name: str,
    span: Span | None,
    message: str,
    help: str = "",
    related: Iterable[Label] = (),
) -> Diagnostic:
    """An error of a catalogue, which has the numbers of its codes by name."""
    code = f"LSM{codes[name]:03d}"
    return Diagnostic(code, name, "error", message, span, help=help, related=tuple(related))


class PolicyError(Error):
    """The policy cannot be compiled; `diagnostics` lists every reason, of many alike a few.

    `files` are the files of policy with errors in them, or in what they include, as far as the rest
    would do without them.
    """

    def __init__(self, diagnostics: Iterable[Diagnostic], files: Iterable[str] = ()) -> None:
        self.diagnostics: tuple[Diagnostic, ...] = tuple(few_of_each(diagnostics))
        self.files = tuple(files)
        super().__init__("\n".join(str(d) for d in self.diagnostics))


class UnreadableFile(PolicyError, OSError):
    """A file or directory that was named cannot be read; also an OSError with its `errno`."""

    def __init__(self, diagnostic: Diagnostic, fault: OSError) -> None:
        super().__init__([diagnostic])
        self.errno, self.strerror, self.filename = fault.errno, fault.strerror, fault.filename


class MissingFile(UnreadableFile, FileNotFoundError):
    """A file or directory that was named does not exist; also a FileNotFoundError."""
