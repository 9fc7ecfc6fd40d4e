"""`lsmc explain --log`: groups log records into causes, then answers and patches them."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from lsmc.base.text import counted
from lsmc.cli.faults import NO, WRONG, YES, UsageFault

if TYPE_CHECKING:
    from lsmc.cli.options import Reading
    from lsmc.cli.screen import Screen
    from lsmc.compiler.outcome import Progress
    from lsmc.explain.choice import Take
    from lsmc.explain.diagnosis import Explained
    from lsmc.explain.log_groups import Causes
    from lsmc.logs.reader import BrokenLine, LogReader
    from lsmc.modules.parts import Logs
    from lsmc.policy import Policy

T = TypeVar("T")
#: Broken lines that are reported one by one.
_FAULTS = 10
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_AGO = re.compile(r"(\d{1,9})\s*([smhdw])[a-z]*(?:\s+ago)?")


def since(text: str) -> float:
    """Parse a moment to seconds: `2h`, `3 days ago`, seconds since 1970, or a date and time."""
    words = text.strip().lower()
    now = datetime.now(UTC)
    if words in ("today", "yesterday"):
        day = datetime.now().astimezone().replace(hour=0, minute=0, second=0, microsecond=0)
        return (day - timedelta(days=words == "yesterday")).timestamp()
    if match := _AGO.fullmatch(words):
        return now.timestamp() - int(match[1]) * _UNITS[match[2]]
    if re.fullmatch(r"\d{9,11}(?:\.\d{1,9})?", words):
        return float(words)
    try:
        return datetime.fromisoformat(text.strip()).astimezone().timestamp()
    except (ValueError, OverflowError, OSError):
        raise UsageFault(f"`{text}` is not a time: 2026-01-31, 2026-01-31T10:00, 2h, 3d") from None


class LogOptions(NamedTuple):
    """Options of `explain --log`: `policy` and `logs` as they were given, the rest None if not."""

    policy: tuple[str, ...]
    logs: tuple[str, ...]
    enforce: bool
    since: str | None
    profile: str | None
    form: str | None
    patch: Take | None
    html: str | None
    limit: int | None


def explain_log(wanted: LogOptions, reading: Reading, screen: Screen) -> int:
    """Explain the causes found in logs.

    The exit code says whether one is denied, or that lines of the module could not be read.
    """
    from lsmc.cli.machine import logs_of, policy_of
    from lsmc.cli.reading import progress_bar
    from lsmc.explain.log_groups import Causes
    from lsmc.logs.reader import LogReader

    moment = since(wanted.since) if wanted.since is not None else None
    files = logs_of(wanted.logs, moment, screen)
    policy, reading = policy_of(wanted.policy, reading, screen)
    if wanted.enforce:
        policy = policy.enforced
    logs = _logs(policy)
    causes = Causes(logs.grouping(), since=moment, profile=wanted.profile)
    reader = LogReader(files, logs.form())
    with progress_bar(screen) as progress:
        shown = partial(lines_read, progress, reader) if progress is not None else None
        causes.read(reader, shown)
        found = list(_explained(policy, causes, wanted.enforce, reading, progress))
    told_no_text(reader, screen)
    told_faults(reader.faults, reader.broken, screen)
    answer = _Answer(policy, found, reader, causes, wanted, reading, screen)
    if wanted.patch is not None:
        answer.print_patch(wanted.patch)
    elif wanted.html is not None or wanted.form == "html":
        answer.write_page(wanted.html or "-")
    else:
        answer.print_causes()
    answer.summarize()
    if reader.broken:
        return WRONG
    return NO if any(one.diagnosis.status == "denied" for one in found) else YES


def told_no_text(reader: LogReader, screen: Screen) -> None:
    """Name the logs among others that are not text."""
    from lsmc.output.styled import safe

    for name in reader.not_text if reader.records else ():
        told = f"`{safe(name)}` is not text, and has no records"
        screen.remark(("lsmc: warning: ", "warn"), told)


def told_faults(faults: Sequence[BrokenLine], broken: int, screen: Screen) -> None:
    """Print the first of so many lines that could not be read, and how many more there are."""
    for fault in faults[:_FAULTS]:
        screen.located(fault.source.file, fault.source.line, fault.reason)
    if broken > _FAULTS:
        screen.remark(f"{counted(broken - _FAULTS, 'more line')} could not be read")


class _Answer(NamedTuple):
    """What was found in the logs, in the forms in which it is printed."""

    policy: Policy
    found: list[Explained]
    reader: LogReader
    causes: Causes
    wanted: LogOptions
    reading: Reading
    screen: Screen

    def print_causes(self) -> None:
        """Print the causes: a table on a terminal, else what is known of each."""
        from lsmc.output.causes import cause_json, cause_lines
        from lsmc.output.json import dumps

        form = self.wanted.form or ("short" if sys.stdout.isatty() else "text")
        screen = self.screen
        if form == "short":
            self._print_table()
            return
        found = self._limited(self.found, "cause")
        if form == "json":
            screen.text(dumps([cause_json(one) for one in found], indent=2) + "\n")
        elif form == "jsonl":
            for one in found:
                screen.text(dumps(cause_json(one)) + "\n")
        else:
            for one in found:
                screen.rich(cause_lines(one))

    def _print_table(self) -> None:
        from lsmc.output.short import rows, short_lines

        listed = rows(self.found)
        self.screen.show(short_lines(self._limited(listed, "row"), self.screen.width))
        if any(one.remedies for one in self.found):
            self.screen.remark("-v tells why, --patch writes the fixes as a diff")

    def _limited(self, found: list[T], what: str) -> list[T]:
        most = self.wanted.limit
        if most is None or len(found) <= most:
            return found
        self.screen.remark(f"{counted(len(found) - most, f'more {what}')} beyond --limit {most}")
        return found[:most]

    def print_patch(self, take: Take) -> None:
        """Print the diff that a choice of remedies makes, and what is at stake with them."""
        from lsmc.explain.choice import needs

        patch, notes = self._patch(take)
        self.screen.patch(patch)
        for word, text in notes:
            self.screen.remark((f"{word}: ", "warn"), text)
        if take != "all" and notes:
            self.screen.remark("--patch=all takes what was left out")
        refused = (one for one in self.found if one.diagnosis.status != "allowed")
        if bare := sum(not any(need.changes for need in needs(one.remedies)) for one in refused):
            self.screen.remark(f"{counted(bare, 'cause')} that no patch mends: -v tells why")

    def _patch(self, take: Take) -> tuple[bytes, list[tuple[str, str]]]:
        """The diff, and what is to be said of remedies that are taken or left out."""
        from lsmc.explain.choice import choose
        from lsmc.output.patch import stake_lines, unified

        taken, left = choose(self.found, take)
        changed = _logs(self.policy).patched(taken, self.reading.options())
        diff = b"".join(unified(path, *texts) for path, texts in changed.items())
        notes = [("warning", text) for text in stake_lines(taken)]
        notes += [("left out", text) for text in stake_lines(left)]
        if diff:  # tools skip what stands before a diff
            head = "".join(f"# {word}: {text}\n" for word, text in notes)
            diff = head.encode("utf-8", "backslashreplace") + diff
        return diff, notes

    def write_page(self, path: str) -> None:
        """Write the page, with the diff of the smallest rules that put nothing at stake."""
        from lsmc.base.source import to_display
        from lsmc.cli.pages import PolicyFiles, page_library, write_page

        reader = self.reader
        lines, records = _counts(reader, self.causes)
        page = page_library().log_page(
            self.found,
            PolicyFiles(self.reading.restrict),
            title=self.policy.module.title,
            policy=self.policy.name,
            logs=[log if isinstance(log, str) else log.about for log in reader.logs],
            counts=(f"{lines}, {reader.broken} broken", records),
            faults=[(f"{one.source.file}:{one.source.line}", one.reason) for one in reader.faults],
            patch=to_display(self._patch("exact")[0].decode("latin-1")),
        )
        write_page(path, page, self.screen)

    def summarize(self) -> None:
        """Print the counts of lines and causes, and what the exit code does not say."""
        screen, reader = self.screen, self.reader
        lines, records = _counts(reader, self.causes)
        broken = (f"{reader.broken} broken", "bad" if reader.broken else "")
        screen.remark(f"{lines}, ", broken)
        screen.remark(records)
        let = sum(one.diagnosis.status == "complain" for one in self.found)
        if let:
            screen.remark(
                f"{counted(let, 'cause')} would be denied but for complain mode: --enforce counts"
                " them as denied"
            )


def lines_read(progress: Progress, reader: LogReader) -> None:
    """Show how many lines were read."""
    progress("reading lines", reader.lines, 0)


def _explained(
    policy: Policy,
    causes: Causes,
    enforce: bool,
    reading: Reading,
    progress: Progress | None,
) -> Iterator[Explained]:
    from lsmc.explain.diagnosis import diagnose

    logs = _logs(policy)
    remedies = logs.remedies(policy.engine, reading.options())
    some = causes.sorted()
    diagnoses = list(diagnose(logs.questions(), policy.engine, some, enforce=enforce))
    for number, one in enumerate(remedies(diagnoses), 1):
        yield one
        if progress is not None:
            progress("explaining causes", number, len(some))


def _logs(policy: Policy) -> Logs:
    """How the policy's module reads logs; raises `NoMeaning`."""
    return policy.module.needs(policy.module.logs, "a log")()


def _counts(reader: LogReader, causes: Causes) -> tuple[str, str]:
    """Counts of the lines that were read and of the records, except broken lines."""
    counts = causes.counts
    lines = f"{counted(reader.lines, 'line')}: {reader.used} used, {reader.skipped} skipped"
    parts = [f"{counted(len(causes), 'cause')} of {counted(counts.grouped, 'record')}"]
    for number, what in (
        (counts.too_early, "before the time asked for"),
        (counts.other_profiles, "of other profiles"),
        (counts.statuses, "of status"),
        (counts.folded, "in causes that stand for many, as there are too many"),
    ):
        if number:
            parts.append(f"{number} {what}")
    return lines, "; ".join(parts)
