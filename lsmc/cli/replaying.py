"""`lsmc replay` after option parsing: reads logs once and puts their causes to two policies."""

from __future__ import annotations

import os
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from lsmc.cli.explaining import lines_read, since, told_faults
from lsmc.cli.faults import NO, WRONG, YES, UsageFault
from lsmc.cli.machine import logs_of
from lsmc.cli.options import Reading
from lsmc.cli.reading import progress_bar, read_policy
from lsmc.cli.screen import Screen
from lsmc.explain.log_groups import Causes
from lsmc.explain.replay import exact, tally
from lsmc.explain.replay import replay as replayed
from lsmc.explain.summary import Summary, summary_of
from lsmc.logs.reader import LogReader
from lsmc.output.json import dumps
from lsmc.output.replay import Lines, count_lines, json_lines, replay_lines

if TYPE_CHECKING:
    from lsmc.compiler.outcome import Progress
    from lsmc.policy import Policy


class ReplayOptions(NamedTuple):
    """Options of `replay`, as they were given."""

    old: str
    new: str
    logs: tuple[str, ...]
    since: str | None
    profile: str | None
    engine: str
    scheduler: str | None
    enforce: bool
    form: str


def replay(wanted: ReplayOptions, reading: Reading, screen: Screen) -> int:
    """Replay logs; the exit code says whether something would be newly denied."""
    old, new = (read_policy(path, reading, screen) for path in (wanted.old, wanted.new))
    if old.module != new.module:
        raise UsageFault(
            f"`{wanted.old}` is policy of {old.module.title}, `{wanted.new}` of {new.module.title}"
        )
    if wanted.enforce:
        old, new = old.enforced, new.enforced
    logs = old.module.needs(old.module.logs, "a log")()
    read = _on_dask if wanted.engine == "dask" else _here
    with progress_bar(screen) as progress:
        summary = read(wanted, old, reading, screen, progress)
    told_faults(summary.faults, summary.broken, screen)
    causes = [kept.cause for kept in summary.causes]
    found = list(replayed(logs.questions(), old.engine, new.engine, causes, enforce=wanted.enforce))
    counts, records = tally(found), summary.counts
    lines = Lines(
        used=summary.used,
        skipped=summary.skipped,
        broken=summary.broken,
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
    if summary.broken:
        return WRONG
    return NO if counts.causes["newly-denied"] else YES


def _here(
    wanted: ReplayOptions,
    policy: Policy,
    reading: Reading,
    screen: Screen,
    progress: Progress | None,
) -> Summary:
    """What the logs say, read one after the other."""
    del reading
    moment = since(wanted.since) if wanted.since is not None else None
    logs = policy.module.needs(policy.module.logs, "a log")()
    reader = LogReader(logs_of(wanted.logs, moment, screen), logs.form())
    causes = Causes(exact(logs.grouping()), since=moment, profile=wanted.profile)
    causes.read(reader, partial(lines_read, progress, reader) if progress else None)
    return summary_of(reader, causes)


def _on_dask(
    wanted: ReplayOptions,
    policy: Policy,
    reading: Reading,
    screen: Screen,
    progress: Progress | None,
) -> Summary:
    """What the logs say, read in parts by several processes."""
    from lsmc.fleet.cluster import connected, summarised
    from lsmc.fleet.parts import all_parts, is_address
    from lsmc.fleet.work import Wanted

    if "-" in wanted.logs:
        raise UsageFault("standard input cannot be read in parts: use --engine local")
    moment = since(wanted.since) if wanted.since is not None else None
    paths = [log for log in wanted.logs if not is_address(log)]
    local = [str(log) for log in logs_of(paths, moment, screen)] if paths else []
    parts = all_parts([*local, *filter(is_address, wanted.logs)])
    asked = Wanted(policy.module.name, moment, wanted.profile)
    workers = reading.jobs or os.cpu_count() or 1
    with connected(wanted.scheduler, workers) as client:
        return summarised(client, parts, asked, progress)
