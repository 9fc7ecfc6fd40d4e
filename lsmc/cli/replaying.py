"""`lsmc replay` after option parsing: reads logs once and puts their causes to two policies."""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

from lsmc.cli.explaining import lines_read, since, told_faults
from lsmc.cli.faults import NO, WRONG, YES, UsageFault
from lsmc.cli.machine import logs_of
from lsmc.cli.options import Reading
from lsmc.cli.reading import progress_bar, read_policy
from lsmc.cli.screen import Screen
from lsmc.explain.log_groups import Causes
from lsmc.explain.replay import exact, tally
from lsmc.explain.replay import replay as replayed
from lsmc.logs.reader import LogReader
from lsmc.output.json import dumps
from lsmc.output.replay import Lines, count_lines, json_lines, replay_lines


class ReplayOptions(NamedTuple):
    """Options of `replay`, as they were given."""

    old: str
    new: str
    logs: tuple[str, ...]
    since: str | None
    profile: str | None
    enforce: bool
    form: str


def replay(wanted: ReplayOptions, reading: Reading, screen: Screen) -> int:
    """Replay logs; the exit code says whether something would be newly denied."""
    moment = since(wanted.since) if wanted.since is not None else None
    files = logs_of(wanted.logs, moment, screen)
    old, new = (read_policy(path, reading, screen) for path in (wanted.old, wanted.new))
    if old.module != new.module:
        raise UsageFault(
            f"`{wanted.old}` is policy of {old.module.title}, `{wanted.new}` of {new.module.title}"
        )
    if wanted.enforce:
        old, new = old.enforced, new.enforced
    logs = old.module.needs(old.module.logs, "a log")()
    causes = Causes(exact(logs.grouping()), since=moment, profile=wanted.profile)
    reader = LogReader(files, logs.form())
    with progress_bar(screen) as progress:
        causes.read(reader, partial(lines_read, progress, reader) if progress else None)
    found = list(
        replayed(logs.questions(), old.engine, new.engine, causes.sorted(), enforce=wanted.enforce)
    )
    told_faults(reader, screen)
    counts = tally(found)
    records = causes.counts
    lines = Lines(
        used=reader.used,
        skipped=reader.skipped,
        broken=reader.broken,
        left_out=records.too_early + records.other_profiles,
        statuses=records.statuses,
    )
    if wanted.form == "jsonl":
        for one in json_lines(found, counts, lines):
            screen.text(dumps(one) + "\n")
    else:
        screen.show(replay_lines(found))
        for text in count_lines(counts, lines):
            screen.remark(text)
    if reader.broken:
        return WRONG
    return NO if counts.causes["newly-denied"] else YES
