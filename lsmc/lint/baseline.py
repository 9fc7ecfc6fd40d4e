"""The baseline: findings that are known and not to be reported again.

An entry names the code, the file, the profile and the text of the rule, never a line, so that it
survives edits elsewhere in the file; findings that agree in all of these are counted.  In a file
that profiles include, no profile is named: which of them comes first changes with every new one.
The file is JSON with one entry a line, in order, so that it is easy to merge.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from lsmc.base.diagnostics import Diagnostic
from lsmc.base.source import Source, Span, to_display
from lsmc.lint.builtin.baseline_entry_gone import CHECK as GONE
from lsmc.lint.model import SettingError

VERSION = 1
_RULE_LENGTH = 200
#: The largest count of an entry; what a file has is less by far.
_MOST = 1 << 31
#: What an entry has before its count.
_COUNT = ', "count": '


class BaselineEntry(NamedTuple):
    """The key of a known finding; `file` is relative to the baseline."""

    code: str
    file: str
    profile: str
    rule: str


class Baseline:
    """The entries of a baseline file, used up as findings meet them."""

    def __init__(self, path: str, text: str = "") -> None:
        self.path = path
        self._source = Source(path, text)
        self._left: Counter[BaselineEntry] = Counter()
        self._spans: dict[str, Span] = {}

    @classmethod
    def parse(cls, path: str, data: bytes) -> Baseline:
        """The baseline in a file; `SettingError` when it is not one."""
        baseline = cls(path, data.decode("latin-1"))
        try:
            found = json.loads(data)
        except (ValueError, RecursionError):
            raise SettingError(f"{path}: not JSON: write it anew with --write-baseline") from None
        if not isinstance(found, dict) or not isinstance(found.get("entries"), list):
            raise SettingError(f"{path}: not a baseline: `entries` is missing")
        if found.get("version") != VERSION:
            raise SettingError(
                f"{path}: version {found.get('version')!r} of the baseline is not known: "
                "write it anew with --write-baseline"
            )
        for number, row in enumerate(found["entries"], 1):
            entry, count = _entry(row, f"{path}: entry {number}")
            baseline._left[entry] += count
        baseline._spans = baseline._places()
        return baseline

    def fresh(self) -> Baseline:
        """A copy of the baseline, to be made before any of its entries is used."""
        copy = Baseline(self.path)
        copy._source = self._source
        copy._left = self._left.copy()
        copy._spans = self._spans
        return copy

    def _places(self) -> dict[str, Span]:
        """The lines of entries, as `write` writes them, by the text before their count."""
        found: dict[str, Span] = {}
        at = 0
        for line in self._source.text.split("\n"):
            row = line.rstrip(",\r")
            found.setdefault(row.rpartition(_COUNT)[0], Span(self._source, at, at + len(row)))
            at += len(line) + 1
        return found

    def _place(self, entry: BaselineEntry) -> Span:
        """The line of an entry; the start of the file when it has another layout."""
        return self._spans.get(_dumps(entry)[:-1], Span(self._source, 0, 0))

    def takes(self, finding: Diagnostic, homes: Mapping[str, str]) -> bool:
        """Whether the baseline has a finding; each call lowers the entry's count."""
        entry = entry_of(finding, homes, self.path)
        if entry is None or not self._left[entry]:
            return False
        self._left[entry] -= 1
        return True

    def gone(self, ran: Iterable[str], files: Iterable[str]) -> list[Diagnostic]:
        """A finding for each unused entry, among the codes and files that were judged.

        Entries for files that no longer exist are unused, too.
        """
        codes, judged = set(ran), {_relative(file, self.path) for file in files}
        folder = Path(self.path).parent
        found = []
        for entry, count in sorted(self._left.items()):
            if not count or entry.code not in codes:
                continue
            if entry.file in judged or not _exists(folder / entry.file):
                times = f" ({count} times)" if count > 1 else ""
                found.append(
                    GONE.finding(
                        self._place(entry),
                        f"{entry.code} is gone from `{entry.file}`: `{entry.rule}`{times}",
                        help="write the baseline anew with --write-baseline",
                        profile=entry.profile or None,
                    )
                )
        return found


def write(findings: Iterable[Diagnostic], homes: Mapping[str, str], path: str) -> bytes:
    """The text of a baseline for some findings; paths are relative to `path`."""
    counts = Counter(entry for one in findings if (entry := entry_of(one, homes, path)) is not None)
    rows = [f"{_dumps(entry)[:-1]}{_COUNT}{count}}}" for entry, count in sorted(counts.items())]
    body = ",\n".join(rows)
    return f'{{"version": {VERSION}, "entries": [\n{body}\n]}}\n'.encode("ascii")


def entry_of(finding: Diagnostic, homes: Mapping[str, str], path: str) -> BaselineEntry | None:
    """The entry of a finding in the baseline at a path; None for errors, which are always reported.

    `homes` is the file of each profile.
    """
    if finding.span is None or finding.severity == "error":
        return None
    file = finding.span.source.path
    profile = finding.profile or ""
    if homes.get(profile) != file:
        profile = ""
    text = to_display(" ".join(finding.span.text.split()))[:_RULE_LENGTH]
    return BaselineEntry(finding.code, _relative(file, path), profile, text)


def _relative(file: str, path: str) -> str:
    return os.path.relpath(file, Path(path).parent).replace(os.sep, "/")


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:  # no file can have such a name
        return False


def _dumps(entry: BaselineEntry) -> str:
    return json.dumps(entry._asdict())


def _entry(row: Any, where: str) -> tuple[BaselineEntry, int]:
    if not isinstance(row, dict):
        raise SettingError(f"{where} is not an object")
    for name in BaselineEntry._fields:
        if not isinstance(row.get(name), str):
            raise SettingError(f"{where}: `{name}` is missing or not a text")
    count = row.get("count", 1)
    if type(count) is not int or not 1 <= count <= _MOST:
        raise SettingError(f"{where}: `count` is not a number from 1 to {_MOST}")
    return BaselineEntry(*(row[name] for name in BaselineEntry._fields)), count
