"""`lsmc explain --log`: groups log records into causes, then answers and patches them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from lsmc.cli.faults import NO, WRONG, YES, UsageFault

if TYPE_CHECKING:
    from lsmc.cli.options import Reading
    from lsmc.cli.screen import Screen
    from lsmc.compiler.outcome import Progress
    from lsmc.explain.diagnosis import Explained
    from lsmc.explain.log_groups import Causes
    from lsmc.logs.reader import LogReader
    from lsmc.modules.interface import Logs
    from lsmc.policy import Policy

#: Records between two moves of the progress bar, and broken lines that are reported one by one.
_STEP = 5_000
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
    """Options of `explain --log`; `policy` is its path as given."""

    policy: str
    logs: tuple[str, ...]
    since: str | None
    profile: str | None
    form: str
    patch: bool
    html: str | None


def explain_log(policy: Policy, wanted: LogOptions, reading: Reading, screen: Screen) -> int:
    """Explain the causes found in logs.

    The exit code says whether one is denied, or that lines of the module could not be read.
    """
    from lsmc.cli.reading import progress_bar
    from lsmc.explain.log_groups import Causes
    from lsmc.logs.reader import LogReader

    moment = since(wanted.since) if wanted.since is not None else None
    logs = _logs(policy)
    causes = Causes(logs.grouping(), since=moment, profile=wanted.profile)
    reader = LogReader(wanted.logs, logs.form())
    with progress_bar(screen) as progress:
        _read(reader, causes, progress)
        found = list(_explained(policy, causes, reading, progress))
    for fault in reader.faults[:_FAULTS]:
        screen.located(fault.source.file, fault.source.line, fault.reason)
    if reader.broken > _FAULTS:
        screen.remark(f"{_number(reader.broken - _FAULTS, 'more line')} could not be read")
    if wanted.html is not None:
        patch = _patch(found, policy, reading)
        title = policy.module.title
        _write_page(wanted.html, title, found, wanted, reader, causes, patch, reading, screen)
    elif wanted.patch:
        screen.patch(_patch(found, policy, reading))
    else:
        _print(found, wanted, screen)
    lines, records = _counts(reader, causes)
    broken = (f"{reader.broken} broken", "bad" if reader.broken else "")
    screen.remark(f"{lines}, ", broken)
    screen.remark(records)
    if reader.broken:
        return WRONG
    return NO if any(one.diagnosis.status == "denied" for one in found) else YES


def _print(found: list[Explained], wanted: LogOptions, screen: Screen) -> None:
    from lsmc.output.causes import cause_json, cause_lines
    from lsmc.output.json import dumps

    if wanted.form == "json":
        screen.text(dumps([cause_json(one) for one in found], indent=2) + "\n")
    elif wanted.form == "jsonl":
        for one in found:
            screen.text(dumps(cause_json(one)) + "\n")
    else:
        for one in found:
            screen.rich(cause_lines(one))


def _write_page(
    path: str,
    title: str,
    found: list[Explained],
    wanted: LogOptions,
    reader: LogReader,
    causes: Causes,
    patch: bytes,
    reading: Reading,
    screen: Screen,
) -> None:
    from lsmc.base.source import to_display
    from lsmc.cli.pages import PolicyFiles, page_library, write_page

    lines, records = _counts(reader, causes)
    page = page_library().log_page(
        found,
        PolicyFiles(reading.restrict),
        title=title,
        policy=wanted.policy,
        logs=wanted.logs,
        counts=(f"{lines}, {reader.broken} broken", records),
        faults=[(f"{one.source.file}:{one.source.line}", one.reason) for one in reader.faults],
        patch=to_display(patch.decode("latin-1")),
    )
    write_page(path, page, screen)


def _read(reader: LogReader, causes: Causes, progress: Progress | None) -> None:
    add = causes.add
    following = _STEP
    for record in reader:
        add(record)
        if progress is not None and reader.records >= following:
            following = reader.records + _STEP
            progress("reading lines", reader.lines, 0)


def _explained(
    policy: Policy,
    causes: Causes,
    reading: Reading,
    progress: Progress | None,
) -> Iterator[Explained]:
    from lsmc.explain.diagnosis import Explained, diagnose

    logs = _logs(policy)
    remedies = logs.remedies(policy.engine, reading.options())
    some = causes.sorted()
    for number, diagnosis in enumerate(diagnose(logs.questions(), policy.engine, some), 1):
        yield Explained(diagnosis, remedies(diagnosis))
        if progress is not None:
            progress("explaining causes", number, len(some))


def _logs(policy: Policy) -> Logs:
    """How the policy's module reads logs; raises `NoMeaning`."""
    return policy.module.needs(policy.module.logs, "a log")


def _patch(found: list[Explained], policy: Policy, reading: Reading) -> bytes:
    """The unified diff that adds a rule for each denial to the files."""
    from lsmc.output.patch import unified

    changed = _logs(policy).patched(found, reading.options())
    return b"".join(unified(path, *texts) for path, texts in changed.items())


def _counts(reader: LogReader, causes: Causes) -> tuple[str, str]:
    """Counts of the lines that were read and of the records, except broken lines."""
    counts = causes.counts
    lines = f"{_number(reader.lines, 'line')}: {reader.used} used, {reader.skipped} skipped"
    parts = [f"{_number(len(causes), 'cause')} of {_number(counts.grouped, 'record')}"]
    for number, what in (
        (counts.too_early, "before the time asked for"),
        (counts.other_profiles, "of other profiles"),
        (counts.statuses, "of status"),
        (counts.overflow, "beyond the number of causes that are kept"),
    ):
        if number:
            parts.append(f"{number} {what}")
    return lines, "; ".join(parts)


def _number(count: int, what: str) -> str:
    return f"{count} {what}{'s' * (count != 1)}"
